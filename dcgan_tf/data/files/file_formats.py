"""Detects a file's format by its first bytes."""

import os
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image, features

# Enough for a format's signature and for this program's own mark.
START_BYTES = 1_024

NOT_AN_IMAGE = "not an image"
EMPTY = "an empty file"
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG_2000_SIGNATURES = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")
_DICOM_PREAMBLE_BYTES = 128
# Lengths of a BMP file's second header: text may begin with "BM" too.
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
# Canon's raw file is a TIFF with a mark; the DNG version is a TIFF tag.
_CANON_RAW = b"CR"
_DNG_TAGS = (b"\x12\xc6\x01\x00\x04", b"\xc6\x12\x00\x01\x00\x00\x00\x04")
_PNG_BITS_AT = 24  # A channel.
# AVIF and HEIC have a box of how many channels there are and, a byte each,
# their bits; before it come its version and flags.
_PIXELS_BOX = b"pixi\0\0\0\0"

Image.init()  # Here, so that no two threads load the decoders at once.


def _add_heic() -> bool:
    """Lets Pillow read HEIC where the package for that is installed."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return "HEIF" in Image.OPEN


def _is_bmp(start: bytes) -> bool:
    header = int.from_bytes(start[14:18], "little")
    return start.startswith(b"BM") and header in _BMP_HEADERS


def _is_webp(start: bytes) -> bool:
    return start.startswith(b"RIFF") and start[8:12] == b"WEBP"


def is_tiff(start: bytes) -> bool:
    """Whether a file may hold several pages.

    Args:
        start: As for `find_format_fault`.
    """
    return start.startswith(_TIFF_SIGNATURES)


def _is_raw(start: bytes) -> bool:
    return is_tiff(start) and (
        start[8:10] == _CANON_RAW or any(tag in start for tag in _DNG_TAGS)
    )


def _is_dicom(start: bytes) -> bool:
    return start[_DICOM_PREAMBLE_BYTES:].startswith(b"DICM")


def _is_svg(start: bytes) -> bool:
    return b"<svg" in start


class Format(NamedTuple):
    """A format of images, whether it is read or not.

    Attributes:
        name: That users know.
        suffixes: Of files' names. A file of such a name that is no image is a
            broken one; any other lies beside the images: a caption, a table,
            a thumbnail database.
        pillow: Pillow's name; empty where it isn't asked to read any.
        tell: By what a file begins with: signatures, or a function of the
            first bytes; nothing where only its name or a brand tells.
        brands: Of an ISO base media file, which says after `ftyp` what it is.
        is_read: Whether it can be read here.
        how_to: What would have it read, after the advice to convert it.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    pillow: str = ""
    tell: tuple[bytes, ...] | Callable[[bytes], bool] = ()
    brands: tuple[bytes, ...] = ()
    is_read: bool = False
    how_to: str = ""

    def matches(self, start: bytes) -> bool:
        """Whether a file begins so, whatever its brand."""
        if callable(self.tell):
            return self.tell(start)
        return start.startswith(self.tell)


