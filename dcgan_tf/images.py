"""Images: scaling between uint8 and [-1, 1], grids, PNG and GIF files.

The only place where pixels are scaled to [-1, 1] and back, and where values
are rounded to levels. Every file bears a mark, by which `data` knows this
program's own output among a folder's images.
"""

import io
import numbers
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, PngImagePlugin

from dcgan_tf import scratch
from dcgan_tf.config.ranges import check_one_of, check_whole_number
from dcgan_tf.given_path import resolve_path

# What the files written here say of themselves: of one generated image, and
# of what is made of several (grids, contact sheets, figures, animations).
FILE_MARKS = {"sample": "dcgan_tf (sample)", "sheet": "dcgan_tf (sheet)"}

# Values beyond this are no images in [-1, 1] that overshot in a resize.
MAX_UNIT_VALUE = 1.5
# Only pixels that weren't scaled reach this: images that are augmented, and
# those of networks whose last layer has no bounds, go beyond the value above.
_LEAST_PIXEL_VALUE = 16.0

_HALF_RANGE = 127.5
# What lies between two levels of a pixel, in [-1, 1].
LEVEL_STEP = 1 / _HALF_RANGE
_GIF_FRAME_MILLISECONDS = 125
_LONGEST_MILLISECONDS = 655_350  # A GIF has 16 bits for hundredths of seconds.
_FIGURE_DPI = 120
_CHANNEL_COUNTS = (1, 3, 4)
# The ground under transparent images: its two greys, and its squares.
_CHECKS = (204, 255)
_CHECKS_PER_SIDE = 8


def to_float(images: tf.Tensor) -> tf.Tensor:
    """Scales uint8 images to float32 in `[-1, 1]`, tanh's range.

    Args:
        images: uint8 (or float in `[0, 255]`), of any shape.

    Returns:
        float32 of the same shape; 0 becomes -1 and 255 becomes 1.
    """
    return tf.cast(images, tf.float32) / _HALF_RANGE - 1.0


def to_uint8(images: tf.Tensor) -> tf.Tensor:
    """Scales float images in `[-1, 1]` to uint8; inverts `to_float`.

    Args:
        images: Floating point, of any shape; values outside are clipped.

    Returns:
        uint8 of the same shape, rounded to the nearest level.

    Raises:
        ValueError: If they are integers, which may be uint8 already.
    """
    images = tf.convert_to_tensor(images)
    if not images.dtype.is_floating:
        raise ValueError(
            f"to_uint8 takes float images in [-1, 1], got {images.dtype.name}; "
            "uint8 ones need no scaling"
        )
    return round_to_uint8((tf.cast(images, tf.float32) + 1.0) * _HALF_RANGE)


def round_to_uint8(levels: tf.Tensor) -> tf.Tensor:
    """Rounds float levels in `[0, 255]`, as filters leave them, to uint8.

    Args:
        levels: float32 of any shape; values outside are clipped.

    Returns:
        uint8 of the same shape, the nearest level.
    """
    return tf.cast(tf.clip_by_value(tf.round(levels), 0.0, 255.0), tf.uint8)


def check_float_images(
    images: tf.Tensor, taker: str, may_be_latents: bool = False
) -> None:
    """Refuses pixels where images in `[-1, 1]` are expected, and no images.

    Keras casts uint8 pixels in `[0, 255]` to floats without a word. While a
    graph is traced, dtype and static shape are looked at alone, which costs
    nothing per step; of values that are there, their range too.

    Args:
        images: A tensor or array, its first axis the batch.
        taker: What takes them, for the message.
        may_be_latents: Whether values beyond the range are none of pixels.

    Raises:
        ValueError: If the dtype isn't floating point, the batch is known
            to be empty, or values are beyond 16, as those of pixels are.
    """
    dtype = tf.as_dtype(images.dtype)
    if not dtype.is_floating:
        raise ValueError(
            f"{taker} takes float images in [-1, 1], got {dtype.name}; scale "
            "pixels in [0, 255] by dcgan_tf.images.to_float"
        )
    if images.shape[0] == 0:
        raise ValueError(f"{taker} takes at least one image, got none")
    has_values = tf.executing_eagerly() and tf.is_tensor(images)
    if may_be_latents or not has_values and not isinstance(images, np.ndarray):
        return
    low, high = float(tf.reduce_min(images)), float(tf.reduce_max(images))
    if max(-low, high) > _LEAST_PIXEL_VALUE:
        raise ValueError(
            f"{taker} takes float images in [-1, 1], got {dtype.name} from "
            f"{low:g} to {high:g}; scale pixels in [0, 255] by "
            "dcgan_tf.images.to_float"
        )


