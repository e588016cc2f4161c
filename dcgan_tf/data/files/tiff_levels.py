"""Reads a TIFF file's levels as its tags say, where Pillow doesn't."""

import numpy as np
from PIL import Image

_BITS = 258  # Of each channel.
_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0
_SAMPLE_FORMAT = 339
_UNSIGNED, _SIGNED = 1, 2
# What is compressed comes in the machine's own order of bytes; Pillow knows
# that of levels without a sign alone.
_NATIVE = {"I;16BS": "I;16NS", "I;32BS": "I;32NS", "F;32BF": "F;32NF"}


def correct_tiles(image: Image.Image) -> None:
    """Has an image's bytes taken for levels as they are.

    Pillow would take each byte of an uncompressed TIFF's for a level where
    channels of 16 bits lie after each other.
    """
    if image.format != "TIFF" or _BITS not in image.tag_v2:
        return
    order = "B" if image.tag_v2.prefix == b"MM" else "L"
    is_deep = max(image.tag_v2[_BITS]) == 16

    def correct(tile):
        mode, *others = tile.args
        if tile.codec_name == "libtiff":
            mode = _NATIVE.get(mode, mode)
        elif tile.codec_name == "raw" and is_deep and mode in tuple("RGBA"):
            mode = f"{mode};16{order}"
        return tile._replace(args=(mode, *others))

    image.tile = [correct(tile) for tile in image.tile]


def has_signed_bytes(image: Image.Image) -> bool:
    """Whether an image is grey of -128 to 127, which Pillow has as 0 to 255."""
    if image.format != "TIFF" or image.mode != "L":
        return False
    tags = image.tag_v2
    return tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))[0] == _SIGNED


def correct_levels(image: Image.Image, levels: np.ndarray) -> np.ndarray:
    """Returns levels with their own sign, the brightest as the highest.

    Args:
        image: Of which they are; as it was opened.
        levels: As Pillow gives them: of 32 bits always with a sign, of 8
            never, and of more than 8 not inverted where white is 0.
    """
    if image.format != "TIFF":
        return levels
    tags = image.tag_v2
    is_unsigned = tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))[0] == _UNSIGNED
    if has_signed_bytes(image):
        levels = levels.view(np.int8)
    elif is_unsigned and tags.get(_BITS, (1,))[0] == 32:
        levels = levels.view(np.uint32)
    if tags.get(_PHOTOMETRIC) != _WHITE_IS_ZERO:
        return levels
    if levels.dtype.kind in "iu":
        return ~levels  # The same distance from the other end of its type.
    # Black is at 1 in reals. Wider, so that small differences stay.
    return 1 - levels.astype(np.float64)
