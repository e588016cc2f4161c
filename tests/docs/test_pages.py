"""Commands in the pages for users parse, and links lead somewhere."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
from absl import flags

from dcgan_tf.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted(ROOT.glob("docs/*.md")),
    *(
        ROOT / name
        for name in (
            "README.md",
            "CONTRIBUTING.md",
            "deploy/README.md",
            "benchmarks/README.md",
        )
    ),
]
NAMES = [name for names in main.COMMANDS.values() for name in names]
# What begins a command, and which it is; None where the next word says it.
PROGRAMS = {
    r"dcgan": None,
    r"python -m dcgan_tf": None,
    r"python train\.py": "train",
    r"python export\.py": "export",
    r"docker run .*? dcgan_tf(?::\w+)?": "train",
}
# What may be before it.
BEFORE = r"(?:taskset -c \S+ |srun |[A-Z_]+=\S+ )*"
SHELL_WORDS = {"|", ">", "&&", "&", ";", "done"}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Code within a line, which may be broken.
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LANGUAGES = ("", "sh", "bash")


def list_lines(page):
    """Returns the lines of shells in a page, in blocks of code and between."""
    text = page.read_text("utf-8")
    lines = [
        span.replace("\n", " ") for span in SPAN.findall(BLOCK.sub("", text))
    ]
    for language, block in BLOCK.findall(text):
        if language in LANGUAGES:
            lines += block.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines]


def list_commands(page):
    """Returns the words of each command of this project."""
    commands = []
    for line in list_lines(page):
        for start, name in PROGRAMS.items():
            match = re.match(f"{BEFORE}{start}(?: (.*)|$)", line)
            if match and (name or match[1]):
                words = shlex.split(match[1] or "", comments=True)
                end = [i for i, word in enumerate(words) if word in SHELL_WORDS]
                words = words[: end[0]] if end else words
                commands.append([name, *words] if name else words)
    return commands


def list_benchmarks(page):
    """Returns each benchmark's path and the flags that it is given."""
    found = []
    for line in list_lines(page):
        if match := re.match(f"{BEFORE}python (benchmarks/\\S+)(.*)", line):
            found.append((match[1], re.findall(r" (--\w+)", match[2])))
    return found


def list_anchors(page):
    text = BLOCK.sub("", page.read_text("utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }


def name_page(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_commands_parse(page):
    for name, *words in list_commands(page):
        if name == "COMMAND":  # Any of them.
            continue
        assert name in NAMES
        values = flags.FlagValues()
        importlib.import_module(f"dcgan_tf.cli.{name}").define_flags(values)
        if "--help" not in words:
            values([name, *words])  # It raises, and names the flag.


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_benchmarks_take_their_flags(page):
    shared = (ROOT / "benchmarks" / "command.py").read_text("utf-8")
    for path, given in list_benchmarks(page):
        source = (ROOT / path).read_text("utf-8")
        for flag in given:
            assert f'"{flag}"' in source + shared, (path, flag)


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_code_is_fenced(page):
    """An indented block says no language, and would not be looked at."""
    text = BLOCK.sub("", page.read_text("utf-8"))
    assert not re.findall(r"(?:\A|\n)\n {4}\S.*", text)


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in list_anchors(target), link


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("docs/evaluation.md", 9),
        ("docs/serving.md", 3),
        ("docs/datasets.md", 4),
        ("deploy/README.md", 3),
    ],
)
def test_commands_are_found(name, least):
    commands = [words for words in list_commands(ROOT / name) if words[1:]]
    assert len(commands) >= least


def test_benchmarks_are_found():
    assert len(list_benchmarks(ROOT / "benchmarks" / "README.md")) > 15