# In the order that files are tried in, also by Pillow. What is read depends on
# how Pillow was built. Its "JPEG" includes MPO, the JPEG and preview in one
# that some cameras write.
FORMATS = (
    Format(
        "JPEG",
        (".jfif", ".jpe", ".jpeg", ".jpg"),
        "JPEG",
        (b"\xff\xd8\xff",),
        is_read=True,
    ),
    Format(
        "PNG",
        (".apng", ".png"),
        "PNG",
        (b"\x89PNG\r\n\x1a\n",),
        is_read=True,
    ),
    Format("GIF", (".gif",), "GIF", (b"GIF8",), is_read=True),
    Format("BMP", (".bmp", ".dib"), "BMP", _is_bmp, is_read=True),
    Format("WebP", (".webp",), "WEBP", _is_webp, is_read=True),
    # Before TIFF, which it is too.
    Format("a camera's raw file", (".cr2", ".dng", ".nef"), tell=_is_raw),
    Format("TIFF", (".tif", ".tiff"), "TIFF", _TIFF_SIGNATURES, is_read=True),
    Format(
        "AVIF",
        (".avif",),
        "AVIF",
        brands=(b"avif", b"avis"),
        is_read="AVIF" in Image.OPEN and features.check("avif"),
    ),
    Format(
        "JPEG 2000",
        (".j2c", ".j2k", ".jp2", ".jpf", ".jpx"),
        "JPEG2000",
        _JPEG_2000_SIGNATURES,
        is_read="JPEG2000" in Image.OPEN and features.check("jpg_2000"),
    ),
    Format(
        "HEIC",
        (".heic", ".heif"),
        "HEIF",
        brands=tuple(b"heic heix heim heis hevc hevx mif1".split()),
        is_read=_add_heic(),
        how_to=", or pip install pillow-heif",
    ),
    Format("DICOM", tell=_is_dicom),
    Format("SVG", (".svg",), tell=_is_svg),
    Format("JPEG XL", (".jxl",), tell=(b"\0\0\0\x0cJXL ", b"\xff\x0a")),
    Format("Photoshop", (".psd",), tell=(b"8BPS",)),
    Format("PDF", tell=(b"%PDF",)),
    Format("OpenEXR", (".exr",)),
    Format("icon", (".ico",)),
    Format("Netpbm", (".pbm", ".pgm", ".pnm", ".ppm")),
    Format("Targa", (".tga",)),
)
_NAMES = [f.name for f in FORMATS if f.is_read]
READABLE = f"{', '.join(_NAMES[:-1])} and {_NAMES[-1]}"
# Pillow's names.
PILLOW_FORMATS = tuple(f.pillow for f in FORMATS if f.pillow in Image.OPEN)
BRANDED_FORMATS = tuple(f.pillow for f in FORMATS if f.brands)
_IMAGE_SUFFIXES = frozenset(s for f in FORMATS for s in f.suffixes)


def find_format_fault(start: bytes) -> str:
    """Returns why a file can't be read as an image, or '' if it may be.

    Args:
        start: The file's first bytes, 1,024 where it has as many.

    Returns:
        Of an image in a format that isn't read, its name and what to do.
    """
    if not start:
        return EMPTY
    found = _find_format(start)
    if found is None:
        return NOT_AN_IMAGE
    if found.is_read:
        return ""
    advice = f"convert it to PNG or JPEG{found.how_to}"
    return f"{found.name}, which is not read; {advice}"


def is_beside(name: str, fault: str) -> bool:
    """Whether a file that is no image doesn't pretend to be one.

    Args:
        name: The file's.
        fault: From `find_format_fault`.
    """
    # A web page or a table may hold drawings in SVG.
    is_none = fault in (NOT_AN_IMAGE, EMPTY) or fault.startswith("SVG")
    return is_none and not has_image_suffix(name)


def has_image_suffix(name: str) -> bool:
    """Whether a file is named as an image, of a format that is read or not."""
    return os.path.splitext(name)[1].lower() in _IMAGE_SUFFIXES


def may_be_deep(start: bytes) -> bool:
    """Whether an image may have levels of more than 8 bits.

    Args:
        start: As for `find_format_fault`.
    """
    if start.startswith(b"\x89PNG"):
        return start[_PNG_BITS_AT : _PNG_BITS_AT + 1] == b"\x10"
    if start[4:8] == b"ftyp":
        _, _, box = start.partition(_PIXELS_BOX)
        return max(box[1 : 1 + box[0]], default=0) > 8 if box else False
    return is_tiff(start) or start.startswith(_JPEG_2000_SIGNATURES)


def _find_format(start: bytes) -> Format | None:
    if start[4:8] == b"ftyp":
        return _find_branded(start)
    return next((f for f in FORMATS if f.matches(start)), None)


def _find_branded(start: bytes) -> Format | None:
    # The brand, a version, and the brands that it is compatible with.
    length = int.from_bytes(start[:4], "big")
    brands = start[8 : max(12, min(length, len(start)))]
    # A file's own brand comes first, before what it is compatible with.
    for part in (brands[:4], brands):
        for found in FORMATS:
            if any(brand in part for brand in found.brands):
                return found
    return None
