"""Decodes image files of any common format to upright RGB or RGBA."""

import contextlib
import os
import struct
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps

from dcgan_tf.config import parse_colour
from dcgan_tf.data.files.file_formats import (
    BRANDED_FORMATS,
    PILLOW_FORMATS,
    START_BYTES,
    may_be_deep,
)
from dcgan_tf.data.files.jpeg_headers import (
    count_jpeg_2000_bits,
    has_one_scan,
)
from dcgan_tf.data.files.level_range import UPPER_BYTE, LevelRange, scale_levels
from dcgan_tf.data.files.tiff_levels import (
    correct_levels,
    correct_tiles,
    has_signed_bytes,
)

# What claims more is refused before its pixels take memory.
MAX_PIXELS = 100_000_000

# JPEG files of more are decoded at a half, a quarter or an eighth of their
# size, down to no less than this side: twice the networks' largest image.
_LARGE_PIXELS = 25_000_000
_LEAST_SIDE = 512

_ORIENTATION = 0x0112
_PREFIX_BYTES = 16

# What Pillow's readers raise on a file of another format.
_OTHER_FORMAT_ERRORS = (SyntaxError, IndexError, TypeError, struct.error)


class UnreadableError(ValueError):
    """The file can't be decoded as an image; the message says why."""


class LostError(UnreadableError):
    """The file can't be read from the file system, whatever it holds."""


