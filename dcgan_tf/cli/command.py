"""Runs a command: flags without global state, errors in one line."""

import codecs
import contextlib
import logging
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from absl import flags

from dcgan_tf import failures
from dcgan_tf.cli import interruption
from dcgan_tf.cli.exit_codes import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
)
from dcgan_tf.data.cache_dir import get_tmp_home
from dcgan_tf.output import escape_controls, standard_streams_last
from dcgan_tf.setting_names import settings_are_flags

HELP_FLAGS = ("--help", "-h", "-help")
# What pip installs for all commands and for some, and the files in a
# checkout's root.
_PROGRAM = "dcgan"
_SCRIPTS = {"train": "dcgan-train", "export": "dcgan-export"}
_FILES = {"train": "train.py", "export": "export.py"}


class UsageError(ValueError):
    """Flags that contradict each other or a value that no flag takes."""


@standard_streams_last()
def run_command(
    name: str,
    description: str,
    define_flags: Callable[[flags.FlagValues], None],
    run: Callable[[flags.FlagValues], int | None],
    argv: Sequence[str] | None = None,
    positional: str | None = None,
) -> int:
    """Parses flags, runs a command and turns errors into one line.

    The flags live in their own `FlagValues`, so that importing a command
    defines none and two commands can run in one process.

    Args:
        name: The command as it is called in a checkout, for messages:
            `train.py`. Messages name it as it was called where that differs.
        description: Shown by `--help`, first line first.
        define_flags: Adds the command's flags to the values it is given.
        run: Does the work; None counts as exit code 0. Positional arguments
            are in the values' `positional`.
        argv: Arguments without the program's name; None for `sys.argv[1:]`.
        positional: What positional arguments are called in the help, such
            as `VIEW`; None where the command takes none.

    Returns:
        The exit code: 0, `EXIT_ERROR` for a bad file or value, a full disk
        or too little memory, `EXIT_USAGE` for bad flags, `EXIT_INTERRUPTED`
        for a signal, or what `run` returned.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    name = _get_called_name(name)
    _print_any_character()
    values = flags.FlagValues()
    define_flags(values)
    if any(arg in HELP_FLAGS for arg in argv):
        # It knows every setting, which `dcgan --help` needn't wait for.
        from dcgan_tf.cli.help_text import format_help

        print(format_help(name, description, values, positional))
        return 0
    try:
        remaining = values([name, *argv])[1:]
        if remaining and positional is None:
            raise UsageError(
                f"unexpected argument {remaining[0]!r}; settings are given "
                "as --name=value"
            )
        _refuse_empty(values)
        flags.DEFINE_list(
            "positional", remaining, "Arguments.", flag_values=values
        )
        with settings_are_flags(values), _warnings_printed():
            return _run_until_signal(name, lambda: run(values) or 0)
    except (flags.Error, UsageError) as error:
        print_error(name, f"{error}; see {name} --help")
        return EXIT_USAGE
    except (ValueError, OSError, ImportError) as error:
        if os.environ.get("DCGAN_TF_TRACEBACK"):
            raise
        print_error(name, failures.describe(error) or error)
        return EXIT_ERROR
    except Exception as error:
        message = failures.describe(error)
        if message is None or os.environ.get("DCGAN_TF_TRACEBACK"):
            raise
        print_error(name, message)
        return EXIT_ERROR


def _refuse_empty(values: flags.FlagValues) -> None:
    """Refuses `--pick=`: nothing would tell it from a flag that isn't given.

    Raises:
        UsageError: If a flag is given without a value.
    """
    for name in values:
        if values[name].present and values[name].value in ("", [], [""]):
            raise UsageError(
                f"--{name} is empty; give it a value, or leave it out"
            )


class _LineFormatter(logging.Formatter):
    """Prints a line a record, whatever the names in it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return escape_controls(super().formatMessage(record))


