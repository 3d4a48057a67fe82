"""Flex containers: bubbles and carousels, their blocks and their size on the wire."""

from typing import Any

from bot.simulator.json_types import JsonObject, as_array, as_object, compact
from bot.simulator.validation import actions
from bot.simulator.validation.flex_components import BODY_BOX, COLOUR, HERO
from bot.simulator.validation.objects import by_type, record
from bot.simulator.validation.problems import Path, Problems
from bot.simulator.validation.rules import Fields, array, choice, flag, may, need, text

BUBBLE_BYTES = 30 * 1024
CAROUSEL_BYTES = 50 * 1024
_BLOCKS = ("header", "hero", "body", "footer")
_VIDEO_SIZES = {"kilo", "mega", "giga"}

_STYLE = record(
    {"backgroundColor": may(COLOUR), "separator": may(flag), "separatorColor": may(COLOUR)}, strict=True
)


def _bubble_whole(value: Any, path: Path, problems: Problems) -> None:
    bubble: JsonObject = as_object(value) or {}
    if not any(bubble.get(block) for block in _BLOCKS):
        problems.say(path, "At least one block must be specified")
    if (as_object(bubble.get("hero")) or {}).get("type") == "video":
        in_carousel = problems.flex_root != path
        if in_carousel or bubble.get("size", "mega") not in _VIDEO_SIZES:
            problems.say((*path, "hero"), "invalid property")
    _limit_bytes(bubble, BUBBLE_BYTES, path, problems)


def _carousel_whole(value: Any, path: Path, problems: Problems) -> None:
    carousel: JsonObject = as_object(value) or {}
    bubbles = [as_object(each) or {} for each in as_array(carousel.get("contents")) or []]
    if len({bubble.get("size", "mega") for bubble in bubbles}) > 1:
        problems.say((*path, "contents"), "All bubbles in a carousel must have the same size")
    _limit_bytes(carousel, CAROUSEL_BYTES, path, problems)


def _limit_bytes(container: JsonObject, limit: int, path: Path, problems: Problems) -> None:
    if len(compact(container).encode()) > limit:
        problems.say(path, f"Too large flex message. The maximum size of JSON data is {limit} bytes.")


_BUBBLE_FIELDS: Fields = {
    "type": need(text(16)),
    "size": may(choice("nano", "micro", "deca", "hecto", "kilo", "mega", "giga")),
    "direction": may(choice("ltr", "rtl")),
    "header": may(BODY_BOX),
    "hero": may(HERO),
    "body": may(BODY_BOX),
    "footer": may(BODY_BOX),
    "styles": may(record({block: may(_STYLE) for block in _BLOCKS}, strict=True)),
    "action": may(actions.FLEX_AREA),
}
_BUBBLE = record(_BUBBLE_FIELDS, strict=True, also=_bubble_whole)
_CAROUSEL = record(
    {"type": need(text(16)), "contents": need(array(by_type({"bubble": _BUBBLE}), 1, 12))},
    strict=True,
    also=_carousel_whole,
)
_CONTAINER = by_type({"bubble": _BUBBLE, "carousel": _CAROUSEL})


def FLEX_CONTAINER(value: Any, path: Path, problems: Problems) -> None:  # noqa: N802 - a rule like its neighbours
    """A bubble or a carousel; its faults are named from the container on, as LINE does."""
    problems.flex_root = path
    _CONTAINER(value, path, problems)
    problems.flex_root = None
