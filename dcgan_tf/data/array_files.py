"""Opens .npy and .npz files of images as a `Source`; nothing is unpickled."""

import dataclasses
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping

import numpy as np

from dcgan_tf.config import DataConfig
from dcgan_tf.data.cache import measure_available_memory
from dcgan_tf.data.files.level_range import (
    LevelRange,
    measure_level_range,
    scale_levels,
)
from dcgan_tf.data.files.listing import hash_name
from dcgan_tf.data.fingerprint import fingerprint_hashes, hash_image
from dcgan_tf.data.given.arrays import check_labels
from dcgan_tf.data.held_out import resolve_rule, take_split
from dcgan_tf.data.source import Source, build_array_source
from dcgan_tf.data.split_folders import choose_split

_NPY_START = b"\x93NUMPY"
_CHANNELS = (1, 3, 4)
# Of what is free: arrays of an .npz file are read as a whole.
_MEMORY_FRACTION = 0.5
# As in Keras's mnist.npz: `x_train`, `y_train`, `x_test` and `y_test`.
_SPLIT = re.compile(r"(?:^|_)(train|test|val|valid|validation)(?=_|$)", re.I)
_SPLITS = ("train", "test", "all")
_NUM_MEASURED = 1_000


def is_array_file(path: str) -> bool:
    """Whether a path is of an .npy or .npz file."""
    path = os.path.expanduser(path)
    try:
        with open(path, "rb") as file:
            if file.read(len(_NPY_START)) == _NPY_START:
                return True
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
            return bool(names) and all(name.endswith(".npy") for name in names)
    except (OSError, zipfile.BadZipFile):  # Such as a folder.
        return False
    return path.lower().endswith((".npy", ".npz"))


def load_array_file(
    data: DataConfig, split: str | None, excluded: frozenset[str] = frozenset()
) -> Source:
    """Opens a file of images: of one array, or of several with labels.

    An .npy file stays on disk and is read image by image. In an .npz file
    the array of 3 or 4 axes is the images; one of whole numbers, as many as
    images, their classes; one of texts the classes' names. Where the names
    of arrays say `train` and `test` (or `val`), these are splits; otherwise
    images are held out as of a folder. What isn't uint8 is scaled by one
    range for the whole file.

    Args:
        data: `image_dir`, `split`, `hold_out`, `hold_out_also` and
            `level_range` are used.
        split: As for `load_source`.
        excluded: Names of images to leave out: positions, from 0, and where
            the file has splits those in one of them, `train__12`.

    Raises:
        ValueError: If the file is damaged, needs pickle, is larger than
            memory, or holds no such arrays; the split is unknown; or
            positions to leave out don't say of which split.
        OSError: If it can't be read.
    """
    path = os.path.expanduser(data.image_dir)
    if data.labels is not None:
        raise ValueError(
            f"labels {data.labels} are for files of images; put an array of "
            f"whole numbers beside the images in {path}"
        )
    groups = _group_by_split(path, _read_arrays(path))
    label_names = _find_label_names(path, groups)
    if split in (None, "train"):
        split = data.split or "train"
    _check_excluded(path, groups, excluded)
    chosen = _choose_groups(path, groups, split)
    images, labels = _join_groups(list(chosen.values()))
    image_names = _name_images(chosen)
    count = len(image_names)
    kept = [i for i in range(count) if image_names[i] not in excluded]
    num_excluded = count - len(kept)
    num_held_out, rule = 0, None
    if "" in groups:
        num_kept = len(kept)
        names = [*map(str, kept)]
        rule = resolve_rule(names, data.hold_out, {}, data.hold_out_also)
        taken = take_split(names, split, path, rule)
        kept = [int(name) for name in taken]
        num_held_out = num_kept - len(kept) if split == "train" else 0
    elif split == "train":
        test = groups.get(choose_split(groups, "test"))
        num_held_out = len(test[0]) if test else 0
    # Any few in a row are a fair sample.
    kept.sort(key=lambda position: hash_name(str(position)))
    positions = np.array(kept)
    level_range = data.level_range
    if level_range is None:
        level_range = _measure(group[0] for group in groups.values())
    found = {}
    if labels is None:
        labels = np.full(count, -1)
    else:
        labels, found["label_names"] = check_labels(labels, count, label_names)
    source = build_array_source(
        path,
        split,
        _ScaledImages(images, positions, level_range),
        labels[positions],
        [image_names[position] for position in kept],
        fingerprint_images=lambda: _fingerprint(g[0] for g in groups.values()),
        **found,
    )
    status = os.stat(path)
    return dataclasses.replace(
        source,
        fingerprint=f"{source.fingerprint} {status.st_size} "
        f"{status.st_mtime_ns} {sorted(excluded)} {level_range} "
        f"{rule}",
        held_out_rule=rule,
        num_excluded=num_excluded,
        num_held_out=num_held_out,
        level_range=level_range,
    )


class _ScaledImages:
    """Some images of arrays that follow each other, as uint8 with channels."""

    def __init__(
        self,
        arrays: list[np.ndarray],
        positions: np.ndarray,
        level_range: LevelRange | None,
    ):
        self._arrays = arrays
        self._positions = positions
        self._level_range = level_range
        self._ends = np.cumsum([len(array) for array in arrays])

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: int) -> np.ndarray:
        position = self._positions[index]
        number = int(np.searchsorted(self._ends, position, side="right"))
        array = self._arrays[number]
        image = np.asarray(array[position - (self._ends[number] - len(array))])
        if image.dtype == bool:
            image = image * np.uint8(255)
        elif image.dtype != np.uint8:
            image = scale_levels(image, self._level_range)
        return image if image.ndim == 3 else image[..., np.newaxis]


