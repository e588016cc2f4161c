"""Archives of files, read where they are: nothing is unpacked to disk.

Of hostile ones nothing is followed or written, and what is read at a time is
bounded: a member is one image's file, and of an archive that would unpack to
far more than any collection of images does nothing is read.
"""

import contextlib
import functools
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from dcgan_tf.data import memory
from dcgan_tf.data.files.decoding import UnreadableError
from dcgan_tf.data.files.file_formats import has_image_suffix
from dcgan_tf.data.files.folder_tree import (
    FileStatus,
    FolderTree,
    WalkedFile,
    read_sample,
)
from dcgan_tf.data.files.hidden_files import find_hidden
from dcgan_tf.data.files.positioned_reads import read_at
from dcgan_tf.data.split_folders import find_common_folder

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")

# What Python's readers raise on what is damaged, encrypted or of no known
# kind; besides an `OSError` without a number.
_FORMAT_ERRORS = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError,
)  # fmt: skip
_DAMAGED = (*_FORMAT_ERRORS, RuntimeError, ValueError, OverflowError)

_MAX_MEMBER_BYTES = 2**30
# Image files hardly shrink: an archive of more that unpacks to this many
# times its size holds something else.
_SMALL_BYTES = 2**30
_MAX_RATIO = 200
# Of those that a .zip file says it was written on.
_WINDOWS = 0


class Archive:
    """The members of an archive, as a `FolderTree` has its files.

    What is hidden is left out. Where all members lie in one folder, names
    are relative to that one, as if it had been named.

    Args:
        path: The archive.
        statuses: Of its members that are no folders, by name.
    """

    kind = "archive"

    def __init__(self, path: str, statuses: dict[str, FileStatus]):
        self.path = path
        found = {name: find_hidden(name) for name in statuses}
        visible = [name for name in statuses if not found[name]]
        # What lies beside a folder of images doesn't make it a class.
        images = list(filter(has_image_suffix, visible))
        prefix = find_common_folder(images or visible)
        self._statuses = statuses
        self._hidden = sorted({*filter(None, found.values())})
        beside = {name for name in visible if not name.startswith(prefix)}
        self._members = {
            _shorten(name, prefix, beside): name for name in visible
        }

    def is_there(self) -> bool:
        """Whether the files can still be read."""
        return os.path.exists(self.path)

    def walk(
        self, own_folders: list[str], hidden: list[str]
    ) -> Iterator[WalkedFile]:
        """Yields the members; see `FolderTree.walk`."""
        hidden += self._hidden
        for name, member in self._members.items():
            status = self._statuses[member]
            yield name, functools.partial(_check_member, member, status)

    def read_sample(self, name: str, size: int) -> tuple[bytes, bytes]:
        """Reads a member's first bytes and some at its middle.

        Raises:
            UnreadableError: If it is damaged.
            OSError: If the archive can't be read.
        """
        with _damage_named(), self._open(self._members[name]) as file:
            return read_sample(file, size)

    def open(self, name: str) -> BinaryIO:
        """Reads a member into memory.

        Raises:
            UnreadableError: If it is damaged.
            OSError: If the archive can't be read.
        """
        if name not in self._members:
            raise FileNotFoundError(f"{self.path} has no {name}")
        with _damage_named(), self._open(self._members[name]) as file:
            return io.BytesIO(file.read())

    def _open(self, member: str) -> BinaryIO:
        raise NotImplementedError


def _shorten(name: str, prefix: str, beside: set[str]) -> str:
    """Leaves the common folder out, but of a name that is beside it too."""
    short = name.removeprefix(prefix)
    return name if short in beside else short


class ZipTree(Archive):
    """A .zip file."""

    def __init__(self, path: str):
        # A file of ours is never closed by ZipFile, whose count of its
        # readers isn't safe from several threads.
        self._archive = zipfile.ZipFile(open(path, "rb"))
        infos = {_read_name(info): info for info in self._archive.infolist()}
        self._infos = {
            name: info for name, info in infos.items() if name[-1:] != "/"
        }
        unpacked = sum(info.file_size for info in self._infos.values())
        _check_unpacked_size(path, unpacked)
        statuses = {
            name: FileStatus(
                info.file_size,
                f"{info.file_size} {info.CRC}",
                _find_zip_fault(info),
            )
            for name, info in self._infos.items()
        }
        super().__init__(path, statuses)

    def _open(self, member: str) -> BinaryIO:
        return self._archive.open(self._infos[member])


