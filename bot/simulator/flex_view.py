"""A Flex container as a tree of plain nodes, ready for a template to write down."""

from dataclasses import dataclass, field
from typing import Any

from bot.simulator import flex_css
from bot.simulator.flex_css import Css
from bot.simulator.json_types import JsonObject, as_array, as_object
from bot.simulator.tap_view import Tap, tap_of

_PADDING = {"header": "20px", "hero": "0", "body": "20px", "footer": "10px"}
_NARROW = {"nano": "10px", "micro": "10px", "deca": "13px", "hecto": "13px", "kilo": "13px"}


@dataclass(frozen=True)
class Node:
    """One element: `kind` names how it is written, `css` its measures, `tap` what a tap on it does."""

    kind: str
    css: Css = field(default_factory=dict[str, str])
    classes: str = ""
    text: str = ""
    url: str = ""
    tap: Tap | None = None
    children: tuple["Node", ...] = ()


def bubbles(container: JsonObject) -> list[Node]:
    """The bubbles of a container, one for a bubble itself."""
    inside = as_array(container.get("contents")) if container.get("type") == "carousel" else [container]
    return [_bubble(found) for each in inside or [] if (found := as_object(each)) is not None]


def _bubble(bubble: JsonObject) -> Node:
    size = str(bubble.get("size", "mega"))
    blocks = tuple(
        _block(name, component, as_object((as_object(bubble.get("styles")) or {}).get(name)) or {}, size)
        for name in ("header", "hero", "body", "footer")
        if (component := as_object(bubble.get(name))) is not None
    )
    width = {
        "width": f"{flex_css.BUBBLES.get(size, 300)}px",
        "direction": str(bubble.get("direction", "ltr")),
    }
    return Node("box", width, "fx-bubble", tap=tap_of(bubble.get("action")), children=blocks)


def _block(name: str, component: JsonObject, style: JsonObject, size: str) -> Node:
    css: Css = {}
    if "backgroundColor" in style:
        css["background-color"] = style["backgroundColor"]
    if style.get("separator"):
        css["border-top"] = f"1px solid {style.get('separatorColor', '#d4d6da')}"
    inner = component
    if component["type"] == "box" and "paddingAll" not in component:
        padding = _PADDING[name] if name in {"hero", "footer"} else _NARROW.get(size, _PADDING[name])
        inner = {"paddingAll": padding, **component}
    if component["type"] == "image" and "size" not in component:
        inner = {**component, "size": "md"}
    return Node(
        "box", css, f"fx-block fx-{name}", children=(_component(inner, "vertical", None, first=True),)
    )


def _component(component: JsonObject, layout: str, spacing: str | None, *, first: bool) -> Node:
    css = flex_css.placed(component, layout, spacing, first)
    tap = tap_of(component.get("action"))
    match component["type"]:
        case "box":
            return _box(component, css, tap)
        case "text":
            return _text(component, css, tap)
        case "image":
            mode = f"fx-image fx-{component.get('aspectMode', 'fit')}"
            return Node("image", {**css, **flex_css.image(component)}, mode, url=component["url"], tap=tap)
        case "icon":
            return Node("image", {**css, **flex_css.icon(component)}, "fx-icon fx-fit", url=component["url"])
        case "button":
            return _button(component, css, tap)
        case "separator":
            colour = {"background-color": component["color"]} if "color" in component else {}
            return Node("box", {**css, **colour}, "fx-separator")
        case "video":
            return _component(component["altContent"], layout, spacing, first=first)
        case _:
            return Node("box", css, "fx-filler")


def _box(component: JsonObject, css: Css, tap: Tap | None) -> Node:
    layout = str(component["layout"])
    inside = [
        found for each in as_array(component["contents"]) or [] if (found := as_object(each)) is not None
    ]
    spacing = component.get("spacing")
    children = tuple(_component(each, layout, spacing, first=index == 0) for index, each in enumerate(inside))
    return Node("box", {**css, **flex_css.box(component)}, f"fx-box fx-{layout}", tap=tap, children=children)


def _text(component: JsonObject, css: Css, tap: Tap | None) -> Node:
    classes = "fx-text fx-wrap" if component.get("wrap") else "fx-text"
    if component.get("maxLines"):
        classes += " fx-clamp"
    spans = tuple(_span(each) for each in as_array(component.get("contents")) or [])
    shown = "" if spans else str(component.get("text", ""))
    return Node("text", {**css, **flex_css.text(component)}, classes, text=shown, tap=tap, children=spans)


def _span(value: Any) -> Node:
    span = as_object(value) or {}
    return Node("span", flex_css.letters(span), text=str(span.get("text", "")))


def _button(component: JsonObject, css: Css, tap: Tap | None) -> Node:
    classes = f"fx-button fx-{component.get('style', 'link')} fx-{component.get('height', 'md')}"
    label = str(component["action"].get("label", ""))
    return Node("button", {**css, **flex_css.button(component)}, classes, text=label, tap=tap)
