"""What the axes of a chart say: round values upwards, as many labels below as fit."""

from collections.abc import Sequence
from enum import StrEnum
from math import ceil, floor, log10
from unicodedata import east_asian_width

from bot import formats

Value = float | int | None
FONT = 11
"""Height of the labels; the pictures are drawn at about the size they are shown in."""
GAP = 8


class Figure(StrEnum):
    """What the values of a chart are."""

    NUMBER = "number"
    YEN = "yen"
    PERCENT = "percent"
    """Shares from 0 to 1."""


def steps(largest: float, wanted: int = 4, *, whole: bool = True) -> list[float]:
    """Return round values from 0 to at least `largest`, about `wanted` steps of 1, 2, 2.5 or 5 times a power of ten."""
    if largest <= 0:
        return [0, 1]
    rough = largest / wanted
    power = 10.0 ** floor(log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999)
    if whole:
        step = max(1, ceil(step))
    return [step * place for place in range(ceil(round(largest / step, 9)) + 1)]


def text_width(text: str) -> float:
    """Return about how wide a label is drawn."""
    return sum(FONT if east_asian_width(each) in "WFA" else FONT * 0.58 for each in text)


def short(value: float, language: str, figure: str = Figure.NUMBER) -> str:
    """Return a value as an axis says it: 1.5万, 15k, 40%."""
    if figure == Figure.PERCENT:
        return f"{value * 100:.3g}%"
    units = ((1e9, "B"), (1e6, "M"), (1e3, "k")) if language == "en" else ((1e8, "億"), (1e4, "万"))
    for size, unit in units:
        if value >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:,g}"


def said(value: Value, language: str, figure: str = Figure.NUMBER) -> str:
    """Return a value as a table says it; a dash where there is none."""
    if value is None:
        return "—"
    if figure == Figure.PERCENT:
        return f"{value * 100:.1f}%"
    if figure == Figure.YEN:
        return formats.yen(round(value), language)
    return formats.number(value) if isinstance(value, int) else f"{value:,.1f}"


def thinned(labels: Sequence[str], step: float) -> list[int]:
    """Return the places whose labels fit beside each other when places are `step` apart."""
    widest = max((text_width(each) for each in labels), default=0) + GAP
    every = max(1, ceil(widest / max(step, 0.01)))
    return list(range(0, len(labels), every))
