"""Draws a rich menu's picture, and checks one that an operator brings: LINE takes PNG or JPEG of at most 1 MB."""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from bot.line.menu_areas import Area
from bot.line.menu_icons import ICONS, Pen
from bot.line.menu_layouts import WIDTH, Cell, Layout
from segments.errors import Invalid

BYTES_MOST = 1024 * 1024
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}
FONT = "NotoSansJP-Regular.otf"
"""Out of a wheel: a picture looks the same on every machine, and never has boxes for letters."""
_LINE_LETTERS = 9
"""Letters as wide as they are high that stand in one line; more of them take two."""
_BREAKS = " \u3000・"


@dataclass(frozen=True)
class Palette:
    """Colours of a menu; each pair of ink and paper has a contrast of at least 4.5 to 1."""

    paper: str
    paper_beside: str
    ink: str
    line: str


PALETTES = {
    "green": Palette("#0b6b4f", "#0a5f46", "#ffffff", "#e4f2ec"),
    "navy": Palette("#1f3a5f", "#1a3152", "#ffffff", "#d6e0ee"),
    "brown": Palette("#5c3d2e", "#523627", "#fff8f0", "#e8d9cc"),
    "wine": Palette("#7a1f3d", "#6c1a35", "#ffffff", "#f3d9e1"),
    "cream": Palette("#fff7e6", "#ffefd1", "#4a3410", "#c9a35a"),
    "white": Palette("#ffffff", "#f3f5f4", "#1d2733", "#9aa5b1"),
    "black": Palette("#1b1b1b", "#262626", "#f2d58a", "#8a7440"),
}
"""By name; `black` with its gold is for the best customers."""


def drawn(layout: Layout, areas: Sequence[Area], palette: Palette, width: int = WIDTH) -> bytes:
    """Return the picture as PNG, `width` pixels wide."""
    scale = min(1.0, 2 * width / WIDTH)
    size = (round(WIDTH * scale), round(layout.height * scale))
    picture = Image.new("RGB", size, palette.paper)
    draw = ImageDraw.Draw(picture)
    for number, (cell, area) in enumerate(zip(layout.cells, areas, strict=True)):
        _draw_area(draw, cell, area, palette, scale, beside=number % 2 == 1)
    if picture.width != width:
        picture = picture.resize((width, round(layout.height * width / WIDTH)), Image.Resampling.LANCZOS)
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    # A few colours and their edges: a palette of 128 loses nothing one could see, and a third of the bytes.
    kept = picture.quantize(128)
    out = io.BytesIO()
    kept.save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw_area(
    draw: ImageDraw.ImageDraw, cell: Cell, area: Area, palette: Palette, scale: float, *, beside: bool
) -> None:
    left, top = cell.x * scale, cell.y * scale
    right, bottom = (cell.x + cell.width) * scale, (cell.y + cell.height) * scale
    paper = palette.paper_beside if beside else palette.paper
    draw.rectangle(
        [left, top, right, bottom], fill=paper, outline=palette.line, width=max(1, round(4 * scale))
    )
    lines = _lines(area.label)
    icon = 300 * scale if area.icon != "none" else 0.0
    gap = 50 * scale if icon else 0.0
    font = _font(_letter_size(lines, cell.width * 0.88, 118) * scale)
    height = sum(_height(font) for _ in lines)
    middle, at = (left + right) / 2, (top + bottom - icon - gap - height) / 2
    if icon:
        ICONS[area.icon](Pen(draw, middle - icon / 2, at, icon, palette.ink, paper))
    at += icon + gap
    for line in lines:
        draw.text((middle, at), line, font=font, fill=palette.ink, anchor="ma")
        at += _height(font)


def _lines(label: str) -> list[str]:
    """Return a label in one line, or in two about as long as each other, broken at a space where there is one."""
    if _em(label) <= _LINE_LETTERS:
        return [label]
    half = len(label) / 2
    spaces = [place for place, letter in enumerate(label) if letter in _BREAKS]
    place = min(spaces, key=lambda each: abs(each - half)) if spaces else round(half)
    return [part for part in (label[:place].strip(_BREAKS), label[place:].strip(_BREAKS)) if part]


def _em(text: str) -> float:
    """Return about how wide a text is, in letters as wide as they are high."""
    return sum(0.55 if ord(letter) < 0x2000 else 1.0 for letter in text)


def _letter_size(lines: Sequence[str], room: float, most: float) -> float:
    widest = max((_em(line) for line in lines), default=1.0)
    return min(most, room / max(widest, 1.0))


def _height(font: ImageFont.FreeTypeFont) -> float:
    return font.size * 1.25


@lru_cache(maxsize=64)
def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(files("pylopdf_fonts_jp") / FONT), size)


def checked(content: bytes, layout: Layout) -> str:
    """Return the content type of an operator's own picture.

    Raises Invalid: menu_picture_too_big, menu_picture_type, menu_picture_size (its width and height).
    """
    if len(content) > BYTES_MOST:
        raise Invalid("menu_picture_too_big", limit=1, size=round(len(content) / 1024 / 1024, 1))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(TYPES)) as picture:
                size, kind = picture.size, str(picture.format)
                # Read to its end: half a picture has the size of a whole one. One of a wrong size is not unpacked.
                if size == (WIDTH, layout.height):
                    picture.load()
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Warning,
    ) as error:
        raise Invalid("menu_picture_type") from error
    if size != (WIDTH, layout.height):
        raise Invalid("menu_picture_size", width=WIDTH, height=layout.height, given=f"{size[0]}×{size[1]}")
    return TYPES[kind]
