"""Flex components: which properties each has, and which may stand in which box."""

from typing import Any

from bot.simulator.json_types import JsonObject, as_array, as_object
from bot.simulator.validation import actions
from bot.simulator.validation.objects import by_type, later, record
from bot.simulator.validation.problems import Path, Problems
from bot.simulator.validation.rules import (
    Check,
    Fields,
    array,
    choice,
    flag,
    may,
    need,
    number,
    pattern,
    text,
    uri,
    whole,
)  # fmt: skip

_PX = r"\d+(\.\d+)?px"
_PERCENT = r"\d+(\.\d+)?%"
_STEPS = "none|xs|sm|md|lg|xl|xxl"
_SIZES = "xxs|xs|sm|md|lg|xl|xxl|3xl|4xl|5xl"
COLOUR = pattern(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_SPACE = may(pattern(f"{_STEPS}|{_PX}"))
_PADDING = may(pattern(f"{_STEPS}|{_PX}|{_PERCENT}"))
_OFFSET = may(pattern(f"{_STEPS}|-?{_PX}|-?{_PERCENT}"))
_LENGTH = may(pattern(f"{_PX}|{_PERCENT}"))
_FONT = may(pattern(f"{_SIZES}|{_PX}"))
_RATIO = may(pattern(r"\d+(\.\d+)?:\d+(\.\d+)?"))
_URL = need(uri())
_TYPE = need(text(16))

_PLACED: Fields = {
    "margin": _SPACE,
    "position": may(choice("relative", "absolute")),
    "offsetTop": _OFFSET,
    "offsetBottom": _OFFSET,
    "offsetStart": _OFFSET,
    "offsetEnd": _OFFSET,
}
_FLEX: Fields = {"flex": may(number(0, 10000))}
_ALIGNED: Fields = {
    "align": may(choice("start", "end", "center")),
    "gravity": may(choice("top", "bottom", "center")),
}
_LETTERS: Fields = {
    "size": _FONT,
    "color": may(COLOUR),
    "weight": may(choice("regular", "bold")),
    "style": may(choice("normal", "italic")),
    "decoration": may(choice("none", "underline", "line-through")),
}
_GRADIENT = record(
    {
        "type": _TYPE,
        "angle": need(pattern(r"\d+(\.\d+)?deg")),
        "startColor": need(COLOUR),
        "endColor": need(COLOUR),
        "centerColor": may(COLOUR),
        "centerPosition": may(pattern(_PERCENT)),
    },
    strict=True,
)
_SPAN = record({"type": need(choice("span")), "text": need(text(5000)), **_LETTERS}, strict=True)


def _text_or_spans(value: Any, path: Path, problems: Problems) -> None:
    component: JsonObject = as_object(value) or {}
    if component.get("contents"):
        return
    if not str(component.get("text") or "").strip():
        problems.add((*path, "text"), "empty")


_KINDS: dict[str, Check] = {}
_BOX = later(_KINDS, "box")


def _fits_layout(value: Any, path: Path, problems: Problems) -> None:
    box: JsonObject = as_object(value) or {}
    inside = _BASELINE if box.get("layout") == "baseline" else _STACKED
    for index, each in enumerate(as_array(box.get("contents")) or []):
        inside(each, (*path, "contents", index), problems)


_KINDS["box"] = record(
    {
        "type": need(choice("box")),
        "layout": need(choice("horizontal", "vertical", "baseline")),
        "contents": need(array(lambda _value, _path, _problems: None, 0, 1000)),
        **_FLEX,
        **_PLACED,
        "spacing": _SPACE,
        "backgroundColor": may(COLOUR),
        "borderColor": may(COLOUR),
        "borderWidth": may(pattern(f"none|light|normal|medium|semi-bold|bold|{_PX}")),
        "cornerRadius": _SPACE,
        "width": _LENGTH,
        "maxWidth": _LENGTH,
        "height": _LENGTH,
        "maxHeight": _LENGTH,
        "paddingAll": _PADDING,
        "paddingTop": _PADDING,
        "paddingBottom": _PADDING,
        "paddingStart": _PADDING,
        "paddingEnd": _PADDING,
        "action": may(actions.FLEX_AREA),
        "justifyContent": may(
            choice("center", "flex-start", "flex-end", "space-between", "space-around", "space-evenly")
        ),
        "alignItems": may(choice("center", "flex-start", "flex-end")),
        "background": may(by_type({"linearGradient": _GRADIENT})),
    },
    strict=True,
    also=_fits_layout,
)
_KINDS["button"] = record(
    {
        "type": _TYPE,
        "action": need(actions.FLEX_BUTTON),
        **_FLEX,
        **_PLACED,
        "color": may(COLOUR),
        "style": may(choice("primary", "secondary", "link")),
        "gravity": may(choice("top", "bottom", "center")),
        "height": may(choice("md", "sm")),
        "adjustMode": may(choice("shrink-to-fit")),
        "scaling": may(flag),
    },
    strict=True,
)
_KINDS["image"] = record(
    {
        "type": _TYPE,
        "url": _URL,
        **_FLEX,
        **_PLACED,
        **_ALIGNED,
        "size": may(pattern(f"{_SIZES}|full|{_PX}|{_PERCENT}")),
        "aspectRatio": _RATIO,
        "aspectMode": may(choice("fit", "cover")),
        "backgroundColor": may(COLOUR),
        "action": may(actions.FLEX_AREA),
        "animated": may(flag),
    },
    strict=True,
)
_KINDS["icon"] = record(
    {"type": _TYPE, "url": _URL, **_PLACED, "size": _FONT, "aspectRatio": _RATIO, "scaling": may(flag)},
    strict=True,
)
_KINDS["text"] = record(
    {
        "type": _TYPE,
        "text": may(text(5000, low=0)),
        "contents": may(array(_SPAN, 0, 1000)),
        **_FLEX,
        **_PLACED,
        **_ALIGNED,
        **_LETTERS,
        "wrap": may(flag),
        "lineSpacing": may(pattern(_PX)),
        "maxLines": may(whole()),
        "action": may(actions.FLEX_AREA),
        "adjustMode": may(choice("shrink-to-fit")),
        "scaling": may(flag),
    },
    strict=True,
    also=_text_or_spans,
)
_KINDS["separator"] = record({"type": _TYPE, "margin": _SPACE, "color": may(COLOUR)}, strict=True)
_KINDS["filler"] = record({"type": _TYPE, **_FLEX}, strict=True)
_KINDS["video"] = record(
    {
        "type": _TYPE,
        "url": _URL,
        "previewUrl": _URL,
        "altContent": need(by_type({"box": _BOX, "image": later(_KINDS, "image")})),
        "aspectRatio": _RATIO,
        "action": may(actions.FLEX_AREA),
    },
    strict=True,
)

_STACKED = by_type({kind: _KINDS[kind] for kind in ("box", "button", "image", "text", "separator", "filler")})
_BASELINE = by_type({kind: _KINDS[kind] for kind in ("icon", "text", "filler")})
BODY_BOX = by_type({"box": _KINDS["box"]})
HERO = by_type({kind: _KINDS[kind] for kind in ("box", "image", "video")})
