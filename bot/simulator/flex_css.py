"""The measures of LINE's Flex Message layout as CSS values."""

from collections.abc import Mapping

from bot.simulator.json_types import JsonObject

Css = dict[str, str]

# Keyword sizes in px, read off LINE's Flex Message Simulator.
SPACES: Mapping[str, int] = {"none": 0, "xs": 2, "sm": 4, "md": 8, "lg": 12, "xl": 16, "xxl": 20}
FONTS: Mapping[str, int] = {
    "xxs": 11, "xs": 13, "sm": 14, "md": 16, "lg": 19, "xl": 22, "xxl": 29, "3xl": 35, "4xl": 48, "5xl": 74,
}  # fmt: skip
IMAGES: Mapping[str, int] = {
    "xxs": 40, "xs": 60, "sm": 80, "md": 100, "lg": 120, "xl": 140, "xxl": 160, "3xl": 180, "4xl": 200, "5xl": 220,
}  # fmt: skip
BORDERS: Mapping[str, str] = {
    "none": "0", "light": "0.5px", "normal": "1px", "medium": "2px", "semi-bold": "3px", "bold": "4px",
}  # fmt: skip
BUBBLES: Mapping[str, int] = {
    "nano": 120, "micro": 160, "deca": 220, "hecto": 241, "kilo": 260, "mega": 300, "giga": 386,
}  # fmt: skip
_SIDES = {"Top": "top", "Bottom": "bottom", "Start": "inline-start", "End": "inline-end"}
_FLEX_ENDS = {"top": "flex-start", "center": "center", "bottom": "flex-end"}
_TEXT_ALIGN = {"start": "start", "end": "end", "center": "center"}
_JUSTIFY = {"start": "flex-start", "end": "flex-end", "center": "center"}


def length(value: object, keywords: Mapping[str, int]) -> str:
    """px for a keyword, the value itself for 10px or 10%."""
    text = str(value)
    return f"{keywords[text]}px" if text in keywords else text


def placed(component: JsonObject, layout: str, spacing: str | None, first: bool) -> Css:
    """How a component stands in its box: its share of the room, distance from the one before, offsets."""
    css = _share(component, layout)
    gap = component.get("margin") or (None if first else spacing)
    if gap is not None and component.get("position") != "absolute":
        css["margin-top" if layout == "vertical" else "margin-inline-start"] = length(gap, SPACES)
    if component.get("gravity") and layout == "horizontal":
        css["align-self"] = _FLEX_ENDS[component["gravity"]]
    if component.get("position") == "absolute":
        css["position"] = "absolute"
    for side, name in _SIDES.items():
        if component.get(f"offset{side}") is not None:
            css[f"inset-{name}" if "inline" in name else name] = length(component[f"offset{side}"], SPACES)
    return css


def _share(component: JsonObject, layout: str) -> Css:
    fixed = component["type"] in {"icon", "separator"} or "width" in component
    default = 0 if layout == "vertical" or fixed else 1
    flex = component.get("flex", 1 if component["type"] == "filler" else default)
    if not flex:
        return {"flex": "0 0 auto"}
    return {"flex": f"{flex} 0 auto"} if layout == "vertical" else {"flex": f"{flex} 1 0"}


def box(component: JsonObject) -> Css:
    """A box's own looks."""
    css: Css = {}
    for name, prop in (
        ("width", "width"),
        ("maxWidth", "max-width"),
        ("height", "height"),
        ("maxHeight", "max-height"),
    ):
        if name in component:
            css[prop] = component[name]
    if "paddingAll" in component:
        css["padding"] = length(component["paddingAll"], SPACES)
    for side, name in _SIDES.items():
        if f"padding{side}" in component:
            css[f"padding-{name}"] = length(component[f"padding{side}"], SPACES)
    if "cornerRadius" in component:
        css["border-radius"] = length(component["cornerRadius"], SPACES)
    return {**css, **_surface(component), **_alignment(component)}


def _surface(component: JsonObject) -> Css:
    css: Css = {}
    if "backgroundColor" in component:
        css["background-color"] = component["backgroundColor"]
    if "background" in component:
        css["background-image"] = _gradient(component["background"])
    if "borderWidth" in component or "borderColor" in component:
        width = BORDERS.get(str(component.get("borderWidth", "normal")), str(component.get("borderWidth")))
        css["border"] = f"{width} solid {component.get('borderColor', '#cccccc')}"
    return css


def _alignment(component: JsonObject) -> Css:
    css: Css = {}
    if "justifyContent" in component:
        css["justify-content"] = component["justifyContent"]
    if "alignItems" in component and component.get("layout") != "baseline":
        css["align-items"] = component["alignItems"]
    return css


def _gradient(background: JsonObject) -> str:
    middle = ""
    if "centerColor" in background:
        middle = f", {background['centerColor']} {background.get('centerPosition', '50%')}"
    return f"linear-gradient({background['angle']}, {background['startColor']}{middle}, {background['endColor']})"


def letters(component: JsonObject) -> Css:
    """Size, colour and style of text and spans."""
    css: Css = {}
    if "size" in component:
        css["font-size"] = length(component["size"], FONTS)
    if "color" in component:
        css["color"] = component["color"]
    if "weight" in component:
        css["font-weight"] = "700" if component["weight"] == "bold" else "400"
    if "style" in component:
        css["font-style"] = component["style"]
    if "decoration" in component:
        css["text-decoration"] = component["decoration"]
    return css


def text(component: JsonObject) -> Css:
    """A text component: letters, alignment, number of lines."""
    css = letters(component)
    if "align" in component:
        css["text-align"] = _TEXT_ALIGN[component["align"]]
    if "lineSpacing" in component:
        css["line-height"] = f"calc(1.4em + {component['lineSpacing']})"
    if component.get("maxLines"):
        css["-webkit-line-clamp"] = str(component["maxLines"])
    return css


def image(component: JsonObject) -> Css:
    """The frame of an image."""
    size = str(component.get("size", "md"))
    width, _, height = str(component.get("aspectRatio", "1:1")).partition(":")
    css = {
        "width": "100%" if size == "full" else length(size, IMAGES),
        "aspect-ratio": f"{width} / {height}",
        "align-self": _JUSTIFY[component.get("align", "center")],
    }
    if "backgroundColor" in component:
        css["background-color"] = component["backgroundColor"]
    return css


def icon(component: JsonObject) -> Css:
    """An icon is as high as letters of its size."""
    width, _, height = str(component.get("aspectRatio", "1:1")).partition(":")
    return {"height": length(component.get("size", "md"), FONTS), "aspect-ratio": f"{width} / {height}"}


def button(component: JsonObject) -> Css:
    """`color` paints a link's letters and any other button's ground."""
    if "color" not in component:
        return {}
    return {"color" if component.get("style", "link") == "link" else "background-color": component["color"]}
