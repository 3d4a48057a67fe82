"""How each part of a LINE message looks: the classes of its words, boxes and pictures, as LINE's documentation gives them.

https://developers.line.biz/en/docs/messaging-api/flex-message-layout/ and the reference of message objects.
"""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from bot.console import look_css

SPACES = {"none": 0, "xs": 2, "sm": 4, "md": 8, "lg": 12, "xl": 16, "xxl": 20}
TEXT_SIZES = {
    "xxs": 11,
    "xs": 13,
    "sm": 14,
    "md": 16,
    "lg": 19,
    "xl": 22,
    "xxl": 29,
    "3xl": 35,
    "4xl": 48,
    "5xl": 74,
}
IMAGE_SIZES = {
    "xxs": 40,
    "xs": 60,
    "sm": 80,
    "md": 100,
    "lg": 120,
    "xl": 140,
    "xxl": 160,
    "3xl": 180,
    "4xl": 200,
    "5xl": 220,
}
CORNERS = {"none": 0, "xs": 2, "sm": 4, "md": 8, "lg": 12, "xl": 16, "xxl": 20}
BORDERS = {"none": 0, "light": 0.5, "normal": 1, "medium": 2, "semi-bold": 3, "bold": 4}
BUBBLES = ("nano", "micro", "deca", "hecto", "kilo", "mega", "giga")
LINK_SCHEMES = frozenset({"https", "tel", "mailto", "line"})
PLACEHOLDER_HOST = "example.com"
"""Where the made-up friend's pictures lie: nothing is there, so a drawing of ours stands for them."""
KEYWORDS = {
    "align": {"start", "center", "end"},
    "gravity": {"top", "center", "bottom"},
    "weight": {"bold"},
    "style": {"italic"},
    "decoration": {"underline", "line-through"},
    "justifyContent": {"center", "flex-start", "flex-end", "space-between", "space-around", "space-evenly"},
    "alignItems": {"center", "flex-start", "flex-end"},
    "aspectMode": {"cover", "fit"},
    "height": {"sm", "md"},
}
Node = Mapping[str, Any]


def safe_link(url: object) -> str:
    """Return an address a preview may link to, "" for any other."""
    text = str(url or "")
    try:
        return text if urlsplit(text).scheme.lower() in LINK_SCHEMES else ""
    except ValueError:
        return ""


def picture(url: object) -> str:
    """Return the address of a picture, "" when it is none that LINE would load, `placeholder` for the made-up one."""
    try:
        parts = urlsplit(str(url or ""))
    except ValueError:
        return ""
    if parts.scheme != "https" or not parts.hostname:
        return ""
    return "placeholder" if parts.hostname == PLACEHOLDER_HOST else str(url)


