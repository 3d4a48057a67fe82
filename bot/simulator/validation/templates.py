"""Template messages: buttons, confirm, carousel, image carousel."""

from typing import Any

from bot.simulator.json_types import JsonObject, as_array, as_object
from bot.simulator.validation import actions
from bot.simulator.validation.objects import by_type, record
from bot.simulator.validation.problems import Path, Problems
from bot.simulator.validation.rules import (
    Check,
    Fields,
    array,
    choice,
    graphemes,
    may,
    need,
    pattern,
    text,
    uri,
)

_PICTURE: Fields = {
    "imageAspectRatio": may(choice("rectangle", "square")),
    "imageSize": may(choice("cover", "contain")),
}
_CARD: Fields = {
    "thumbnailImageUrl": may(uri()),
    "imageBackgroundColor": may(pattern(r"#[0-9a-fA-F]{6}")),
    "title": may(text(40, count=graphemes)),
    "defaultAction": may(actions.DEFAULT_ACTION),
}


def _shorter_beside_picture(high: int, beside: int) -> Check:
    """The text of a card may be `high` long alone, `beside` with a title or picture."""

    def check(value: Any, path: Path, problems: Problems) -> None:
        card: JsonObject = as_object(value) or {}
        limit = beside if card.get("title") or card.get("thumbnailImageUrl") else high
        text(limit, count=graphemes)(card.get("text", "-"), (*path, "text"), problems)

    return check


def _columns_alike(value: Any, path: Path, problems: Problems) -> None:
    columns = [as_object(each) or {} for each in as_array((as_object(value) or {}).get("columns")) or []]
    if len({len(as_array(column.get("actions")) or []) for column in columns}) > 1:
        problems.say((*path, "columns"), "The number of actions must be the same in all columns")
    for name in ("title", "thumbnailImageUrl"):
        if len({name in column for column in columns}) > 1:
            problems.say((*path, "columns"), f"{name} must be in all columns or in none")


_COLUMN = record(
    {**_CARD, "text": need(text(120, count=graphemes)), "actions": need(array(actions.TEMPLATE, 1, 3))},
    also=_shorter_beside_picture(120, 60),
)
_IMAGE = record({"imageUrl": need(uri()), "action": need(actions.IMAGE_CAROUSEL)})

TEMPLATE = by_type({
    "buttons": record(
        {
            **_PICTURE,
            **_CARD,
            "text": need(text(160, count=graphemes)),
            "actions": need(array(actions.TEMPLATE, 1, 4)),
        },
        also=_shorter_beside_picture(160, 60),
    ),
    "confirm": record(
        {"text": need(text(240, count=graphemes)), "actions": need(array(actions.TEMPLATE, 2, 2))}
    ),
    "carousel": record({**_PICTURE, "columns": need(array(_COLUMN, 1, 10))}, also=_columns_alike),
    "image_carousel": record({"columns": need(array(_IMAGE, 1, 10))}),
})  # fmt: skip
