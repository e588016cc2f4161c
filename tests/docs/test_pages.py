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
    *sorted(ROOT.glob("*.md")),
    ROOT / "benchmarks" / "README.md",
    ROOT / "deploy" / "README.md",
]
NAMES = [name for names in main.COMMANDS.values() for name in names]
# What begins a command, and which it is; None where the next word says it.
PROGRAMS = {
    "dcgan": None,
    "python -m dcgan_tf": None,
    "python train.py": "train",
    "python export.py": "export",
}
SHELL_WORDS = {"|", ">", "&&", "&", ";", "done"}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def list_commands(page):
    """Returns the words of each command of this project in blocks of code."""
    commands = []
    for language, block in BLOCK.findall(page.read_text("utf-8")):
        if language not in ("", "sh", "bash"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            match = re.match(r"\s*(?:taskset -c \d+ )?(.*)", line)
            for start, name in PROGRAMS.items():
                if match[1].startswith(f"{start} "):
                    words = shlex.split(match[1], comments=True)
                    rest = words[len(start.split()) :]
                    commands.append([name, *rest] if name else rest)
    return commands


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
        assert name in NAMES
        values = flags.FlagValues()
        importlib.import_module(f"dcgan_tf.cli.{name}").define_flags(values)
        end = [i for i, word in enumerate(words) if word in SHELL_WORDS]
        words = words[: end[0]] if end else words
        if "--help" not in words:
            values([name, *words])  # It raises, and names the flag.


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_code_is_fenced(page):
    """What is merely indented would be in none of these tests."""
    text = BLOCK.sub("", page.read_text("utf-8"))
    assert not re.search(r"\n\n    \S", text)


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in list_anchors(target), link


def test_commands_are_found():
    assert len(list_commands(ROOT / "docs" / "evaluation.md")) > 8