# A split's images and classes.
_Group = tuple[np.ndarray, np.ndarray | None, np.ndarray | None]


def _read_arrays(path: str) -> Mapping[str, np.ndarray]:
    """Reads a file's arrays; that of an .npy file stays on disk."""
    try:
        if not zipfile.is_zipfile(path):
            return {"": np.load(path, mmap_mode="r", allow_pickle=False)}
        with zipfile.ZipFile(path) as archive:
            num_bytes = sum(info.file_size for info in archive.infolist())
        if num_bytes > _MEMORY_FRACTION * measure_available_memory():
            raise ValueError(
                f"it would unpack to {num_bytes:,} bytes, more than half of "
                "the free memory; an .npy file is read image by image"
            )
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
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


def _group_by_split(
    path: str, arrays: Mapping[str, np.ndarray]
) -> dict[str, _Group]:
    """Sorts arrays into splits, and in each into images, classes and names."""
    sorted_arrays: dict[str, dict[str, dict]] = {}
    for name, array in arrays.items():
        match = _SPLIT.search(name)
        split = match[1].lower() if match else ""
        kind = _find_kind(array)
        kinds = sorted_arrays.setdefault(split, {})
        kinds.setdefault(kind, {})[name] = array
    shared = sorted_arrays.get("", {})
    if len(sorted_arrays) > 1 and "images" not in shared:
        sorted_arrays.pop("", None)
    groups = {}
    for split, kinds in sorted_arrays.items():
        images = _take_one(path, kinds, "images")
        _check_images(path, images)
        labels = None
        if "labels" in kinds:
            labels = _take_one(path, kinds, "labels")
        names = {**shared, **kinds}.get("names")
        groups[split] = (
            images, labels, next(iter(names.values())) if names else None
        )  # fmt: skip
    return groups


def _find_kind(array: np.ndarray) -> str:
    if array.dtype.kind == "U" and array.ndim == 1:
        return "names"
    if array.ndim == 1 or array.shape[1:] == (1,):
        return "labels" if array.dtype.kind in "iu" else "others"
    return "images" if array.ndim in (3, 4) else "others"


def _take_one(path: str, kinds: dict[str, dict], kind: str) -> np.ndarray:
    found = kinds.get(kind, {})
    if len(found) == 1:
        return next(iter(found.values()))
    wanted = {
        "images": "one array (count, height, width, channels) of images",
        "labels": "one array of whole numbers, a class for each image",
    }[kind]
    shapes = ", ".join(
        f"{name or 'an array'} {array.dtype} {array.shape}"
        for group in kinds.values()
        for name, array in group.items()
    )
    raise ValueError(
        f"file of arrays {path} holds {shapes or 'nothing'}; give it {wanted}, "
        "or one a split, such as x_train and x_test"
    )


def _check_images(path: str, images: np.ndarray) -> None:
    is_number = images.dtype.kind in "buif"
    channels = images.shape[3] if images.ndim == 4 else 1
    if not is_number or channels not in _CHANNELS or not images.size:
        raise ValueError(
            f"file of arrays {path}: images are {images.dtype} of shape "
            f"{images.shape}; give numbers (count, height, width, channels) "
            "with 1 (grey), 3 (RGB) or 4 (RGBA) channels, or (count, height, "
            "width)"
        )


def _find_label_names(path: str, groups: dict[str, _Group]) -> list[str] | None:
    """Returns the classes' names, the same for every split."""
    for _, _, names in groups.values():
        if names is not None:
            return names.tolist()
    labels = [labels for _, labels, _ in groups.values() if labels is not None]
    if not labels or not all(part.size for part in labels):
        return None
    return [str(n) for n in range(max(int(part.max()) for part in labels) + 1)]


def _check_excluded(
    path: str, groups: dict[str, _Group], excluded: frozenset[str]
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


def _name_images(groups: dict[str, _Group]) -> list[str]:
    """Names the images of groups that follow each other, each name once."""
    return [
        f"{split}__{position}" if split else str(position)
        for split, (images, _, _) in groups.items()
        for position in range(len(images))
    ]


def _choose_groups(
    path: str, groups: dict[str, _Group], split: str
) -> dict[str, _Group]:
    """Returns those that a split is made of."""
    if "" in groups:
        available, chosen = _SPLITS, groups
    else:
        available = (*groups, "all")
        split = choose_split(groups, split)
        chosen = {
            name: group
            for name, group in groups.items()
            if split in (name, "all")
        }
    if split not in available:
        raise ValueError(
            f"file of arrays {path} has no split {split!r}; it has "
            f"{', '.join(available)}"
        )
    return chosen


def _join_groups(
    groups: list[_Group],
) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Returns the images of groups, and labels where all have some."""
    labels = [group[1] for group in groups]
    has_labels = all(part is not None for part in labels)
    return (
        [group[0] for group in groups],
        np.concatenate(labels) if has_labels else None,
    )


def _measure(arrays: Iterable[np.ndarray]) -> LevelRange | None:
    """Measures the range of what isn't uint8 already."""

    def choose():
        for array in arrays:
            if array.dtype in (bool, np.uint8):
                continue
            order = sorted(range(len(array)), key=lambda i: hash_name(str(i)))
            for position in order[:_NUM_MEASURED]:
                yield np.asarray(array[position])

    return measure_level_range(choose())


def _fingerprint(arrays: Iterable[np.ndarray]):
    return fingerprint_hashes(
        hash_image(f"{array.dtype} {array.shape[1:]}".encode(), image.tobytes())
        for array in arrays
        for image in array
    )