class TarTree(Archive):
    """A .tar file; one that is compressed is held in memory."""

    def __init__(self, path: str):
        self._file = open(path, "rb", buffering=0)
        self._contents: dict[str, bytes] = {}
        self._parts: dict[str, tuple[int, int]] = {}
        statuses = {}
        archive, is_plain = _open_tar(path)
        with archive:
            for member in archive:
                if member.isdir():
                    continue
                if not is_plain:
                    self._hold(path, archive, member)
                self._parts[member.name] = (member.offset_data, member.size)
                statuses[member.name] = FileStatus(
                    member.size,
                    f"{member.size} {member.mtime}",
                    _find_tar_fault(member),
                )
        super().__init__(path, statuses)

    def _hold(
        self, path: str, archive: tarfile.TarFile, member: tarfile.TarInfo
    ) -> None:
        # Before it is unpacked, or passed over, which is unpacking too.
        end = member.offset_data + member.size
        _check_unpacked_size(path, end)
        if not memory.fits(end):
            raise ValueError(
                f"archive {path} unpacks to more than half of the free memory, "
                "where one that is compressed as a whole has to be held; "
                "unpack it, or make it a .zip or a plain .tar, which are read "
                "image by image"
            )
        if not _find_tar_fault(member):
            self._contents[member.name] = archive.extractfile(member).read()

    def _open(self, member: str) -> BinaryIO:
        if member in self._contents:
            return io.BytesIO(self._contents[member])
        offset, size = self._parts[member]
        return io.BytesIO(read_at(self._file, size, offset))


def _open_tar(path: str) -> tuple[tarfile.TarFile, bool]:
    """Opens a .tar file; says whether it isn't compressed."""
    try:
        return tarfile.open(path, "r:"), True
    except tarfile.ReadError:
        return tarfile.open(path, "r:*"), False


@contextlib.contextmanager
def _damage_named() -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise UnreadableError(f"damaged in the archive: {error}") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise UnreadableError(f"damaged in the archive: {error}") from None


def open_tree(path: str | os.PathLike) -> FolderTree | Archive:
    """Opens a folder, or an archive, known by its first bytes.

    Raises:
        FileNotFoundError: If it is neither, or not there.
        ValueError: If it is a damaged archive or a bomb.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        return FolderTree(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"image folder {path} is not there")
    try:
        if os.path.isfile(path) and is_zip(path):
            return ZipTree(path)
        if os.path.isfile(path) and tarfile.is_tarfile(path):
            return TarTree(path)
    except (*_FORMAT_ERRORS, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise ValueError(
            f"archive {path} is damaged or cut off ({error}); copy or "
            "download it again"
        ) from None
    if path.lower().endswith(SUFFIXES):
        raise ValueError(
            f"archive {path} is damaged, cut off or of another kind than its "
            "name says; copy or download it again"
        )
    raise FileNotFoundError(
        f"image folder {path} is no folder; a .zip, .tar, .npy or .npz file "
        "would do too"
    )


def is_zip(path: str | os.PathLike) -> bool:
    """Whether a file is a .zip, not merely one with a .zip near its end.

    Raises:
        OSError: If it can't be read.
    """
    # What makes a .zip is at its end, where a .tar has its last member.
    return zipfile.is_zipfile(path) and not tarfile.is_tarfile(path)


def _check_unpacked_size(path: str, num_bytes: int) -> None:
    """Refuses what unpacks to far more than any images would.

    Raises:
        ValueError: If it does.
    """
    size = os.path.getsize(path)
    if num_bytes > max(_SMALL_BYTES, _MAX_RATIO * size):
        raise ValueError(
            f"archive {path} of {size:,} bytes would unpack to "
            f"{num_bytes:,} or more, as a bomb does and images don't; it is "
            "not read"
        )


def _check_member(member: str, status: FileStatus) -> FileStatus:
    """Returns a member's status, with what its name and size are refused for.

    Nothing is written by these names, but whoever made them meant no good.
    """
    fault = status.fault
    if member.startswith(("/", "\\")) or ".." in member.split("/"):
        fault = "a name that leads out of the archive"
    elif not fault and status.size > _MAX_MEMBER_BYTES:
        fault = f"unpacks to {status.size:,} bytes"
    return FileStatus(status.size, status.version, fault)


def _read_name(info: zipfile.ZipInfo) -> str:
    """Returns a member's name, whatever separates its folders."""
    # Older programs on Windows wrote backslashes, which no name there has.
    if info.create_system == _WINDOWS:
        return info.filename.replace("\\", "/")
    return info.filename


def _find_zip_fault(info: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link inside an archive"
    return "encrypted" if info.flag_bits & 1 else ""


def _find_tar_fault(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "a link inside an archive"
    if member.issparse() or not member.isfile():
        return "not a regular file"
    if member.size > _MAX_MEMBER_BYTES:
        return f"unpacks to {member.size:,} bytes"
    return ""
