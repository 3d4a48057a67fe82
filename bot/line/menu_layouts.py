"""How a rich menu is divided: the sizes LINE takes, and the areas of each layout in its pixels."""

from dataclasses import dataclass
from itertools import pairwise

WIDTH, TALL, LOW = 2500, 1686, 843


@dataclass(frozen=True)
class Cell:
    """One area, in pixels of the picture."""

    x: int
    y: int
    width: int
    height: int

    @property
    def bounds(self) -> dict[str, int]:
        """As LINE wants it."""
        return {"x": self.x, "y": self.y, "width": self.width, "height": self.height}


@dataclass(frozen=True)
class Layout:
    """A division of the picture; areas are numbered from the top left."""

    key: str
    height: int
    cells: tuple[Cell, ...]


def _row(y: int, height: int, *shares: int) -> tuple[Cell, ...]:
    """Return cells side by side whose widths are to each other as `shares`; together they are as wide as the picture."""
    whole, edges = sum(shares), [0]
    for share in shares:
        edges.append(edges[-1] + share)
    ends = [round(WIDTH * edge / whole) for edge in edges]
    return tuple(Cell(left, y, right - left, height) for left, right in pairwise(ends))


_HALF = TALL // 2
LAYOUTS = {
    layout.key: layout
    for layout in (
        Layout("large6", TALL, (*_row(0, _HALF, 1, 1, 1), *_row(_HALF, _HALF, 1, 1, 1))),
        Layout("large4", TALL, (*_row(0, _HALF, 1, 1), *_row(_HALF, _HALF, 1, 1))),
        Layout("large3", TALL, (*_row(0, _HALF, 1), *_row(_HALF, _HALF, 1, 1))),
        Layout("large2", TALL, (*_row(0, _HALF, 1), *_row(_HALF, _HALF, 1))),
        Layout("compact3", LOW, _row(0, LOW, 1, 1, 1)),
        Layout("compact2", LOW, _row(0, LOW, 1, 1)),
        Layout("compact1", LOW, _row(0, LOW, 1)),
    )
}
"""By their keys, the largest first."""
AREAS_MOST = max(len(layout.cells) for layout in LAYOUTS.values())
