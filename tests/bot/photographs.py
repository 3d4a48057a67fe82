"""Pictures for tests, as cameras and drawing programs make them."""

import io
import os
from typing import Any

from PIL import Image
from PIL.Image import Exif

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825
TURNED_RIGHT = 6
"""Held upright by a person whose camera lies on its side."""
CAMERA = "Kokyaku Camera"
PLACE = "N35 40 52"


def a_photograph(width: int = 400, height: int = 300, **how: Any) -> bytes:
    """Return a JPEG: its left half red and its right half blue."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (width // 2, 0, width, height))
    return saved(picture, "JPEG", **({"quality": 95} | how))


def told_by_the_camera(orientation: int = 1) -> Exif:
    """Return what a phone writes into its pictures: how it was held, which it was, and where."""
    told = Exif()
    told[ORIENTATION], told[MAKE] = orientation, CAMERA
    told.get_ifd(GPS)[29] = PLACE
    return told


def a_drawing(width: int = 200, height: int = 100) -> bytes:
    """Return a PNG that one can see through."""
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    picture.paste((200, 30, 30, 255), (20, 20, width - 20, height - 20))
    return saved(picture, "PNG")


def noise(width: int, height: int) -> bytes:
    """Return a PNG that no encoder makes small."""
    return saved(Image.frombytes("RGB", (width, height), os.urandom(width * height * 3)), "PNG")


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    """Return the bytes of a picture."""
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()
