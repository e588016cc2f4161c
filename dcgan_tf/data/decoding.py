"""Decodes image files of any common format to upright RGB."""

import os
import warnings

import numpy as np
from PIL import Image, ImageOps

from dcgan_tf.data.preprocess import parse_colour

# Anything that claims more is refused before its pixels take memory.
MAX_PIXELS = 100_000_000

# "JPEG" includes MPO, the JPEG and preview in one that some cameras write.
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
_ORIENTATION = 0x0112

Image.init()  # Here, so that no two threads load the decoders at once.

# Pillow warns about sizes well under the limit that is checked here.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class UnreadableError(ValueError):
    """The file can't be decoded as an image; the message says why."""


class LostError(UnreadableError):
    """The file can't be read from the file system, whatever it holds."""


def decode_file(path: str | os.PathLike, background: str) -> np.ndarray:
    """Decodes an image: the first frame, upright, without transparency.

    JPEG (grey, RGB, CMYK), PNG (also palette and 16-bit), GIF, BMP and WebP.
    EXIF orientation is applied. Of 16 bits the upper 8 are kept.

    Args:
        path: A regular file.
        background: Colour under transparent pixels.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        UnreadableError: If the file is no image, broken, truncated or
            claims more than `MAX_PIXELS`; a `LostError` if it can't be
            opened or read at all.
    """
    try:
        with Image.open(path, formats=_FORMATS) as image:
            _check_size(image)
            return np.asarray(_to_rgb(_turn_upright(image), background))
    except UnreadableError:
        raise
    except Image.UnidentifiedImageError:
        raise UnreadableError("not an image that can be read") from None
    except OSError as error:
        if error.errno is not None:  # The system's error, not Pillow's.
            raise LostError(error.strerror or str(error)) from None
        raise UnreadableError(f"{error}") from None
    # Pillow's decoders raise nearly anything on a hostile file.
    except Exception as error:
        raise UnreadableError(f"{error}" or type(error).__name__) from None


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableError(
            f"claims {width}x{height} pixels, more than {MAX_PIXELS:,}"
        )


def _turn_upright(image: Image.Image) -> Image.Image:
    try:
        is_turned = image.getexif().get(_ORIENTATION, 1) != 1
    except Exception:  # A broken EXIF block doesn't spoil the image.
        return image
    return ImageOps.exif_transpose(image) if is_turned else image


def _to_rgb(image: Image.Image, background: str) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel, however stored.
        levels = np.asarray(image).astype(np.int64) >> 8
        image = Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        colour = parse_colour(background)
        sheet = Image.new("RGBA", image.size, (*colour, 255))
        image = Image.alpha_composite(sheet, image.convert("RGBA"))
    return image.convert("RGB")
