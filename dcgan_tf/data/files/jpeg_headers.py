"""Reads JPEG and JPEG 2000 files' headers, for what Pillow doesn't tell."""

from typing import BinaryIO

# A JPEG file's segments: frames that are decoded scan by scan, or are of
# kinds that Pillow reads all the same; starts of a frame and of a scan.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL_FRAMES = (0xC0, 0xC1)
_SCAN = 0xDA
# A JPEG 2000's codestream begins with its sizes, after boxes of which one may
# hold a colour profile.
_JPEG_2000_SIZES = b"\xff\x4f\xff\x51"
_JPEG_2000_HEADER_BYTES = 2**20


def has_one_scan(file: BinaryIO) -> bool:
    """Whether a JPEG's first image is sequential, its first scan complete."""
    position = file.tell()
    try:
        file.seek(2)
        num_components = None
        while True:
            marker, kind = file.read(2)
            if marker != 0xFF:
                return False
            length = int.from_bytes(file.read(2), "big")
            contents = file.read(length - 2)
            if kind in _FRAMES:
                num_components = contents[5]
                if kind not in _SEQUENTIAL_FRAMES:
                    return False
            elif kind == _SCAN:
                return contents[0] == num_components
    except (ValueError, IndexError):  # Cut off, or filled with 0xFF.
        return False
    finally:
        file.seek(position)


def count_jpeg_2000_bits(file: BinaryIO) -> int:
    """Reads the bits of the deepest channel from a JPEG 2000's header."""
    file.seek(0)
    start = file.read(_JPEG_2000_HEADER_BYTES)
    sizes = start[start.index(_JPEG_2000_SIZES) + len(_JPEG_2000_SIZES) :]
    num_channels = int.from_bytes(sizes[36:38], "big")
    # Of each a byte of bits less one, and two of how it is subsampled.
    depths = sizes[38 : 38 + 3 * num_channels : 3]
    return max((depth & 0x7F) + 1 for depth in depths)