def check_uint8_images(images: np.ndarray, taker: str) -> None:
    """Refuses floats where uint8 images are expected, and no images.

    Args:
        images: A tensor or array, its first axis the batch.
        taker: What takes them, for the message.

    Raises:
        ValueError: If the dtype isn't uint8, or the batch is empty.
    """
    dtype = tf.as_dtype(images.dtype)
    if dtype != tf.uint8:
        raise ValueError(
            f"{taker} takes uint8 images, got {dtype.name}; scale images in "
            "[-1, 1] by dcgan_tf.images.to_uint8"
        )
    if images.shape[0] == 0:
        raise ValueError(f"{taker} takes at least one image, got none")


def make_grid(
    images: np.ndarray, num_columns: int | None = None, padding: int = 2
) -> np.ndarray:
    """Tiles images row by row on a white sheet.

    Args:
        images: uint8 `(count, height, width, channels)`, at least one, of
            1, 3 or 4 channels. Of RGBA, each lies on a chequered ground.
        num_columns: Images in a row, 1 or more; None for the most nearly
            square grid.
        padding: White pixels around every image, 0 or more.

    Returns:
        uint8 `(grid_height, grid_width, channels)`; of RGBA, RGB.

    Raises:
        ValueError: If `images` aren't such, or there are none, or another
            number is too small.
    """
    images = np.asarray(images)
    if images.ndim != 4 or not _are_pixels(images):
        raise ValueError(
            f"images are {images.dtype} {images.shape}; a grid takes uint8 "
            "(count, height, width, channels), at least one image of 1, 3 or "
            f"4 channels{_advise(images)}"
        )
    images = lay_on_checks(images)
    count, height, width, channels = images.shape
    if num_columns is None:
        num_columns = int(np.ceil(np.sqrt(count)))
    num_columns = min(check_whole_number("num_columns", num_columns, 1), count)
    padding = check_whole_number("padding", padding, 0)
    num_rows = -(-count // num_columns)
    cell_height, cell_width = height + padding, width + padding
    sheet = np.full(
        (
            num_rows * cell_height + padding,
            num_columns * cell_width + padding,
            channels,
        ),
        255,
        np.uint8,
    )
    for index, image in enumerate(images):
        row, column = divmod(index, num_columns)
        top = row * cell_height + padding
        left = column * cell_width + padding
        sheet[top : top + height, left : left + width] = image
    return sheet


def lay_on_checks(images: np.ndarray) -> np.ndarray:
    """Lays RGBA images on the light grey checks that stand for nothing.

    Args:
        images: uint8 `(..., height, width, channels)`.

    Returns:
        uint8 `(..., height, width, 3)`; images of other channels as they
        are.
    """
    if images.shape[-1] != 4:
        return images
    height, width = images.shape[-3:-1]
    side = max(1, min(height, width) // _CHECKS_PER_SIDE)
    rows, columns = np.indices((height, width)) // side
    ground = np.where((rows + columns) % 2, *_CHECKS)[..., None]
    alpha = images[..., 3:].astype(np.int32)
    mixed = images[..., :3] * alpha + ground * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def save_png(
    path: str | os.PathLike, image: np.ndarray, kind: str = "sheet"
) -> None:
    """Writes an image as a PNG file.

    The file is written atomically, so that an image is never read
    half written.

    Args:
        path: The file.
        image: uint8 `(height, width, channels)` of 1, 3 or 4 channels, or
            `(height, width)`.
        kind: One of `FILE_MARKS`: `sample` for one generated image, which
            may be trained on where a folder of such is named.

    Raises:
        ValueError: If the image isn't such, or there is no such kind.
    """
    path = Path(resolve_path(path, "path"))
    check_one_of("kind", kind, tuple(FILE_MARKS))
    mark = PngImagePlugin.PngInfo()
    mark.add_text("Software", FILE_MARKS[kind])
    encoded = io.BytesIO()
    _to_pillow(_check_image(image, "a PNG file")).save(
        encoded, format="PNG", pnginfo=mark
    )
    with scratch.new_folder(path.parent):
        scratch.save_bytes(path, encoded.getvalue())


def save_figure(path: str | os.PathLike, figure) -> None:
    """Writes a Matplotlib figure atomically as a PNG file."""
    encoded = io.BytesIO()
    figure.savefig(
        encoded,
        dpi=_FIGURE_DPI,
        format="png",
        metadata={"Software": FILE_MARKS["sheet"]},
    )
    scratch.save_bytes(path, encoded.getvalue())


def load_png(path: str | os.PathLike) -> np.ndarray:
    """Reads a PNG file as uint8 `(height, width, channels)`."""
    with Image.open(path) as image:
        array = np.asarray(image)
    return array[..., None] if array.ndim == 2 else array


def save_gif(
    path: str | os.PathLike,
    frames: Iterable[np.ndarray],
    frame_milliseconds: int = _GIF_FRAME_MILLISECONDS,
) -> None:
    """Writes images of one size as a GIF that repeats without end.

    Args:
        path: The file.
        frames: At least one; each uint8 `(height, width, channels)` of 1, 3
            or 4 channels, or `(height, width)`. A GIF's pixel is opaque or
            not there at all, so RGBA lies on checks.
        frame_milliseconds: How long each is shown, 0 to 655,350.

    Raises:
        ValueError: If there are no frames, or one isn't such or of another
            shape than the first, or the time is another.
    """
    path = Path(resolve_path(path, "path"))
    if not (
        isinstance(frame_milliseconds, numbers.Real)
        and 0 <= frame_milliseconds <= _LONGEST_MILLISECONDS
    ):
        raise ValueError(
            f"frame_milliseconds is {frame_milliseconds!r}; use a number from "
            f"0 to {_LONGEST_MILLISECONDS:,}"
        )
    images = [_check_image(frame, "a GIF's frame") for frame in frames]
    if not images:
        raise ValueError("a GIF takes at least one frame, got none")
    shapes = list(dict.fromkeys(image.shape for image in images))
    if len(shapes) > 1:
        raise ValueError(
            f"frames are {shapes[0]} and {shapes[1]}; a GIF takes frames of "
            "one shape"
        )
    first, *others = [_to_pillow(lay_on_checks(image)) for image in images]
    encoded = io.BytesIO()
    first.save(
        encoded,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=frame_milliseconds,
        loop=0,
        comment=FILE_MARKS["sheet"].encode(),
    )
    with scratch.new_folder(path.parent):
        scratch.save_bytes(path, encoded.getvalue())


def _check_image(image: np.ndarray, taker: str) -> np.ndarray:
    """Returns an image with a channel axis, or refuses it."""
    given = np.asarray(image)
    # First of all: the width of a grey image is no number of channels.
    image = given[..., None] if given.ndim == 2 else given
    if image.ndim != 3 or not _are_pixels(image):
        raise ValueError(
            f"the image is {given.dtype} {given.shape}; {taker} takes uint8 "
            "(height, width, channels) of 1, 3 or 4 channels, or (height, "
            f"width){_advise(given)}"
        )
    return image


def _are_pixels(images: np.ndarray) -> bool:
    is_uint8 = images.dtype == np.uint8 and images.size > 0
    return is_uint8 and images.shape[-1] in _CHANNEL_COUNTS


def _advise(images: np.ndarray) -> str:
    """Says how floats become pixels, as G's own images are floats."""
    if not np.issubdtype(images.dtype, np.floating):
        return ""
    return "; scale images in [-1, 1] by dcgan_tf.images.to_uint8"


def _to_pillow(image: np.ndarray) -> Image.Image:
    """Pillow takes grey images without a channel axis."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
