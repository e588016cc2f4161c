"""What messages call a setting: the command's flag, or the argument.

The library and the commands give the same advice, and a caller of the
library has no flags: where `cli` runs, the names are flags; else they are
arguments of `train`, `load` and `Run`.
"""

import contextlib
import shlex
from collections.abc import Container, Iterator

# Flags that an argument of another name stands for.
_ARGUMENTS = {
    "dataset": "images",
    "image_dir": "images",
    "held_out_dir": "held_out",
    "probe_dataset": "probe_data",
    "probe_image_dir": "probe_data",
}
# Of the run's images, those that a probe's images have flags of their own for.
_PROBE_FLAGS = {
    name: f"probe_{name}"
    for name in ("dataset", "image_dir", "data_dir", "manual_dir")
}
_are_flags = False
_own_flags: Container[str] | None = None
_are_of_probe = False


@contextlib.contextmanager
def settings_are_flags(names: Container[str] | None = None) -> Iterator[None]:
    """Has messages name flags, `--batch_size=32`, as long as it is open.

    Args:
        names: Of the command's flags; None for whatever there are.
    """
    global _are_flags, _own_flags
    before = _are_flags, _own_flags
    _are_flags, _own_flags = True, names
    try:
        yield
    finally:
        _are_flags, _own_flags = before


@contextlib.contextmanager
def settings_are_of_probe() -> Iterator[None]:
    """Has messages name a probe's own flags, as long as it is open.

    Images to probe on are read as the run's are, and what is said of them
    then is not about the run's.
    """
    global _are_of_probe
    before, _are_of_probe = _are_of_probe, True
    try:
        yield
    finally:
        _are_of_probe = before


def has_setting(name: str, is_argument: bool = True) -> bool:
    """Whether whoever reads a message could give a setting.

    Args:
        name: The flag's.
        is_argument: Whether the library's functions take it.
    """
    if not _are_flags:
        return is_argument
    if _are_of_probe and name not in _PROBE_FLAGS:
        return False
    return _own_flags is None or _find_flag(name) in _own_flags


def name_setting(name: str, value: object = None) -> str:
    """Names a setting as whoever reads the message gives it.

    Args:
        name: The flag's, without dashes.
        value: That would do; None for no value.

    Returns:
        `--fit=pad` or `--flip`; `fit='pad'` or `flip`. Each may be copied,
        into a shell or a program.
    """
    if _are_flags:
        flag = f"--{_find_flag(name)}"
        return shlex.quote(flag if value is None else f"{flag}={value}")
    name = _ARGUMENTS.get(name, name)
    return name if value is None else f"{name}={value!r}"


def _find_flag(name: str) -> str:
    """Returns what a flag of the run's images is called where one looks."""
    return _PROBE_FLAGS.get(name, name) if _are_of_probe else name
