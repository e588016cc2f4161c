"""The settings of a run's images."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from PIL import ImageColor

from dcgan_tf.config.ranges import (
    check_one_of,
    check_whole_number,
    normalize_settings,
)

FITS = ("crop", "pad", "stretch")
# How much of a collection is held out: of all but the smallest; of large
# ones alone, as in version 0.1.0; or none, as others are named.
# The first two go by the number of images; the others are what they come to.
HOLD_OUT = ("auto", "large", "none", "one_in_20", "one_in_10")
# What a run records of how its images are read, and no setting says.
RECORDED_DATA = ("alpha", "hold_out_also", "level_range", "moved_from")
# Settings that are paths: where a machine has the images and their lists.
PATH_SETTINGS = (
    "image_dir", "held_out_dir", "data_dir", "manual_dir", "exclude", "labels",
)  # fmt: skip
CACHES = ("auto", "memory", "disk", "off")
# What settings call a folder, and images that a program gives; and datasets
# that lie in the package.
_FOLDER, ARRAYS = "image_folder", "arrays"
EMBEDDED = ("mnist_5k", "toy_faces")

# More than any image that is read is long.
_LARGEST_CROP = 2**24
_IN_WORDS = {_FOLDER: "an image folder", ARRAYS: "images that are given"}
_IN_PLACE = "it is read where it lies"
_GIVEN = "they are used as they are"
# Settings that mean nothing to TFDS's datasets, and to each other kind; why.
_UNUSED_OTHERWISE = {"all_pages": "pages are those of a folder's TIFF files"}
_UNUSED = {
    _FOLDER: dict.fromkeys(("data_dir", "manual_dir"), _IN_PLACE),
    **dict.fromkeys(
        EMBEDDED,
        {
            **dict.fromkeys(("data_dir", "manual_dir"), "it is embedded"),
            **_UNUSED_OTHERWISE,
        },
    ),
    ARRAYS: {
        **dict.fromkeys(("data_dir", "manual_dir"), _GIVEN),
        **dict.fromkeys(("split", "exclude", "all_pages"), _GIVEN),
        "condition_on": "their classes are given with them",
    },
}


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Where images come from and how one becomes a training image.

    Attributes:
        dataset: An embedded dataset, `image_folder`, or a TFDS name.
        image_dir: The folder, for `image_folder` only.
        data_dir: Where TFDS keeps prepared datasets; None for its default.
        manual_dir: Where TFDS finds files downloaded by hand.
        split: A TFDS split such as `train` or `train[:80%]`; None for the
            dataset's default.
        crop: Side in pixels of the square cut from an image's centre before
            resizing; 0 for the largest centre crop of the target's aspect.
        fit: Of `FITS`: how an image of another aspect than the target's
            comes to it. `crop` cuts the largest centred part of that aspect,
            `pad` keeps all and fills up with the background, `stretch`
            resizes height and width apart.
        background: Colour (a Pillow name or `#rrggbb`) under transparent
            images and around those that are padded.
        cache: Where decoded images are kept: `memory`, `disk`, `off`, or
            `auto` to choose by size.
        exclude: A text file of image names to leave out, one a line.
        flip: Whether to mirror half the training images left to right.
        folder_splits: Whether an image folder's `train`, `test`, `val`,
            `valid` and `validation` are splits rather than classes. Not in
            runs of version 0.1.0, which keep what they were trained on.
        labels: A table of the labels of an image folder's images; None for
            those of the folder.
        condition_on: Name of one of several attributes, or of a column of
            `labels`: the label that counts. None where there is only one.
        hold_out: How much of an image folder without such splits is held
            out from training: of `HOLD_OUT`. A run records what `auto` came
            to as it started, or images that are added or left out later
            could have it hold out what it was trained on. Runs that don't
            say held out of 1,000 images or more, and keep to it.
        held_out_dir: A folder of other images, to evaluate on in place of
            those held out.
        alpha: Whether images keep their transparency. A `RunConfig` sets it
            by its networks' channels.
        all_pages: Whether each page of a TIFF file is an image.
        level_range: Of images of more than 8 bits, the lowest level,
            and the one that would be 256; None where there are none such,
            or before the collection's is known. Runs that don't say took
            the upper 8 of 16 bits, and keep to it.
        hold_out_also: Names of files held out besides, where chance held out
            too few.
        moved_from: The dataset that a run was trained on, where its images
            are read from elsewhere now; None where they aren't.
    """

    # Those of version 0.1.0 first, in its order: they may be given by position.
    dataset: str = "mnist_5k"
    image_dir: str | None = None
    data_dir: str | None = None
    manual_dir: str | None = None
    split: str | None = None
    crop: int = 0
    background: str = "white"
    cache: str = "auto"
    exclude: str | None = None
    flip: bool = False
    fit: str = "crop"
    folder_splits: bool = True
    labels: str | None = None
    condition_on: str | None = None
    hold_out: str = "auto"
    held_out_dir: str | None = None
    alpha: bool = False
    all_pages: bool = False
    level_range: tuple[float, float] | None = None
    hold_out_also: tuple[str, ...] = ()
    moved_from: str | None = None

    def __post_init__(self):
        # First, since they say what there is.
        check_one_of("cache", self.cache, CACHES)
        check_one_of("fit", self.fit, FITS)
        check_one_of("hold_out", self.hold_out, HOLD_OUT)
        normalize_settings(self)
        check_whole_number("crop", self.crop, 0, _LARGEST_CROP)
        if (self.dataset == _FOLDER) != (self.image_dir is not None):
            raise ValueError(
                f"dataset {self.dataset!r} with image_dir {self.image_dir!r}: "
                "name a dataset or an image folder, not both"
            )
        if self.labels is not None and self.image_dir is None:
            raise ValueError(
                f"labels {self.labels!r} are for an image folder, and dataset "
                f"{self.dataset!r} has its own"
            )
        if self.level_range is not None:
            low, high = self.level_range
            if not low < high:
                raise ValueError(
                    f"level_range is {self.level_range}; the first number is "
                    "the lower one"
                )

    @property
    def trained_dataset(self) -> str:
        """The dataset that was trained on, wherever its images lie now.

        How they are prepared goes by it: a folder of MNIST's digits is
        padded as MNIST is, and a folder's digits aren't where MNIST is
        named for them.
        """
        return self.moved_from or self.dataset


