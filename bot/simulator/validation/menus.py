"""Rich menu objects."""

from typing import Any

from bot.simulator.json_types import JsonObject, as_array, as_object
from bot.simulator.validation import actions
from bot.simulator.validation.objects import record
from bot.simulator.validation.problems import Path, Problems
from bot.simulator.validation.rules import array, flag, graphemes, need, text, whole

_BOUNDS = record({"x": need(whole()), "y": need(whole()), "width": need(whole(1)), "height": need(whole(1))})


def _areas_inside(value: Any, path: Path, problems: Problems) -> None:
    menu: JsonObject = as_object(value) or {}
    size: JsonObject = as_object(menu.get("size")) or {}
    for index, each in enumerate(as_array(menu.get("areas")) or []):
        bounds: JsonObject = as_object((as_object(each) or {}).get("bounds")) or {}
        for start, span in (("x", "width"), ("y", "height")):
            edge, room = (bounds.get(start), bounds.get(span)), size.get(span)
            if all(isinstance(n, int) for n in (*edge, room)) and sum(n for n in edge if n) > (room or 0):
                problems.say((*path, "areas", index, "bounds", span), "must be inside the rich menu")


def _shape(value: Any, path: Path, problems: Problems) -> None:
    size: JsonObject = as_object(value) or {}
    width, height = size.get("width"), size.get("height")
    if isinstance(width, int) and isinstance(height, int) and height and width / height < 1.45:
        problems.say((*path, "height"), "The aspect ratio (width / height) must be 1.45 or more")


RICH_MENU = record(
    {
        "size": need(record({"width": need(whole(800, 2500)), "height": need(whole(250))}, also=_shape)),
        "selected": need(flag),
        "name": need(text(300, count=graphemes)),
        "chatBarText": need(text(14, count=graphemes)),
        "areas": need(array(record({"bounds": need(_BOUNDS), "action": need(actions.RICH_MENU)}), 0, 20)),
    },
    also=_areas_inside,
)