def decode_file(
    file: str | os.PathLike | BinaryIO,
    background: str,
    *,
    level_range: LevelRange = UPPER_BYTE,
    page: int = 0,
    crop: int = 0,
    alpha: bool = False,
) -> np.ndarray:
    """Decodes an image: one page or frame, upright.

    All formats of `file_formats.READABLE`, in any mode. EXIF orientation is
    applied. A JPEG of over 25 million pixels is decoded at a half, a quarter
    or an eighth of its size.

    Args:
        file: A regular file's path, or an open file.
        background: Colour under transparent pixels.
        level_range: By which grey of 16 or 32 bits becomes one of 8, and
            colour of 16 bits in PNG. Of other files' colour, and of opacity,
            the upper 8 bits are kept.
        page: Of a TIFF file, from 0.
        crop: Side in pixels, at full size, of what will be cut from the
            centre; of an image decoded at less, it is cut here.
        alpha: Whether transparency is kept, not laid over the background.

    Returns:
        uint8 `(height, width, 3)`, or `(height, width, 4)` with alpha.

    Raises:
        UnreadableError: If the file is no image, broken, truncated or
            would take the memory of more than `MAX_PIXELS`; a `LostError`
            if it can't be opened or read at all.
    """
    with _open(file, page) as (image, scale):
        if _has_deep_colour(image):
            image = _scale_colour(image, level_range)
        elif (levels := _get_levels(image)) is not None:
            image = _scale_grey(levels, level_range, image.info)
        else:
            image = _turn_upright(image)
        if crop and scale > 1:
            image = _cut_centre(image, -(-crop // scale))
        if alpha:
            return np.asarray(image.convert("RGBA"))
        return np.asarray(_to_rgb(image, background))


def decode_levels(
    file: str | os.PathLike | BinaryIO, page: int = 0
) -> np.ndarray | None:
    """Decodes an image of more than 8 bits a level, before any scaling.

    Args:
        file: As for `decode_file`.
        page: As for `decode_file`.

    Returns:
        Integers or reals `(height, width)`, or of colour in PNG `(height,
        width, channels)`; of a TIFF's 8 bits those with a sign too. None if
        it is another image.

    Raises:
        UnreadableError: As of `decode_file`.
    """
    with _open(file, page) as (image, _):
        if _has_deep_colour(image):
            return _read_deep_colour(image)[0]
        return _get_levels(image)


def keeps_upper_byte(file: str | os.PathLike | BinaryIO, page: int = 0) -> bool:
    """Whether an image's colours have bits beyond 8 that no decoder gives.

    Raises:
        UnreadableError: As of `decode_file`.
    """
    with _open(file, page) as (image, _):
        if image.format == "JPEG2000":
            is_grey = image.mode.startswith("I")
            return not is_grey and count_jpeg_2000_bits(image.fp) > 8
        if image.format in BRANDED_FORMATS:
            image.fp.seek(0)
            return may_be_deep(image.fp.read(START_BYTES))
        return _is_read_by_upper_byte(image) and not _has_deep_colour(image)


def count_pages(file: str | os.PathLike | BinaryIO) -> int:
    """Counts a TIFF file's pages; what can't be read has one.

    Raises:
        LostError: If the file can't be opened.
    """
    try:
        with _open(file) as (image, _):
            return getattr(image, "n_frames", 1)
    except LostError:
        raise
    except UnreadableError:
        return 1


@contextlib.contextmanager
def _open(
    file: str | os.PathLike | BinaryIO, page: int = 0
) -> Iterator[tuple[Image.Image, int]]:
    """Opens an image that isn't too large; gives its reduction too.

    Whatever goes wrong up to the end of the block is an `UnreadableError`.
    """
    try:
        with contextlib.ExitStack() as stack:
            if not hasattr(file, "read"):
                file = stack.enter_context(open(file, "rb"))
            image = stack.enter_context(_identify(file))
            if page:
                image.seek(page)
            correct_tiles(image)
            _scale_transparent_grey(image)
            scale = _reduce_large(image, file)
            _check_size(image)
            yield image, scale
    except UnreadableError:
        raise
    except OSError as error:
        if error.errno is not None:  # The system's error, not Pillow's.
            raise LostError(error.strerror or str(error)) from None
        raise UnreadableError(f"{error}") from None
    # Pillow's decoders raise nearly anything on a hostile file.
    except Exception as error:
        raise UnreadableError(f"{error}" or type(error).__name__) from None


def _identify(file: BinaryIO) -> Image.Image:
    """Opens an image as `Image.open` does, but for that one's size check.

    It warns of, and refuses, sizes that are checked here otherwise, and
    only for the whole process could it be told not to.
    """
    prefix = file.read(_PREFIX_BYTES)
    for name in PILLOW_FORMATS:
        factory, accept = Image.OPEN[name]
        is_accepted = accept is None or accept(prefix)
        # A text says why a format can't be read here.
        if isinstance(is_accepted, str) or not is_accepted:
            continue
        file.seek(0)
        try:
            return factory(file, "")
        except _OTHER_FORMAT_ERRORS:
            continue
    raise UnreadableError("not an image that can be read")


def _scale_transparent_grey(image: Image.Image) -> None:
    """Has a grey that is transparent found among levels of 2 and 4 bits.

    Pillow scales a PNG's levels to 8 bits, and not this one of its levels.
    """
    if image.format != "PNG" or "transparency" not in image.info:
        return
    for bits in (2, 4):
        if any(tile.args == f"L;{bits}" for tile in image.tile):
            largest = 2**bits - 1
            # Of two bytes, the lower bits alone count.
            level = image.info["transparency"] & largest
            image.info["transparency"] = level * 255 // largest


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableError(
            f"claims {width}x{height} pixels, more than {MAX_PIXELS:,}"
        )


def _reduce_large(image: Image.Image, file: BinaryIO) -> int:
    """Has a large JPEG decoded at 1/2, 1/4 or 1/8; returns the divisor.

    One that comes in several scans, such as a progressive one, takes memory
    for all of its coefficients at any scale.
    """
    width, height = image.size
    if image.format not in ("JPEG", "MPO") or width * height <= _LARGE_PIXELS:
        return 1
    if width * height > MAX_PIXELS and not has_one_scan(file):
        return 1
    scale = 1
    while scale < 8 and width * height > _LARGE_PIXELS * scale**2:
        is_small = min(width, height) < 2 * scale * _LEAST_SIDE
        if is_small and width * height <= MAX_PIXELS * scale**2:
            break
        scale *= 2
    image.draft(None, (width // scale, height // scale))
    return round(width / image.width)


def _get_levels(image: Image.Image) -> np.ndarray | None:
    """Returns the levels of grey of over 8 bits, or signed ones, upright."""
    if not image.mode.startswith(("I", "F")) and not has_signed_bytes(image):
        return None
    return correct_levels(image, np.asarray(_turn_upright(image)))


def _scale_grey(
    levels: np.ndarray, level_range: LevelRange, info: Mapping[str, Any]
) -> Image.Image:
    """Returns grey, without opacity at the level that a PNG says, if any."""
    grey = Image.fromarray(scale_levels(levels, level_range))
    transparent = info.get("transparency")
    if not isinstance(transparent, int):
        return grey
    opacity = np.where(levels == transparent, 0, 255).astype(np.uint8)
    return Image.merge("LA", (grey, Image.fromarray(opacity)))


def _is_read_by_upper_byte(image: Image.Image) -> bool:
    """Whether Pillow takes the upper byte: of 16 bits in any colour."""
    is_deep = any(";16" in str(tile.args) for tile in image.tile)
    return is_deep and not image.mode.startswith(("I", "F"))


def _has_deep_colour(image: Image.Image) -> bool:
    """Whether TensorFlow gives all bits of colours that Pillow cuts."""
    return image.format == "PNG" and _is_read_by_upper_byte(image)


def _read_deep_colour(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Returns levels and opacity, uint16 `(height, width, channels)` both."""
    import tensorflow as tf  # Importing it takes seconds; few files need it.

    image.fp.seek(0)
    num_channels = 4 if image.has_transparency_data else 3
    contents = image.fp.read()
    try:
        pixels = tf.io.decode_png(contents, num_channels, tf.uint16).numpy()
    except tf.errors.InvalidArgumentError:  # Pages, with sizes in them.
        raise UnreadableError("broken or truncated PNG data") from None
    return pixels[..., :3], pixels[..., 3:]


def _scale_colour(image: Image.Image, level_range: LevelRange) -> Image.Image:
    levels, opacity = _read_deep_colour(image)
    scaled = [
        scale_levels(levels, level_range), scale_levels(opacity, UPPER_BYTE)
    ]  # fmt: skip
    turned = Image.fromarray(np.concatenate(scaled, axis=-1))
    # It may stand behind the pixels, which were read already.
    image.fp.seek(0)
    orientation = _identify(image.fp).getexif().get(_ORIENTATION, 1)
    turned.getexif()[_ORIENTATION] = orientation
    return ImageOps.exif_transpose(turned)


def _turn_upright(image: Image.Image) -> Image.Image:
    try:
        image.load()  # TIFF files are turned by this.
        is_turned = image.getexif().get(_ORIENTATION, 1) != 1
    except OSError:
        raise
    except Exception:  # A broken EXIF block doesn't spoil the image.
        return image
    return ImageOps.exif_transpose(image) if is_turned else image


def _cut_centre(image: Image.Image, side: int) -> Image.Image:
    width, height = min(side, image.width), min(side, image.height)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _to_rgb(image: Image.Image, background: str) -> Image.Image:
    if image.has_transparency_data:
        colour = parse_colour(background)
        sheet = Image.new("RGBA", image.size, (*colour, 255))
        image = Image.alpha_composite(sheet, image.convert("RGBA"))
    return image.convert("RGB")
