"""Detects a file's format by its first bytes."""

import os

from PIL import Image, features

# Enough for a format's signature and for this program's own mark.
START_BYTES = 1_024

Image.init()  # Here, so that no two threads load the decoders at once.


def _add_heic() -> bool:
    """Lets Pillow read HEIC where the package for that is installed."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return "HEIF" in Image.OPEN


# What depends on how Pillow was built, by the names that users know.
_OPTIONAL = {
    "AVIF": "AVIF" in Image.OPEN and features.check("avif"),
    "JPEG 2000": "JPEG2000" in Image.OPEN and features.check("jpg_2000"),
    "HEIC": _add_heic(),
}
_NAMES = ["JPEG", "PNG", "GIF", "BMP", "WebP", "TIFF"]
_NAMES += [name for name, is_read in _OPTIONAL.items() if is_read]
READABLE = f"{', '.join(_NAMES[:-1])} and {_NAMES[-1]}"

# Pillow's names. "JPEG" includes MPO, the JPEG and preview in one that some
# cameras write.
PILLOW_FORMATS = tuple(
    name
    for name in (
        "JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "JPEG2000", "HEIF",
    )
    if name in Image.OPEN
)  # fmt: skip

# A file of such a name that is no image is a broken one; any other lies
# beside the images: a caption, a table, a thumbnail database.
_IMAGE_SUFFIXES = frozenset(
    ".apng .avif .bmp .cr2 .dib .dng .exr .gif .heic .heif .ico .j2c .j2k "
    ".jfif .jp2 .jpe .jpeg .jpf .jpg .jpx .jxl .nef .pbm .pgm .png .pnm .ppm "
    ".psd .svg .tga .tif .tiff .webp".split()
)

NOT_AN_IMAGE = "not an image"
EMPTY = "an empty file"
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG_2000_SIGNATURES = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")
_READABLE_SIGNATURES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF8",
    *_TIFF_SIGNATURES,
)
_OTHERS = {
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"8BPS": "Photoshop",
    b"%PDF": "PDF",
}
# ISO base media files say after `ftyp` what they are.
_BRANDS = {
    "AVIF": (b"avif", b"avis"),
    "HEIC": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1"),
}
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
_HOW_TO = {"HEIC": ", or pip install pillow-heif"}


def find_format_fault(start: bytes) -> str:
    """Returns why a file can't be read as an image, or '' if it may be.

    Args:
        start: The file's first bytes, 1,024 where it has as many.

    Returns:
        Of an image in a format that isn't read, its name and what to do.
    """
    if not start:
        return EMPTY
    if _is_readable(start):
        return ""
    name = _find_other_format(start)
    if _OPTIONAL.get(name):
        return ""
    if name:
        advice = f"convert it to PNG or JPEG{_HOW_TO.get(name, '')}"
        return f"{name}, which is not read; {advice}"
    return NOT_AN_IMAGE


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


def is_tiff(start: bytes) -> bool:
    """Whether a file may hold several pages.

    Args:
        start: As for `find_format_fault`.
    """
    return start.startswith(_TIFF_SIGNATURES)


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


def _is_readable(start: bytes) -> bool:
    if start.startswith(b"BM"):
        return int.from_bytes(start[14:18], "little") in _BMP_HEADERS
    if start.startswith(b"RIFF"):
        return start[8:12] == b"WEBP"
    return start.startswith(_READABLE_SIGNATURES) and not _is_raw(start)


def _is_raw(start: bytes) -> bool:
    return is_tiff(start) and (
        start[8:10] == _CANON_RAW or any(tag in start for tag in _DNG_TAGS)
    )


def _find_other_format(start: bytes) -> str:
    """Names a format that Pillow may not read, or ''."""
    if start[4:8] == b"ftyp":
        # The brand, a version, and the brands that it is compatible with.
        length = int.from_bytes(start[:4], "big")
        brands = start[8 : max(12, min(length, len(start)))]
        # A file's own brand comes first, before what it is compatible with.
        for part in (brands[:4], brands):
            for name, codes in _BRANDS.items():
                if any(code in part for code in codes):
                    return name
        return ""
    if start.startswith(_JPEG_2000_SIGNATURES):
        return "JPEG 2000"
    if _is_raw(start):
        return "a camera's raw file"
    if start[_DICOM_PREAMBLE_BYTES:].startswith(b"DICM"):
        return "DICOM"
    if b"<svg" in start:
        return "SVG"
    return next(
        (name for code, name in _OTHERS.items() if start.startswith(code)), ""
    )
