"""A lock on a run's folder, so that one process at a time trains there."""

import errno
import logging
import os
import socket
from pathlib import Path

from dcgan_tf import failures
from dcgan_tf.setting_names import name_setting

_log = logging.getLogger(__name__)

try:
    import fcntl
except ModuleNotFoundError:  # Windows has other locks.
    fcntl = None

LOCK_FILE = ".lock"
# What file systems without locks answer; some network ones are mounted so.
_UNSUPPORTED = {
    errno.ENOLCK,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.EINVAL,
}
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}


class RunLockedError(OSError):
    """Another process is training the run."""


class RunLock:
    """Holds a run's folder while it is trained.

    The operating system holds the lock (`flock`), and lets it go when the
    process ends in any way. Linux passes it on to a network file system's
    server, so that it holds between machines too. Where there are no such
    locks a warning says so, and the run is trained without one.

    Args:
        run_dir: The run's folder, existing.
    """

    def __init__(self, run_dir: str | os.PathLike):
        self._run_dir = Path(run_dir)
        self._file = None

    def __enter__(self) -> "RunLock":
        """Takes the lock.

        Raises:
            RunLockedError: If another process holds it.
        """
        path = self._run_dir / LOCK_FILE
        # Not emptied when opened: it may tell of another process.
        self._file = path.open("a+", encoding="utf-8")
        try:
            _lock(self._file, path)
            with failures.file_named(path):
                self._file.truncate(0)
                self._file.write(f"process {os.getpid()} on {_get_host()}\n")
                self._file.flush()
        except OSError:
            self._file.close()
            raise
        return self

    def __exit__(self, *exception) -> None:
        # Closing lets go. The file stays: who removed it would let a third
        # process lock a new file while a second one holds the old.
        self._file.close()


def check_unlocked(run_dir: str | os.PathLike) -> None:
    """Checks early that nobody trains a run, changing nothing.

    Raises:
        RunLockedError: If another process does.
    """
    path = Path(run_dir) / LOCK_FILE
    try:
        file = path.open("r+", encoding="utf-8")
    except OSError:  # None yet, or not ours to write: said later.
        return
    with file:
        _lock(file, path, warns=False)


def _lock(file, path: Path, warns: bool = True) -> None:
    fault = "this system has no flock"
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno in _HELD:
                raise _name_holder(file, path) from None
            if error.errno not in _UNSUPPORTED:
                raise
            fault = error.strerror
    if warns:
        _log.warning(
            "%s cannot be locked (%s); see to it that no other process trains "
            "this run",
            path.parent,
            fault,
        )


def _name_holder(file, path: Path) -> RunLockedError:
    file.seek(0)
    holder = file.read().strip() or "another process"
    return RunLockedError(
        f"run {os.fspath(path.parent)!r} is being trained by {holder}; wait "
        f"for it or stop it, or train in another {name_setting('run_dir')}"
    )


def _get_host() -> str:
    return socket.gethostname() or "this machine"