@contextlib.contextmanager
def _warnings_printed() -> Iterator[None]:
    """Prints what the library logs as the commands print warnings.

    A program that uses the library has handlers of its own.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LineFormatter("%(levelname)s: %(message)s"))
    logger = logging.getLogger("dcgan_tf")
    logger.addHandler(handler)
    # Other libraries configure the root, which would print a line again.
    before, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


def _run_until_signal(name: str, run: Callable[[], int]) -> int:
    """Runs a command; a signal ends it with one line."""
    with interruption.signals_raise(name) as received:
        try:
            return run()
        except (KeyboardInterrupt, Exception):
            # Whatever C code made of it on its way up.
            if received.signal_number is None:
                raise
            line = interruption.describe(received.signal_number)
            print(f"{name}: {line}", file=sys.stderr, flush=True)
            return EXIT_INTERRUPTED


def import_tensorflow() -> None:
    """Imports TensorFlow without its start-up notices.

    They come from C++ before any log level counts, and would bury a one-line
    error. Should the import fail, they are shown.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Another framework may be the user's, in the environment or keras.json.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    if os.path.expanduser("~") == "~":
        # Keras would make a folder of that name in the current one.
        os.environ.setdefault("KERAS_HOME", str(get_tmp_home() / "keras"))
    sys.stderr.flush()
    standard_error = os.dup(2)
    with (
        tempfile.TemporaryFile() as notices,
        interruption.exits_at_once(standard_error),
    ):
        os.dup2(notices.fileno(), 2)
        try:
            import keras  # noqa: F401
            import tensorflow as tf

            # The first look for GPUs has notices of its own.
            tf.config.list_physical_devices()
        except BaseException:
            notices.seek(0)
            os.write(standard_error, notices.read())
            raise
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)


def format_command(command: str, **flag_values: object) -> str:
    """Writes a follow-up command, to copy into a shell.

    It is called the way this one was: `dcgan export` after `dcgan train`,
    `dcgan-export` after `dcgan-train`, `python export.py` after
    `python train.py`.

    Args:
        command: The name of its file in `cli`, such as `export`.
        **flag_values: Its flags, in order.
    """
    flag_words = [
        shlex.quote(f"--{flag}={os.fsdecode(str(value))}")
        for flag, value in flag_values.items()
    ]
    return " ".join([_choose_program(command), *flag_words])


def get_program_name() -> str:
    """Returns how the program of all commands was called."""
    if Path(sys.argv[0]).name == _PROGRAM:
        return _PROGRAM
    return "python -m dcgan_tf"


def _choose_program(command: str) -> str:
    """Returns how a shell calls a command that is related to this one."""
    called = Path(sys.argv[0])
    if _is_program(called):
        return f"{get_program_name()} {command}"
    if called.name in _SCRIPTS.values():
        return _SCRIPTS.get(command, f"{_PROGRAM} {command}")
    is_file = called.name in _FILES.values() and not _is_module(called)
    if is_file and command in _FILES:
        path = called.with_name(_FILES[command])
        return f"python {shlex.quote(os.fspath(path))}"
    return f"python -m dcgan_tf.cli.{command}"


def _is_program(called: Path) -> bool:
    """Whether this is `dcgan <command>` or `python -m dcgan_tf <command>`."""
    return called.name == _PROGRAM or (
        called.parts[-2:] == ("dcgan_tf", "__main__.py")
    )


def _is_module(called: Path) -> bool:
    """Whether this is `python -m dcgan_tf.cli.<command>`."""
    return called.parts[-3:-1] == ("dcgan_tf", "cli")


def _get_called_name(name: str) -> str:
    """Returns the name of a command as it was called, for its messages."""
    called = Path(sys.argv[0])
    if _is_program(called):
        # `train.py` and `python -m dcgan_tf.cli.train` are the same command.
        command = name.removesuffix(".py").split(".")[-1].split()[-1]
        return f"{get_program_name()} {command}"
    if called.name in _SCRIPTS.values():
        return called.name
    if _is_module(called):
        return f"python -m dcgan_tf.cli.{called.stem}"
    return name


def _print_any_character() -> None:
    """Lets output hold what its encoding can't say.

    Names of files are bytes, and a locale may know ASCII alone: a name is
    printed as its bytes, any other character as its number.
    """
    codecs.register_error("dcgan_tf", _escape)
    for stream in (sys.stdout, sys.stderr):
        # What stands in for a stream need not have it.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="dcgan_tf")


def _escape(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        return codecs.lookup_error("surrogateescape")(error)
    character = error.object[error.start]
    try:
        encoded = character.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        encoded = character.encode("ascii", "backslashreplace")
    return encoded, error.start + 1


def print_error(name: str, error: object) -> None:
    """Prints an error in one line, with the command's name as it was called."""
    message = escape_controls(" ".join(str(error).split()))
    called_name = _get_called_name(name)
    print(f"{called_name}: error: {message}", file=sys.stderr, flush=True)
