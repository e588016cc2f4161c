"""What all commands share: paths, seeds, and how they speak of each other."""

import ast
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags

from dcgan_tf.analysis import walk
from dcgan_tf.cli import command, exit_codes, flag_kinds
from dcgan_tf.output import escape_controls
from dcgan_tf.seeds import LARGEST_SEED

PACKAGE = Path(command.__file__).parents[1]
COMMANDS = (
    "train", "export", "sample", "evaluate", "analyze", "data", "dedup",
    "client",
)  # fmt: skip
# What each command's flags are called that name a file or folder.
PATH_FLAG_NAMES = {
    "run_dir", "export_dir", "output", "exclude", "image_dir", "data_dir",
    "manual_dir", "cache_dir", "work_dir", "inception_path", "init_from",
    "boxes", "probe_data_dir", "probe_manual_dir", "probe_image_dir",
    "held_out_dir", "labels",
}  # fmt: skip
# A positional argument that comes first, where a command needs one.
VIEW = {"analyze": ["walk"]}


def load_command(name):
    return importlib.import_module(f"dcgan_tf.cli.{name}")


def define_all(name):
    values = flags.FlagValues()
    load_command(name).define_flags(values)
    return values


ALL_FLAGS = [(name, flag) for name in COMMANDS for flag in define_all(name)]
PATH_FLAGS = [pair for pair in ALL_FLAGS if pair[1] in PATH_FLAG_NAMES]


@pytest.mark.parametrize(("name", "flag"), ALL_FLAGS)
def test_whatever_sounds_like_a_path_is_one(name, flag):
    is_path = define_all(name)[flag].parser.flag_type() == "path"
    sounds_so = flag.endswith(("_dir", "_path", "output", "exclude"))
    assert is_path == (flag in PATH_FLAG_NAMES)
    assert is_path or not sounds_so


TEXT_FLAGS = [
    (name, flag)
    for name, flag in ALL_FLAGS
    if define_all(name)[flag].flag_type()
    in ("string", "comma separated list of strings", "multi string")
]


@pytest.mark.parametrize(("name", "flag"), TEXT_FLAGS)
def test_an_empty_value_is_not_taken_for_none(name, flag, capsys):
    argv = [*VIEW.get(name, []), f"--{flag}="]
    assert load_command(name).main(argv) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"--{flag} is empty; give it a value, or leave it out" in line


@pytest.mark.parametrize(("name", "flag"), PATH_FLAGS)
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "is empty"),
        ("a\0b", "NUL"),
        ("gs://bucket/run", "is an address"),
        ("s3://bucket/run", "is an address"),
        ("hdfs://host:9000/run", "is an address"),
        ("file:///tmp/run", "is an address"),
        ("~nobody-is-called-so/run", "home folder that is not there"),
    ],
)
def test_what_is_no_path_is_refused_in_a_line(
    name, flag, given, reason, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    arguments = [*VIEW.get(name, []), f"--{flag}={given}"]
    assert load_command(name).main(arguments) == exit_codes.EXIT_USAGE
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert f"--{flag}={escape_controls(given)}"[:20] in lines[0]
    assert reason in lines[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("evaluate", ["--compare", "gs://a/run", "run"]),
        ("client", ["s3://bucket/picture.png"]),
    ],
)
def test_arguments_that_are_no_paths_are_refused_too(name, arguments, capsys):
    assert load_command(name).main(arguments) == exit_codes.EXIT_USAGE
    assert "is an address" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "flag"), PATH_FLAGS)
