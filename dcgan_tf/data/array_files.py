"""Opens .npy and .npz files of images as a `Source`; nothing is unpickled."""

import logging
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from dcgan_tf.config import DataConfig
from dcgan_tf.data import memory
from dcgan_tf.data.exclusion import find_excluded
from dcgan_tf.data.files.archives import is_zip
from dcgan_tf.data.files.array_groups import Group, Groups, group_arrays
from dcgan_tf.data.files.hidden_files import find_hidden
from dcgan_tf.data.files.level_range import (
    LevelRange,
    measure_level_range,
    scale_levels,
)
from dcgan_tf.data.files.npy_file import NpyFile
from dcgan_tf.data.fingerprint import fingerprint_hashes, hash_image
from dcgan_tf.data.held_out import resolve_rule, take_split
from dcgan_tf.data.labels.class_labels import (
    ClassLabels,
    number_classes,
    warn_of_gaps,
)
from dcgan_tf.data.name_order import order_positions
from dcgan_tf.data.source import HeldOutRule, Source, build_array_source
from dcgan_tf.data.split_folders import choose_split, resolve_split

_NPY_START = b"\x93NUMPY"
_NUM_MEASURED = 1_000

_log = logging.getLogger(__name__)


def is_array_file(path: str) -> bool:
    """Whether a path is of an .npy or .npz file."""
    path = os.path.expanduser(path)
    try:
        with open(path, "rb") as file:
            if file.read(len(_NPY_START)) == _NPY_START:
                return True
        if is_zip(path):
            with zipfile.ZipFile(path) as archive:
                names = _find_visible(archive.namelist())
            return bool(names) and all(name.endswith(".npy") for name in names)
    except (OSError, zipfile.BadZipFile):  # Such as a folder.
        return False
    return path.lower().endswith((".npy", ".npz"))


def load_array_file(
    data: DataConfig, split: str | None, excluded: frozenset[str] = frozenset()
) -> Source:
    """Opens a file of images: of one array, or of several with labels.

    An .npy file stays on disk and is read image by image. In an .npz file
    the array of 3 or 4 axes is the images, and others may be their classes
    and these' names (see `group_arrays`). Where the names of arrays say
    `train` and `test` (or `val`), these are splits; otherwise images are
    held out as of a folder. What isn't uint8 is scaled by one
    range for the whole file.

    Args:
        data: `image_dir`, `split`, `hold_out`, `hold_out_also` and
            `level_range` are used.
        split: Its name; None for what is trained on.
        excluded: Names of images to leave out: positions, from 0, and where
            the file has splits those in one of them, `train__12`.

    Raises:
        ValueError: If the file is damaged, needs pickle, is larger than
            memory, or holds no such arrays; the split is unknown; or
            positions to leave out don't say of which split.
        OSError: If it can't be read.
    """
    path = os.path.expanduser(data.image_dir)
    _check_settings(data, path)
    groups, label_names = group_arrays(path, _read_arrays(path))
    split = split or data.split or "train"
    _check_excluded(path, groups, excluded)
    chosen = _choose_images(data, path, groups, split, excluded)
    arrays, labels = _join_groups(path, list(chosen.groups.values()))
    level_range = data.level_range
    if level_range is None:
        level_range = _measure(path, groups)
    classes = _number_classes(path, chosen.groups, labels, label_names)
    if split == "train":
        warn_of_gaps(classes.numbers[chosen.positions], classes.names)
    status = os.stat(path)
    return build_array_source(
        path,
        split,
        _ScaledImages(arrays, level_range),
        classes.numbers,
        positions=chosen.positions,
        image_names=_name_images(chosen.groups),
        fingerprint_images=lambda: fingerprint_hashes(_hash_all(groups)),
        # With an empty list, as copies that are cached already have it.
        fingerprint=f"{path} {split} {len(chosen.positions)} [] "
        f"{status.st_size} {status.st_mtime_ns} {sorted(excluded)} "
        f"{level_range} {chosen.held_out_rule}",
        label_names=classes.names,
        digest_labels=classes.digest,
        held_out_rule=chosen.held_out_rule,
        num_excluded=chosen.num_excluded,
        num_held_out=chosen.num_held_out,
        level_range=level_range,
        of_arrays=True,
    )


def _check_settings(data: DataConfig, path: str) -> None:
    """Refuses settings that are for files of images."""
    if data.labels is not None:
        raise ValueError(
            f"labels {data.labels} are for files of images; put an array of "
            f"whole numbers beside the images in {path}"
        )
    if data.all_pages:
        raise ValueError(
            f"all_pages is for files of images, and {path} is one of arrays; "
            "leave it out"
        )


class _Chosen(NamedTuple):
    """The images of a split.

    Attributes:
        groups: Those that the split is made of.
        positions: int64, of its images among all of these, in their order.
        held_out_rule: By which images were held out; None where the file
            has splits.
        num_held_out: Images held out of a training split.
        num_excluded: Images that the list leaves out, in all splits.
    """

    groups: Groups
    positions: np.ndarray
    held_out_rule: HeldOutRule | None
    num_held_out: int
    num_excluded: int