def parse_colour(text: str) -> tuple[int, int, int]:
    """Reads a Pillow colour name or `#rrggbb` as RGB in `[0, 255]`.

    Raises:
        ValueError: If it is no colour.
    """
    try:
        if not isinstance(text, str):
            raise ValueError
        *colour, alpha = (*ImageColor.getrgb(text), 255)[:4]
        if alpha != 255 or not all(0 <= level <= 255 for level in colour):
            raise ValueError
        return tuple(colour)
    except ValueError:
        raise ValueError(
            f"background {text!r} is no colour; use a name such as white or "
            "#rrggbb"
        ) from None


def check_data_settings(dataset: str, given: Mapping[str, Any]) -> None:
    """Refuses settings that mean nothing to a dataset, or nothing at all.

    Runs of version 0.1.0 may have recorded some, so a `DataConfig` takes them.

    Args:
        dataset: Its name, as a `DataConfig` has it.
        given: Settings by name, as a user gave them.

    Raises:
        ValueError: Which names the first of them, and why.
    """
    for setting, reason in _UNUSED.get(dataset, _UNUSED_OTHERWISE).items():
        if given.get(setting):
            raise ValueError(
                f"{setting} {given[setting]!r} means nothing to "
                f"{_IN_WORDS.get(dataset, dataset)}: {reason}; leave it out"
            )
    if given.get("background") is not None:
        parse_colour(given["background"])


def takes_setting(dataset: str, setting: str) -> bool:
    """Whether a setting of data means something to a dataset."""
    return setting not in _UNUSED.get(dataset, _UNUSED_OTHERWISE)


def move_to_folder(data: DataConfig, image_dir: str) -> DataConfig:
    """Returns a run's data where its images lie in a folder now.

    Of arrays and named datasets nothing tells which files of a folder were
    held out: all are taken for training images, whatever the run recorded.

    Args:
        data: The run's.
        image_dir: The folder.
    """
    moved = {"image_dir": image_dir}
    if data.dataset != _FOLDER:
        moved.update(hold_out="none", hold_out_also=())
    return _move(data, _FOLDER, **moved)


def move_to_dataset(data: DataConfig, dataset: str) -> DataConfig:
    """Returns a run's data where a dataset has its images now.

    Args:
        data: The run's.
        dataset: Its name.
    """
    return _move(data, dataset, image_dir=None)


def _move(data: DataConfig, dataset: str, **changes: Any) -> DataConfig:
    origin = data.trained_dataset
    moved_from = None if origin == dataset else origin
    return dataclasses.replace(
        data, dataset=dataset, moved_from=moved_from, **changes
    )


# What runs of earlier versions did that don't say so.
_EARLIER_DATA = {
    "folder_splits": False,
    "level_range": (0, 2**16),
    "hold_out": "large",
}


def read_data_config(values: Mapping[str, Any]) -> DataConfig:
    """Reads what a run's JSON says of its images, of any version."""
    return DataConfig(**{**_EARLIER_DATA, **values})
