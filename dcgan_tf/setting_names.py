"""What messages call a setting: the command's flag, or the argument.

The library and the commands give the same advice, and a caller of the
library has no flags: where `cli` runs, the names are flags; else they are
arguments of `train`, `load` and `Run`.
"""

import contextlib
import shlex
from collections.abc import Iterator

# Flags that an argument of another name stands for.
_ARGUMENTS = {
    "dataset": "images",
    "image_dir": "images",
    "held_out_dir": "held_out",
    "probe_dataset": "probe_data",
    "probe_image_dir": "probe_data",
}
_are_flags = False


@contextlib.contextmanager
def settings_are_flags() -> Iterator[None]:
    """Has messages name flags, `--batch_size=32`, as long as it is open."""
    global _are_flags
    before, _are_flags = _are_flags, True
    try:
        yield
    finally:
        _are_flags = before


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
        flag = f"--{name}" if value is None else f"--{name}={value}"
        return shlex.quote(flag)
    name = _ARGUMENTS.get(name, name)
    return name if value is None else f"{name}={value!r}"
