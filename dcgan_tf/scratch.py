"""Files and folders written aside, and renamed once they are whole.

A reader must never meet half a checkpoint or half an export. So a writer
fills a folder of its own beside the final place and renames it, or the files
in it, at the end. Its name holds the host and random letters: process numbers
do not tell processes apart where folders are shared, since in a container
every process is number 1.

What a killed process leaves is never in anybody's way, and is recognised by
its age: nothing in it was written for an hour, or, where another host wrote
it, whose clock may differ, for a day.
"""

import contextlib
import glob
import os
import re
import shutil
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from dcgan_tf import failures
from dcgan_tf.setting_names import name_setting

# Hidden, and no number: servers and readers pass such names over.
_PREFIX = ".writing-"
# Only what was made here: a folder of the user's may be called
# `writing-course`. Version 0.1.0 wrote in `writing-<process number>`.
# `serving.versions` takes a number by `.writing-version-<number>`.
_NAME = re.compile(
    r"\.writing-[A-Za-z0-9._]+-[0-9a-f]{12}|\.?writing-[0-9]+"
    r"|\.writing-version-[0-9]+"
)
# Of a file's name, in that of the file beside it: names have 255 bytes.
_KEPT_CHARACTERS = 40
_HOUR_SECONDS = 3600
_OWN_HOST_AGE_SECONDS = _HOUR_SECONDS
_OTHER_HOST_AGE_SECONDS = 24 * _HOUR_SECONDS


def make_dir(parent: str | os.PathLike) -> Path:
    """Makes an empty folder that no other process uses.

    Args:
        parent: An existing folder, in the file system of the final place, so
            that a rename moves no data.

    Returns:
        The new folder, with the usual permissions (servers that run as
        another user must be able to read what is renamed).

    Raises:
        OSError: If the parent is missing or cannot be written.
    """
    path = Path(parent) / f"{_PREFIX}{_host_name()}-{_make_unique()}"
    path.mkdir()
    return path


@contextlib.contextmanager
def new_folder(path: str | os.PathLike) -> Iterator[None]:
    """Makes a folder, for as long as what it is made for doesn't fail.

    Args:
        path: The folder. Those above it are made too; on failure, those of
            them all that weren't there and hold nothing are removed.

    Raises:
        OSError: If it can't be made.
    """
    path = Path(path)
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in new:
            with contextlib.suppress(OSError):  # It holds something.
                folder.rmdir()
        raise


@contextlib.contextmanager
def tmp_dir(parent: str | os.PathLike) -> Iterator[Path]:
    """Gives a folder of `make_dir` and removes what is left of it."""
    path = make_dir(parent)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def tmp_file(path: str | os.PathLike, needed: int = 0) -> Iterator[Path]:
    """Gives a path to write a file at, which is then renamed to `path`.

    Should writing fail, nothing is left of it, and a file that was there
    before stays. Several processes may write the same file at once: the last
    one's remains. A link's target is written, and what is no file, such as
    `/dev/null`, is written to itself.

    Args:
        path: The file; its folder is there.
        needed: Its bytes; 0 where they aren't known.

    Raises:
        DiskFullError: If there is no room.
        FileTooLargeError: If it may not be so large.
        OSError: If the file can't be written; it names `path`.
    """
    with failures.full_disk_named(path, needed), failures.file_named(path):
        if os.path.exists(path) and not os.path.isfile(path):
            yield Path(path)
            return
        final = Path(os.path.realpath(path))
        _remove_old_partials(final)
        partial = final.with_name(
            f"{final.name[:_KEPT_CHARACTERS]}.{_make_unique()}.partial"
        )
        try:
            yield partial
            partial.replace(final)
        except BaseException as error:
            # Where nothing can be written nothing can be removed either.
            with contextlib.suppress(OSError):
                partial.unlink()
            if getattr(error, "filename", None) == os.fspath(partial):
                error.filename = os.fspath(path)  # The one that users know.
            raise


