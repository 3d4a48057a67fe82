"""Action objects, and what each place that holds one allows."""

from typing import Any

from bot.simulator.json_types import JsonObject, as_object
from bot.simulator.validation.objects import by_type, record
from bot.simulator.validation.problems import Path, Problems
from bot.simulator.validation.rules import (
    Check,
    Field,
    Fields,
    choice,
    graphemes,
    may,
    need,
    pattern,
    text,
    uri,
)

_DATA = text(300, low=0)
_WORDS = text(300, count=graphemes)
_LINK = uri(1000, ("http", "https", "line", "tel"))
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d"
_MOMENT = {"date": _DATE, "time": _TIME, "datetime": rf"{_DATE}[Tt]{_TIME}"}


def _only_with_keyboard(value: Any, path: Path, problems: Problems) -> None:
    action: JsonObject = as_object(value) or {}
    if "fillInText" in action and action.get("inputOption") != "openKeyboard":
        problems.say((*path, "fillInText"), "must not be specified")


def _moments(value: Any, path: Path, problems: Problems) -> None:
    action: JsonObject = as_object(value) or {}
    form = _MOMENT.get(str(action.get("mode")))
    for name in ("initial", "max", "min"):
        if form is not None and action.get(name) is not None:
            pattern(form)(action[name], (*path, name), problems)


_OPTIONS = choice("closeRichMenu", "openRichMenu", "openKeyboard", "openVoice")
_CONTENT: dict[str, tuple[Fields, Check | None]] = {
    "postback": (
        {
            "data": need(_DATA),
            "displayText": may(_WORDS),
            "text": may(_WORDS),
            "inputOption": may(_OPTIONS),
            "fillInText": may(_WORDS),
        },
        _only_with_keyboard,
    ),
    "message": ({"text": need(_WORDS)}, None),
    "uri": ({"uri": need(_LINK), "altUri": may(record({"desktop": may(_LINK)}))}, None),
    "datetimepicker": (
        {
            "data": need(_DATA),
            "mode": need(choice(*_MOMENT)),
            "initial": may(text(32)),
            "max": may(text(32)),
            "min": may(text(32)),
        },
        _moments,
    ),
    "clipboard": ({"clipboardText": need(text(1000))}, None),
    "camera": ({}, None),
    "cameraRoll": ({}, None),
    "location": ({}, None),
    "richmenuswitch": ({"richMenuAliasId": need(pattern(r"[a-z0-9_-]{1,32}")), "data": need(_DATA)}, None),
}
_COMMON = ("postback", "message", "uri", "datetimepicker", "clipboard")


def _actions(kinds: tuple[str, ...], label: Field, *, strict: bool = False) -> Check:
    made: dict[str, Check] = {}
    for kind in kinds:
        fields, also = _CONTENT[kind]
        made[kind] = record({"type": need(text(32)), "label": label, **fields}, strict=strict, also=also)
    return by_type(made)


def _label(high: int) -> Check:
    return text(high, count=graphemes)


# Label lengths: LINE Messaging API reference, "Specifications of the label".
TEMPLATE = _actions(_COMMON, need(_label(20)))
DEFAULT_ACTION = _actions(_COMMON, may(_label(20)))
IMAGE_CAROUSEL = _actions(_COMMON, may(_label(12)))
QUICK_REPLY = _actions((*_COMMON, "camera", "cameraRoll", "location"), need(_label(20)))
FLEX_BUTTON = _actions(_COMMON, need(_label(40)), strict=True)
FLEX_AREA = _actions(_COMMON, may(text(40, low=0, count=graphemes)), strict=True)
RICH_MENU = _actions((*_COMMON, "richmenuswitch"), may(_label(20)))
