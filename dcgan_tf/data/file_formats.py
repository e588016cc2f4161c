"""Detects a file's format by its first bytes."""

# Enough for a format's signature and for this program's own mark.
START_BYTES = 1_024

READABLE = "JPEG, PNG, GIF, BMP and WebP"

_READABLE_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM")
_OTHERS = {
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"8BPS": "Photoshop",
    b"%PDF": "PDF",
}
# ISO base media files say after `ftyp` what they are.
_BRANDS = {
    "AVIF": (b"avif", b"avis"),
    "HEIC": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1"),
}
_DICOM_PREAMBLE_BYTES = 128


def find_format_fault(start: bytes) -> str:
    """Returns why a file can't be read as an image, or '' if it may be.

    Args:
        start: The file's first bytes, 1,024 where it has as many.

    Returns:
        Of an image in a format that isn't read, its name and what to do.
    """
    if start.startswith(_READABLE_SIGNATURES):
        return ""
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return ""
    name = _find_other_format(start)
    if name:
        return f"{name}, which is not read; convert it to PNG or JPEG"
    return "not an image"


def _find_other_format(start: bytes) -> str:
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
    if start[_DICOM_PREAMBLE_BYTES:].startswith(b"DICM"):
        return "DICOM"
    if b"<svg" in start:
        return "SVG"
    return next(
        (name for code, name in _OTHERS.items() if start.startswith(code)), ""
    )