class Look:
    """Names the classes of one preview, and remembers those that its own style sheet must know."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def link(self, url: object) -> str:
        """Return what a tap may lead to."""
        return safe_link(url)

    def picture(self, url: object) -> str:
        """Return where a picture is."""
        return picture(url)

    def _join(self, *names: str) -> str:
        joined = " ".join(name for name in names if name)
        self.names.update(name for name in joined.split() if "_" in name)
        return joined

    def bubble(self, node: Node) -> str:
        """Return the classes of a bubble."""
        size = str(node.get("size") or "mega")
        return f"fx-bubble fx-{size if size in BUBBLES else 'mega'}"

    def block(self, bubble: Node, name: str) -> str:
        """Return the classes of a bubble's header, hero, body or footer."""
        style = _mapped(_mapped(bubble.get("styles")).get(name))
        line = "fx-lined" if style.get("separator") else ""
        return self._join(
            f"fx-block fx-{name}",
            look_css.colour("bg", style.get("backgroundColor")),
            line,
            look_css.colour("bc", style.get("separatorColor")) if line else "",
        )

    def box(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of a box."""
        layout = node.get("layout")
        blend = _mapped(node.get("background"))
        return self._join(
            "fx-box",
            f"fx-{layout if layout in ('horizontal', 'vertical', 'baseline') else 'vertical'}",
            self._place(node, parent, first=first),
            *self._paddings(node),
            look_css.colour("bg", node.get("backgroundColor")),
            look_css.gradient(blend.get("angle"), blend.get("startColor"), blend.get("endColor")),
            *self._edges(node),
            look_css.length("w", node.get("width")),
            look_css.length("h", node.get("height")),
            look_css.length("mw", node.get("maxWidth")),
            look_css.length("mh", node.get("maxHeight")),
            "fx-sized" if node.get("width") else "",
            _word("fx-jc", node, "justifyContent"),
            _word("fx-ai", node, "alignItems"),
        )

    def text(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of a text component."""
        most = node.get("maxLines")
        clamped = isinstance(most, int) and most > 0 and bool(node.get("wrap"))
        return self._join(
            "fx-text",
            "fx-wrap" if node.get("wrap") else "fx-nowrap",
            "fx-clamped" if clamped else "",
            self._token(f"lc_{most}") if clamped else "",
            self._place(node, parent, first=first),
            *self._letters(node, "md"),
            look_css.length("ls", node.get("lineSpacing")),
            _word("fx-ta", node, "align"),
            _word("fx-gr", node, "gravity"),
        )

    def span(self, node: Node) -> str:
        """Return the classes of a span inside of a text."""
        return self._join(*self._letters(node, ""))

    def _letters(self, node: Node, size: str) -> tuple[str, ...]:
        given = str(node.get("size") or size)
        return (
            look_css.length("fs", f"{TEXT_SIZES[given]}px" if given in TEXT_SIZES else given),
            look_css.colour("c", node.get("color")),
            _word("fx", node, "weight"),
            _word("fx", node, "style"),
            _word("fx", node, "decoration"),
        )

    def image(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of what holds an image: its width and its place."""
        given = str(node.get("size") or "md")
        width = f"{IMAGE_SIZES[given]}px" if given in IMAGE_SIZES else "100%" if given == "full" else given
        return self._join(
            "fx-image",
            self._place(node, parent, first=first),
            look_css.length("mw", width),
            _word("fx-ia", node, "align"),
            _word("fx-gr", node, "gravity"),
        )

    def frame(self, node: Node, ratio: str = "1:1") -> str:
        """Return the classes of the picture itself: its ratio, and whether it is cut or fitted."""
        return self._join(
            "fx-frame",
            look_css.ratio(node.get("aspectRatio")) or look_css.ratio(ratio),
            look_css.colour("bg", node.get("backgroundColor")),
            "fx-cover" if node.get("aspectMode") == "cover" else "fx-fit",
        )

    def icon(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of an icon: as high as letters of its size."""
        given = str(node.get("size") or "md")
        side = f"{TEXT_SIZES[given]}px" if given in TEXT_SIZES else given
        return self._join("fx-icon", look_css.length("h", side), self._margin(node, parent, first=first))

    def button(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of a button; its colour is its ground, or the letters of a mere link."""
        style = node.get("style")
        style = style if style in ("primary", "secondary") else "link"
        return self._join(
            f"fx-button fx-{style}",
            "fx-low" if node.get("height") == "sm" else "",
            self._place(node, parent, first=first),
            _word("fx-gr", node, "gravity"),
            look_css.colour("c" if style == "link" else "bg", node.get("color")),
        )

    def separator(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of a line between."""
        return self._join(
            "fx-separator", look_css.colour("bg", node.get("color")), self._margin(node, parent, first=first)
        )

    def spacer(self, node: Node) -> str:
        """Return the classes of an empty space of a set size."""
        return self._join(
            "fx-spacer", look_css.length("pa", f"{SPACES.get(str(node.get('size')), 8) / 2:g}px")
        )

    def tile(self, message: Node) -> str:
        """Return the classes of an image message of its own size."""
        return self._join("lp-picture", look_css.length("mw", "240px"))

    def _place(self, node: Node, parent: Node | None, *, first: bool) -> str:
        absolute = node.get("position") == "absolute"
        offsets = (
            self._keyed("ot", node.get("offsetTop")),
            self._keyed("ob", node.get("offsetBottom")),
            self._keyed("ol", node.get("offsetStart")),
            self._keyed("or", node.get("offsetEnd")),
        )
        return self._join(
            "fx-absolute" if absolute else "fx-moved" if any(offsets) else "",
            *offsets,
            "" if absolute else self._margin(node, parent, first=first),
            "" if absolute else self._share(node, parent),
        )

    def _share(self, node: Node, parent: Node | None) -> str:
        """Return how a part shares the room: beside each other all take one share, below each other none."""
        given = node.get("flex")
        if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 1000:
            return self._token(f"fg_{given}") if given else "fx-own"
        beside = parent is not None and parent.get("layout") in ("horizontal", "baseline")
        if not beside or node.get("width"):
            return "fx-own"
        return "fx-shared"

    def _margin(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the space before a part: its own margin, else the spacing of its box."""
        given = node.get("margin")
        if given is None and not first:
            given = parent.get("spacing") if parent else None
        if given is None:
            return ""
        beside = parent is not None and parent.get("layout") in ("horizontal", "baseline")
        return self._keyed("ml" if beside else "mt", given)

    def _paddings(self, node: Node) -> tuple[str, ...]:
        return (
            self._keyed("pa", node.get("paddingAll")),
            self._keyed("pt", node.get("paddingTop")),
            self._keyed("pb", node.get("paddingBottom")),
            self._keyed("pl", node.get("paddingStart")),
            self._keyed("pr", node.get("paddingEnd")),
        )

    def _edges(self, node: Node) -> tuple[str, ...]:
        width, corner = str(node.get("borderWidth") or ""), str(node.get("cornerRadius") or "")
        return (
            look_css.length("bw", f"{BORDERS[width]:g}px" if width in BORDERS else width),
            look_css.colour("bc", node.get("borderColor")),
            look_css.length("br", f"{CORNERS[corner]}px" if corner in CORNERS else corner),
        )

    def _keyed(self, prefix: str, value: object) -> str:
        text = str(value or "")
        return self._token(look_css.length(prefix, f"{SPACES[text]}px" if text in SPACES else text))

    def _token(self, name: str) -> str:
        if name:
            self.names.add(name)
        return name

    @property
    def sheet(self) -> str:
        """Return the names for the style sheet's address."""
        return ".".join(sorted(self.names))


def _mapped(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _word(prefix: str, node: Node, key: str) -> str:
    value = node.get(key)
    return f"{prefix}-{value}" if value in KEYWORDS[key] else ""
