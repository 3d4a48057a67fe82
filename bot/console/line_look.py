"""How each part of a LINE message looks: the classes of its words, boxes and pictures, as LINE's documentation gives them.

https://developers.line.biz/en/docs/messaging-api/flex-message-layout/ and the reference of message objects.
"""

from collections.abc import Mapping
from typing import Any, cast

from bot.console import look_css
from bot.console.line_placing import Node, Placing
from bot.console.line_sizes import BUBBLES, IMAGE_SIZES, KEYWORDS, SPACES, TEXT_SIZES
from bot.console.preview_addresses import picture, safe_link, words


class Look(Placing):
    """Names the classes of one preview, and remembers those that its own style sheet must know."""

    def link(self, url: object) -> str:
        """Return what a tap may lead to."""
        return safe_link(url)

    def picture(self, url: object) -> str:
        """Return where a picture is."""
        return picture(url)

    def words(self, text: object) -> list[tuple[str, str]]:
        """Return a text in its parts, addresses among them."""
        return words(text)

    def bubble(self, node: Node) -> str:
        """Return the classes of a bubble."""
        size = str(node.get("size") or "mega")
        return f"fx-bubble fx-{size if size in BUBBLES else 'mega'}"

    def block(self, bubble: Node, name: str) -> str:
        """Return the classes of a bubble's header, hero, body or footer."""
        style = _mapped(_mapped(bubble.get("styles")).get(name))
        line = "fx-lined" if style.get("separator") else ""
        return self.join(
            f"fx-block fx-{name}",
            look_css.colour("bg", style.get("backgroundColor")),
            line,
            look_css.colour("bc", style.get("separatorColor")) if line else "",
        )

    def box(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of a box."""
        layout = node.get("layout")
        blend = _mapped(node.get("background"))
        return self.join(
            "fx-box",
            f"fx-{layout if layout in ('horizontal', 'vertical', 'baseline') else 'vertical'}",
            self.place(node, parent, first=first),
            *self.paddings(node),
            look_css.colour("bg", node.get("backgroundColor")),
            look_css.gradient(blend.get("angle"), blend.get("startColor"), blend.get("endColor")),
            *self.edges(node),
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
        return self.join(
            "fx-text",
            "fx-wrap" if node.get("wrap") else "fx-nowrap",
            "fx-clamped" if clamped else "",
            self.token(f"lc_{most}") if clamped else "",
            self.place(node, parent, first=first),
            *self._letters(node, "md"),
            look_css.length("ls", node.get("lineSpacing")),
            _word("fx-ta", node, "align"),
            _word("fx-gr", node, "gravity"),
        )

    def span(self, node: Node) -> str:
        """Return the classes of a span inside of a text."""
        return self.join(*self._letters(node, ""))

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
        return self.join(
            "fx-image",
            self.place(node, parent, first=first),
            look_css.length("mw", width),
            _word("fx-ia", node, "align"),
            _word("fx-gr", node, "gravity"),
        )

    def frame(self, node: Node, ratio: str = "1:1") -> str:
        """Return the classes of the picture itself: its ratio, and whether it is cut or fitted."""
        return self.join(
            "fx-frame",
            look_css.ratio(node.get("aspectRatio")) or look_css.ratio(ratio),
            look_css.colour("bg", node.get("backgroundColor")),
            "fx-cover" if node.get("aspectMode") == "cover" else "fx-fit",
        )

    def icon(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of an icon: as high as letters of its size."""
        given = str(node.get("size") or "md")
        side = f"{TEXT_SIZES[given]}px" if given in TEXT_SIZES else given
        ratio = look_css.ratio(node.get("aspectRatio")) or look_css.ratio("1:1")
        return self.join("fx-icon", ratio, look_css.length("h", side), self.margin(node, parent, first=first))

    def button(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of a button; its colour is its ground, or the letters of a mere link."""
        style = node.get("style")
        style = style if style in ("primary", "secondary") else "link"
        return self.join(
            f"fx-button fx-{style}",
            "fx-low" if node.get("height") == "sm" else "",
            self.place(node, parent, first=first),
            _word("fx-gr", node, "gravity"),
            look_css.colour("c" if style == "link" else "bg", node.get("color")),
        )

    def separator(self, node: Node, parent: Node | None, *, first: bool) -> str:
        """Return the classes of a line between."""
        return self.join(
            "fx-separator", look_css.colour("bg", node.get("color")), self.margin(node, parent, first=first)
        )

    def spacer(self, node: Node) -> str:
        """Return the classes of an empty space of a set size."""
        return self.join(
            "fx-spacer", look_css.length("pa", f"{SPACES.get(str(node.get('size')), 8) / 2:g}px")
        )

    def tile(self, message: Node) -> str:
        """Return the classes of an image message of its own size."""
        return self.join("lp-picture", look_css.length("mw", "240px"))


def _mapped(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _word(prefix: str, node: Node, key: str) -> str:
    value = node.get(key)
    return f"{prefix}-{value}" if value in KEYWORDS[key] else ""