def test_the_home_folder_is_expanded(name, flag, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    values = define_all(name)
    values([name, f"--{flag}=~/runs/cats"])
    assert values[flag].value == "/home/somebody/runs/cats"


def test_a_name_that_only_looks_like_an_address_is_a_path():
    for path in ("gs:/bucket", "a:b", "1://x", "a~b", "-o", " "):
        assert flag_kinds.expand_path(path) == path
    assert flag_kinds.expand_path("./~") == os.path.abspath("./~")


SEEDED = [pair for pair in ALL_FLAGS if pair[1] == "seed"]


@pytest.mark.parametrize(("name", "flag"), SEEDED)
@pytest.mark.parametrize("seed", ["-1", str(2**63), str(10**30), "1.5", ""])
def test_a_seed_out_of_range_names_its_flag(name, flag, seed, capsys):
    arguments = [*VIEW.get(name, []), f"--seed={seed}"]
    assert load_command(name).main(arguments) == exit_codes.EXIT_USAGE
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "--seed" in lines[0]


@pytest.mark.parametrize(("name", "flag"), SEEDED)
def test_the_range_of_a_seed_is_that_of_what_it_draws(name, flag):
    parse = define_all(name)["seed"].parser.parse
    largest = define_all(name)["seed"].parser.upper_bound
    assert largest == LARGEST_SEED or name == "train"
    for seed in (0, 2**31, 2**32, largest):
        assert parse(str(seed)) == seed
    for seed in (-1, largest + 1, 2**63 - 1):
        with pytest.raises(ValueError, match="flag|range|integer"):
            parse(str(seed))


def test_the_largest_seeds_train_and_draw(tmp_path, monkeypatch):
    # Few frames: `analysis/test_walk` draws them all.
    monkeypatch.setattr(walk, "_GIF_STEPS", 2)
    monkeypatch.setattr(walk, "SMOOTHNESS_STEPS", 4)
    run_dir = f"--run_dir={tmp_path / 'run'}"
    largest = define_all("train")["seed"].parser.upper_bound
    arguments = [
        "--image_size=16", "--base_filters=4", "--latent_dim=4",
        "--batch_size=4", "--strategy=one_device", "--precision=float32",
        "--steps=1", "--diff_augment", run_dir, f"--seed={largest}",
    ]  # fmt: skip
    assert load_command("train").main(arguments) == 0
    largest = define_all("sample")["seed"].parser.upper_bound
    arguments = [
        run_dir, f"--seed={largest}", "--num=1",
        f"--output={tmp_path / 'samples.png'}",
    ]  # fmt: skip
    assert load_command("sample").main(arguments) == 0
    arguments = ["walk", run_dir, f"--seed={largest}"]
    assert load_command("analyze").main(arguments) == 0


SUFFIXES = ["jpg", "JPEG", "webp", "gif", "tiff", "pdf", "jp2", "ico", "tga"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sample", ["--run_dir=run"]),
        ("data", []),
        ("dedup", []),
        ("client", []),
    ],
)
def test_an_output_of_another_format_is_refused(
    name, arguments, suffix, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    arguments = [*arguments, f"--output=five.{suffix}"]
    assert load_command(name).main(arguments) == exit_codes.EXIT_USAGE
    assert f"five.{suffix}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_list_does_not_take_the_name_of_its_sheet(capsys):
    assert load_command("dedup").main(["--output=exclude.png"]) == 2
    assert ".txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("called", "program", "name"),
    [
        ("/usr/bin/dcgan", "dcgan export", "dcgan train"),
        (
            "/lib/dcgan_tf/__main__.py",
            "python -m dcgan_tf export",
            "python -m dcgan_tf train",
        ),
        ("/usr/bin/dcgan-train", "dcgan-export", "dcgan-train"),
        ("train.py", "python export.py", "train.py"),
        ("/my code/train.py", "python '/my code/export.py'", "train.py"),
        (
            "/lib/dcgan_tf/cli/train.py",
            "python -m dcgan_tf.cli.export",
            "python -m dcgan_tf.cli.train",
        ),
    ],
)
def test_commands_are_named_as_they_were_called(
    called, program, name, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "argv", [called])
    words = command.format_command("export", run_dir="it's [1]")
    assert words.startswith(f"{program} ")
    assert shlex.split(words)[-1] == "--run_dir=it's [1]"
    assert load_command("train").main(["--no_such_flag"]) == 2
    line = capsys.readouterr().err
    assert line.startswith(f"{name}: error:")
    assert f"see {name} --help" in line


# Of the repository alone: who installed the package has none of them.
NOT_INSTALLED = re.compile(
    r"\b(?:docs|deploy|benchmarks|tests|notebooks)/|\b[A-Z]+\.md\b"
)


def list_texts(path):
    """The string literals of a file, without docstrings but commands' help."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    if path.parent == PACKAGE / "cli" and tree.body:
        docstrings.discard(id(tree.body[0].value))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name
)
def test_messages_name_no_file_that_only_a_checkout_has(path):
    """The library's can't know how they were called, so name the modules."""
    text = "\n".join(list_texts(path))
    assert not NOT_INSTALLED.search(text)
    if path.parent.name != "cli":
        assert not re.search(r"\b(train|export)\.py\b", text)
    for name in re.findall(r"dcgan_tf\.cli\.(\w+)", text):
        assert name in COMMANDS


def test_a_locale_that_knows_ascii_alone_prints_names_as_they_are(tmp_path):
    name = os.fsdecode(b"\xc3\xbc\xff")  # An u with dots, and no character.
    program = (
        "import sys; from dcgan_tf.cli.command import run_command\n"
        "run = lambda values: print(sys.argv[1], '\\u00b1')\n"
        "run_command('x', '', lambda values: None, run, [])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, name],
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "0", "LC_ALL": "C"},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == b"\xc3\xbc\xff \\xb1\n"


def test_commands_run_keras_on_tensorflow(monkeypatch):
    """Whatever keras.json or the environment says for other programs."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    command.import_tensorflow()
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