def save_bytes(path: str | os.PathLike, contents: bytes) -> None:
    """Writes a file atomically; see `tmp_file`."""
    with tmp_file(path, len(contents)) as partial:
        partial.write_bytes(contents)


def save_text(
    path: str | os.PathLike, text: str, errors: str = "strict"
) -> None:
    """Writes a file in UTF-8 atomically; see `tmp_file`.

    Args:
        path: The file.
        text: Its contents; line ends are written as they are.
        errors: What to do about what isn't Unicode, as `str.encode` takes it.
    """
    save_bytes(path, text.encode("utf-8", errors))


def check_folder_writable(path: str | os.PathLike) -> None:
    """Tries to write in a folder; leaves nothing and makes none.

    By trying, since rights say little: root has them all on a file system
    that is read-only, and servers of files have rules of their own.

    Args:
        path: Need not be there; the nearest folder above it counts then.

    Raises:
        OSError: If it can't be written.
    """
    path = Path(os.path.abspath(path))
    folder = next(place for place in (path, *path.parents) if place.exists())
    make_dir(folder).rmdir()


def check_file_writable(path: str | os.PathLike) -> None:
    """Checks that `tmp_file` can write a file.

    Raises:
        OSError: If its folder can't be written.
    """
    # What is no file, such as /dev/null, is written without its folder.
    if not os.path.exists(path) or os.path.isfile(path):
        check_folder_writable(os.path.dirname(os.path.realpath(path)))


def describe_refusal(
    what: str, path: str | os.PathLike, error: OSError, setting: str
) -> str:
    """Says that a place can't be written, and what would do.

    Args:
        what: Such as `run folder`.
        path: The place, as users know it.
        error: Of the checks above.
        setting: Which names the place.
    """
    return (
        f"{what} {os.fspath(path)!r} cannot be written ({error.strerror}); "
        f"name another with {name_setting(setting)}"
    )


def check_not_empty(path: str | os.PathLike) -> None:
    """Refuses a move of nothing.

    Raises:
        FileNotFoundError: If the folder is gone or holds nothing: another
            program removed what was being written, and a rename would report
            success with nothing to show for it.
    """
    path = Path(path)
    if not path.is_dir() or not any(path.iterdir()):
        raise FileNotFoundError(
            f"what was written in {os.fspath(path)!r} is gone before it "
            "could be renamed; does another program clean this folder?"
        )


def remove_leftovers(parent: str | os.PathLike) -> list[Path]:
    """Removes what killed processes left in a folder.

    Whoever holds a lock on the folder, and so knows that nobody else writes
    in it, may remove all of `find_all` instead.

    Returns:
        The folders removed.
    """
    leftovers = [path for path in find_all(parent) if _is_leftover(path)]
    for path in leftovers:
        shutil.rmtree(path, ignore_errors=True)
    return leftovers


def find_all(parent: str | os.PathLike) -> list[Path]:
    """Returns the folders being written in `parent`, and leftovers."""
    return sorted(
        path
        for path in Path(parent).glob("*writing-*")
        if _NAME.fullmatch(path.name) and path.is_dir()
    )


def _make_unique() -> str:
    return uuid.uuid4().hex[:12]


def _remove_old_partials(path: Path) -> None:
    """Removes what killed processes left beside a file."""
    name = glob.escape(path.name[:_KEPT_CHARACTERS])
    for partial in path.parent.glob(f"{name}.{'[0-9a-f]' * 12}.partial"):
        if time.time() - _modified_at(partial) > _OTHER_HOST_AGE_SECONDS:
            with contextlib.suppress(OSError):  # Gone, or not ours to remove.
                partial.unlink()


def _host_name() -> str:
    # Without dashes, which divide the parts of the name.
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname()) or "host"


def _is_leftover(path: Path) -> bool:
    is_own_host = path.name.startswith(f"{_PREFIX}{_host_name()}-")
    max_age = _OWN_HOST_AGE_SECONDS if is_own_host else _OTHER_HOST_AGE_SECONDS
    newest = max(map(_modified_at, (path, *path.rglob("*"))))
    return time.time() - newest > max_age


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()  # Somebody is at work in it.
