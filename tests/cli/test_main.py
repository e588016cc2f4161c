"""One program for every command, and what its help says."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags

from dcgan_tf.cli import help_text, main
from dcgan_tf.cli.exit_codes import EXIT_USAGE
from dcgan_tf.version import __version__

COMMANDS = [name for names in main.COMMANDS.values() for name in names]
# Flags of `train` whose default the dataset, the preset or the paper decides.
OWNERS = {
    "steps": "the dataset's",
    "batch_size": "the paper's",
    "learning_rate": "the paper's",
    "beta_1": "the paper's",
    "base_filters": "the dataset's",
    "image_size": "the preset's",
    "kernel_size": "the preset's",
}


def define_all(name):
    values = flags.FlagValues()
    importlib.import_module(f"dcgan_tf.cli.{name}").define_flags(values)
    return values


ALL_FLAGS = [
    (name, flag)
    for name in COMMANDS
    for _, found in help_text.group_flags(define_all(name))
    for flag in found
]


def test_every_module_with_a_command_is_one_of_the_program():
    folder = Path(main.__file__).parent
    found = {
        path.stem
        for path in folder.glob("*.py")
        if "def define_flags(" in path.read_text("utf-8")
    }
    assert found == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_run_by_its_name(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/dcgan", name])
    assert main.main([name, "--help"]) == 0
    output = capsys.readouterr().out
    assert f"Usage: dcgan {name} " in output
    assert "Exit codes: 0" in output
    assert max(map(len, output.splitlines())) <= 80
    assert main.main([name, "--no_such_flag"]) == EXIT_USAGE
    line = capsys.readouterr().err
    assert line.startswith(f"dcgan {name}: error:")
    assert f"see dcgan {name} --help" in line


@pytest.mark.parametrize("flag", ["--help", "-h", "-help"])
def test_help_lists_every_command(flag, capsys):
    assert main.main([flag]) == 0
    output = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n  {name} " in output
    assert max(map(len, output.splitlines())) <= 80


def test_help_is_a_word_too(capsys):
    assert main.main(["help"]) == 0
    listed = capsys.readouterr().out
    assert main.main(["--help"]) == 0
    assert capsys.readouterr().out == listed
    assert main.main(["help", "train"]) == 0
    assert "--image_dir" in capsys.readouterr().out
    assert main.main(["help", "trian"]) == EXIT_USAGE
    assert "did you mean train?" in capsys.readouterr().err


def test_the_version_is_printed(capsys):
    assert main.main(["--version"]) == 0
    assert capsys.readouterr().out == f"dcgan_tf {__version__}\n"


def test_no_command_at_all_shows_the_help_as_an_error(capsys):
    assert main.main([]) == EXIT_USAGE
    output, error = capsys.readouterr()
    assert not output
    assert "Usage:" in error


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["trian"], "did you mean train?"),
        (["Train"], "did you mean train?"),
        (["samples"], "did you mean sample?"),
        (["analyse"], "did you mean analyze?"),
        (["eval"], "did you mean evaluate?"),
        (["xyz"], "use one of data, dedup, train"),
        (["--steps=4", "train"], "flags follow it"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_would_do(
    arguments, answer, capsys
):
    assert main.main(arguments) == EXIT_USAGE
    output, error = capsys.readouterr()
    assert not output
    assert len(error.splitlines()) == 1
    assert repr(arguments[0]) in error
    assert answer in error


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["train", "--stpes=4"], "steps"),
        (["train", "--image-dir=x"], "image_dir"),
        (["sample", "--nmu=4"], "num"),
        (["train", "--dataset=celebaa"], "celeb_a"),
        (["train", "--preset=paper64"], "paper_64"),
    ],
)
def test_a_mistyped_flag_or_value_names_the_nearest(
    arguments, nearest, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main.main(arguments) in (1, EXIT_USAGE)
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert nearest in error


def test_what_needs_no_tensorflow_does_not_import_it():
    program = (
        "import sys\n"
        "from dcgan_tf.cli.main import main\n"
        "main(['--help']); main(['--version']); main(['x'])\n"
        f"for name in {COMMANDS}: main([name, '--help'])\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )


def test_the_package_is_run_as_a_module():
    result = subprocess.run(
        [sys.executable, "-m", "dcgan_tf", "--help"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert result.returncode == 0
    assert "Usage: python -m dcgan_tf COMMAND" in result.stdout


def test_a_reader_that_leaves_ends_nothing_with_a_traceback():
    result = subprocess.run(
        f"{sys.executable} -m dcgan_tf --help | true",
        shell=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    assert not result.stderr


@pytest.mark.parametrize(("name", "flag"), ALL_FLAGS)
def test_every_flag_has_a_topic_and_says_its_default(name, flag):
    values = define_all(name)
    topics = dict(help_text.group_flags(values))
    assert "Other" not in topics
    text = help_text.describe_flag(values[flag])
    assert text.count("Default: ") + ("needed" in text) == 1
    assert text.endswith(".")


@pytest.mark.parametrize(("flag", "owner"), OWNERS.items())
def test_a_default_says_where_it_comes_from(flag, owner):
    assert owner in help_text.describe_flag(define_all("train")[flag])
