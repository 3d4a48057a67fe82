"""How a part of a LINE message stands in its box: its place, its share of the room, the space around it.

https://developers.line.biz/en/docs/messaging-api/flex-message-layout/ and the reference of message objects.
"""

from collections.abc import Mapping
from typing import Any

from bot.console import look_css
from bot.console.line_sizes import BORDERS, CORNERS, SPACES

Node = Mapping[str, Any]


class Placing:
    """Names the classes of where parts stand, and remembers those that the preview's own style sheet must know."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def join(self, *names: str) -> str:
        """Join classes, and remember those that the style sheet must know."""
        joined = " ".join(name for name in names if name)
        self.names.update(name for name in joined.split() if "_" in name)
        return joined

    def place(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of where a part stands."""
        absolute = node.get("position") == "absolute"
        offsets = (
            self._keyed("ot", node.get("offsetTop")),
            self._keyed("ob", node.get("offsetBottom")),
            self._keyed("ol", node.get("offsetStart")),
            self._keyed("or", node.get("offsetEnd")),
        )
        return self.join(
            "fx-absolute" if absolute else "fx-moved" if any(offsets) else "",
            *offsets,
            "" if absolute else self.margin(node, parent, first=first),
            "" if absolute else self._share(node, parent),
        )

    def _share(self, node: Node, parent: Node | None) -> str:
        """Return how a part shares the room: beside each other all take one share, below each other none."""
        given = node.get("flex")
        if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 1000:
            return self.token(f"fg_{given}") if given else "fx-own"
        beside = parent is not None and parent.get("layout") in ("horizontal", "baseline")
        if not beside or node.get("width"):
            return "fx-own"
        return "fx-shared"

    def margin(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the space before a part: its own margin, else the spacing of its box."""
        given = node.get("margin")
        if given is None and not first:
            given = parent.get("spacing") if parent else None
        if given is None:
            return ""
        beside = parent is not None and parent.get("layout") in ("horizontal", "baseline")
        return self._keyed("ml" if beside else "mt", given)

    def paddings(self, node: Node) -> tuple[str, ...]:
        """Return the space inside of a box."""
        return (
            self._keyed("pa", node.get("paddingAll")),
            self._keyed("pt", node.get("paddingTop")),
            self._keyed("pb", node.get("paddingBottom")),
            self._keyed("pl", node.get("paddingStart")),
            self._keyed("pr", node.get("paddingEnd")),
        )

    def edges(self, node: Node) -> tuple[str, ...]:
        """Return the border of a box and its corners."""
        width, corner = str(node.get("borderWidth") or ""), str(node.get("cornerRadius") or "")
        return (
            look_css.length("bw", f"{BORDERS[width]:g}px" if width in BORDERS else width),
            look_css.colour("bc", node.get("borderColor")),
            look_css.length("br", f"{CORNERS[corner]}px" if corner in CORNERS else corner),
        )

    def _keyed(self, prefix: str, value: object) -> str:
        text = str(value or "")
        return self.token(look_css.length(prefix, f"{SPACES[text]}px" if text in SPACES else text))

    def token(self, name: str) -> str:
        """Remember a class that the style sheet must know."""
        if name:
            self.names.add(name)
        return name

    @property
    def sheet(self) -> str:
        """Return the names for the style sheet's address."""
        return ".".join(sorted(self.names))
