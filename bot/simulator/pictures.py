"""The picture a simulated friend sends: a small PNG made of one colour gradient."""

import struct
import zlib
from functools import lru_cache


@lru_cache(maxsize=1)
def camera_picture() -> bytes:
    """120 × 90 pixels of evening sky."""
    return png(120, 90)


def png(width: int, height: int) -> bytes:
    """An RGB PNG of `width` × `height` pixels."""
    rows = b"".join(b"\0" + bytes((90 + y % 120, 140, 220 - y % 160)) * width for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