def _choose_images(
    data: DataConfig,
    path: str,
    groups: Groups,
    split: str,
    excluded: frozenset[str],
) -> _Chosen:
    """Chooses a split's images, less those excluded.

    Args:
        data: `hold_out` and `hold_out_also` are used.
        path: The file, for messages.
        groups: All of its groups.
        split: The split's name.
        excluded: Names to leave out.
    """
    by_rule = "" in groups
    found = resolve_split(
        {} if by_rule else groups, split, f"file of arrays {path}"
    )
    chosen = {
        name: group
        for name, group in groups.items()
        if by_rule or found in (name, "all")
    }
    left_out = find_excluded(
        excluded, _name_images(groups), path, split == "train"
    )
    names = _name_images(chosen)
    kept = [name for name in names if name not in left_out]
    rule, num_held_out = None, 0
    if by_rule:
        rule = resolve_rule(kept, data.hold_out, {}, data.hold_out_also)
        taken = take_split(kept, split, path, rule)
        if split == "train":
            num_held_out = len(kept) - len(taken)
        kept = taken
    elif split == "train":
        test = groups.get(choose_split(groups, "test"))
        num_held_out = len(test.images) if test else 0
    kept = {*kept}
    order = order_positions(i for i, name in enumerate(names) if name in kept)
    positions = np.array(order, np.int64)
    return _Chosen(chosen, positions, rule, num_held_out, len(left_out))


def _number_classes(
    path: str,
    groups: Groups,
    labels: np.ndarray | None,
    label_names: list[str] | None,
) -> ClassLabels:
    """Names the classes of all images of groups that follow each other."""
    for split, group in groups.items():
        if group.unknown_class:
            _log.warning(
                "images of %r are taken without classes: train has no class %r",
                split,
                group.unknown_class,
            )
    count = sum(len(group.images) for group in groups.values())
    try:
        return number_classes(
            labels, count, label_names, lambda: _hash_all(groups)
        )
    except ValueError as error:
        raise ValueError(f"file of arrays {path}: {error}") from error


class _ScaledImages:
    """Images of arrays that follow each other, as uint8 with channels."""

    def __init__(
        self, arrays: list[np.ndarray], level_range: LevelRange | None
    ):
        self._arrays = arrays
        self._level_range = level_range
        self._ends = np.cumsum([len(array) for array in arrays])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: int) -> np.ndarray:
        number = int(np.searchsorted(self._ends, index, side="right"))
        array = self._arrays[number]
        image = np.asarray(array[index - (self._ends[number] - len(array))])
        if image.dtype == bool:
            image = image * np.uint8(255)
        elif image.dtype != np.uint8:
            image = scale_levels(image, self._level_range)
        return image if image.ndim == 3 else image[..., np.newaxis]


def _read_arrays(path: str) -> Mapping[str, np.ndarray]:
    """Reads a file's arrays; that of an .npy file stays on disk."""
    try:
        if not zipfile.is_zipfile(path):
            return {"": NpyFile(path)}
        with zipfile.ZipFile(path) as archive:
            num_bytes = sum(info.file_size for info in archive.infolist())
        if not memory.fits(num_bytes):
            raise ValueError(
                f"it would unpack to {num_bytes:,} bytes, more than half of "
                "the free memory; an .npy file is read image by image"
            )
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in _find_visible(arrays.files)}
    except OSError as error:
        if error.errno is not None:
            raise
        reason = error
    except (ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error,
            NotImplementedError, SyntaxError) as error:  # fmt: skip
        reason = error
    raise ValueError(
        f"file of arrays {path} can't be read: {reason}; write it with "
        "numpy.save or numpy.savez, without objects"
    )


def _find_visible(names: Iterable[str]) -> list[str]:
    """Leaves out what systems add to an archive that is made by hand."""
    return [name for name in names if not find_hidden(name)]


def _check_excluded(
    path: str, groups: Groups, excluded: frozenset[str]
) -> None:
    """Refuses positions that could be of one split or of another."""
    bare = sorted(name for name in excluded if name.isdecimal())
    if bare and "" not in groups:
        split = next(iter(groups))
        raise ValueError(
            f"images to exclude are called by positions alone, such as "
            f"{bare[0]}, and {path} has the splits {', '.join(groups)}, where "
            f"an image is called {split}__{bare[0]}; make the list again with "
            "`dcgan dedup`"
        )


def _name_images(groups: Groups) -> list[str]:
    """Names the images of groups that follow each other, each name once."""
    return [
        f"{split}__{position}" if split else str(position)
        for split, group in groups.items()
        for position in range(len(group.images))
    ]


def _count_channels(images: np.ndarray) -> int:
    return images.shape[3] if images.ndim == 4 else 1


def _join_groups(
    path: str, groups: list[Group]
) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Returns the images of groups, and labels where all have some."""
    channels = {_count_channels(group.images) for group in groups}
    if len(channels) > 1:
        listed = " and ".join(map(str, sorted(channels)))
        raise ValueError(
            f"file of arrays {path}: its splits have {listed} channels, and "
            "are read together here; give all as many"
        )
    labels = [group.labels for group in groups]
    has_labels = all(part is not None for part in labels)
    return (
        [group.images for group in groups],
        np.concatenate(labels) if has_labels else None,
    )


def _measure(path: str, groups: Groups) -> LevelRange | None:
    """Measures the range of what isn't uint8 already."""
    deep = [
        group.images
        for group in groups.values()
        if group.images.dtype not in (bool, np.uint8)
    ]

    def choose():
        for images in deep:
            order = order_positions(range(len(images)))
            for position in order[:_NUM_MEASURED]:
                yield np.asarray(images[position])

    level_range = measure_level_range(choose())
    if deep and level_range is None:
        raise ValueError(
            f"file of arrays {path}: images of {deep[0].dtype} have no number "
            "in them that is finite; give others"
        )
    return level_range


def _hash_all(groups: Groups) -> Iterator[int]:
    for group in groups.values():
        start = f"{group.images.dtype} {group.images.shape[1:]}".encode()
        for image in group.images:
            yield hash_image(start, image.tobytes())
