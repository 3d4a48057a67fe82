"""Uploaded pictures made ready for LINE: upright, stripped, in three sizes; whatever is no picture is refused with a reason."""

import io
import struct
import zlib
from typing import cast

import pytest
from PIL import Image

from bot.models import PictureSize
from bot.picture_making import SIZES, UPLOAD_MOST, Made, make
from segments.errors import Invalid
from tests.bot.photographs import (
    CAMERA,
    PLACE,
    TURNED_RIGHT,
    a_drawing,
    a_photograph,
    noise,
    saved,
    told_by_the_camera,
)


def opened(made: Made, size: PictureSize = PictureSize.FULL) -> Image.Image:
    picture = Image.open(io.BytesIO(made.files[size]))
    picture.load()
    return picture


def is_about(pixel: object, colour: tuple[int, int, int]) -> bool:
    return all(
        abs(one - other) < 16 for one, other in zip(cast("tuple[int, ...]", pixel), colour, strict=True)
    )


def test_a_photograph_comes_out_in_three_sizes_and_none_is_made_larger() -> None:
    made = make(a_photograph(3000, 1500))
    assert (made.kind, made.width, made.height) == ("jpg", 2048, 1024)
    assert {size: opened(made, size).size for size in PictureSize} == {
        PictureSize.FULL: (2048, 1024),
        PictureSize.CARD: (1024, 512),
        PictureSize.SMALL: (240, 120),
    }
    assert opened(make(a_photograph(90, 60))).size == (90, 60)


def test_nothing_the_camera_wrote_stays_and_the_picture_stands_upright() -> None:
    told = told_by_the_camera(TURNED_RIGHT)
    content = a_photograph(exif=told, comment=b"at home", xmp=b"<x:xmpmeta>who took it</x:xmpmeta>")
    assert CAMERA.encode() in content
    assert PLACE.encode() in content
    made = make(content)
    for each in made.files.values():
        for trace in (b"Exif", CAMERA.encode(), PLACE.encode(), b"at home", b"xmpmeta"):
            assert trace not in each
    picture = opened(made)
    # Turned to the right, what was left is at the top.
    assert picture.size == (300, 400)
    assert is_about(picture.getpixel((150, 50)), (255, 0, 0))
    assert is_about(picture.getpixel((150, 350)), (0, 0, 255))


def test_what_one_can_see_through_stays_so_and_other_pngs_become_jpegs() -> None:
    drawn = make(a_drawing())
    assert (drawn.kind, opened(drawn).mode) == ("png", "RGBA")
    assert opened(drawn).getpixel((0, 0)) == (0, 0, 0, 0)
    solid = make(saved(Image.new("RGBA", (40, 40), (10, 200, 10, 255)), "PNG"))
    assert (solid.kind, opened(solid).mode) == ("jpg", "RGB")


@pytest.mark.parametrize(
    ("mode", "kind", "colour"),
    [("CMYK", "JPEG", (0, 255, 255, 0)), ("P", "PNG", 1), ("L", "PNG", 128), ("I;16", "PNG", 32896)],
)
def test_every_way_to_write_colours_is_read(mode: str, kind: str, colour: int | tuple[int, ...]) -> None:
    made = make(saved(Image.new(mode, (40, 40), colour), kind))
    assert made.kind == "jpg"
    shade = {"CMYK": (255, 0, 0), "P": (0, 0, 0)}.get(mode, (128, 128, 128))
    if mode != "P":
        assert is_about(opened(made).getpixel((20, 20)), shade)


def test_no_size_is_larger_than_line_takes() -> None:
    for content in (noise(1100, 1100), saved(Image.effect_noise((1100, 1100), 90).convert("LA"), "PNG")):
        made = make(content)
        assert all(len(made.files[size]) <= most for size, (_side, most) in SIZES.items())


def a_bomb(width: int, height: int) -> bytes:
    """Return a small PNG that says it is huge."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9999))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture_missing"),
        (b"\xff\xd8\xff" + b"\0" * UPLOAD_MOST, "picture_too_big"),
        ("会員番号,名前\n".encode(), "picture_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "picture_type"),
        (saved(Image.new("RGB", (20, 20)), "GIF"), "picture_type"),
        (saved(Image.new("RGB", (20, 20)), "WEBP"), "picture_type"),
        (a_photograph()[:-900], "picture_broken"),
        (noise(60, 60)[:5000], "picture_broken"),
        (a_bomb(8000, 7000), "picture_too_many_pixels"),
        (a_bomb(12000, 9000), "picture_too_many_pixels"),
        (a_bomb(60000, 60000), "picture_too_many_pixels"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_a_reason(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        make(content)
    assert refused.value.code == code
