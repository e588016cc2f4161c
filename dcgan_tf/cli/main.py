"""One program for everything: `dcgan COMMAND`, or `python -m dcgan_tf`."""

import importlib
import sys
from collections.abc import Sequence

from dcgan_tf.cli.command import HELP_FLAGS, get_program_name
from dcgan_tf.cli.exit_codes import EXIT_CODES, EXIT_USAGE
from dcgan_tf.cli.suggestions import suggest
from dcgan_tf.output import standard_streams_last
from dcgan_tf.version import __version__

# Modules of this package by topic, and what each does.
COMMANDS = {
    "Before training": {
        "data": "Shows what the networks will see of a collection.",
        "dedup": "Finds near-duplicate images to leave out of training.",
    },
    "Training": {
        "train": "Trains a DCGAN, or resumes a run.",
    },
    "After training": {
        "sample": "Draws images from a run or an export.",
        "evaluate": "Measures how good a run or an export is.",
        "analyze": "Looks inside a run: filters, walks, arithmetic.",
    },
    "Shipping": {
        "export": "Exports a run for servers, phones and browsers.",
        "client": "Asks a TensorFlow Serving server for images or features.",
    },
}
_NAMES = [name for commands in COMMANDS.values() for name in commands]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command that the first argument names.

    Args:
        argv: Arguments without the program's name; None for `sys.argv[1:]`.

    Returns:
        The command's exit code; see `run_command`.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv[:1] == ["help"]:  # `dcgan help train` as git and pip have it.
        argv = [*argv[1:], "--help"]
    if argv and argv[0] in _NAMES:
        # One alone, so that none waits for what another imports.
        module = importlib.import_module(f"dcgan_tf.cli.{argv[0]}")
        return module.main(argv[1:])
    return _answer(argv)


@standard_streams_last()
def _answer(argv: list[str]) -> int:
    """Answers everything that runs no command."""
    program = get_program_name()
    if not argv:
        print(_format_help(program), file=sys.stderr)
        return EXIT_USAGE
    if argv[0] in HELP_FLAGS:
        print(_format_help(program))
        return 0
    if argv[0] == "--version":
        print(f"dcgan_tf {__version__}")
        return 0
    message = f"{_describe_mistake(argv)}; see {program} --help"
    print(f"{program}: error: {message}", file=sys.stderr)
    return EXIT_USAGE


def _describe_mistake(argv: list[str]) -> str:
    word = argv[0]
    if word.startswith("-"):
        return f"{word!r} stands before any command; flags follow it"
    return f"no command is called {word!r}: {suggest(word, _NAMES)}"


def _format_help(program: str) -> str:
    lines = [
        "Deep convolutional generative adversarial networks: train, measure, "
        "look inside,",
        "ship.",
        "",
        f"Usage: {program} COMMAND [--flag=value ...]",
        f"       {program} COMMAND --help",
        f"       {program} --version",
    ]
    for topic, commands in COMMANDS.items():
        lines += ["", f"{topic}:"]
        lines += [f"  {name:<10}{text}" for name, text in commands.items()]
    return "\n".join([*lines, "", EXIT_CODES.replace("; 75", ";\n75")])
