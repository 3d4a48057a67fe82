"""Message objects of every type LINE takes."""

import re
from typing import Any

from bot.simulator.json_types import JsonObject, as_array, as_object
from bot.simulator.validation import actions, templates
from bot.simulator.validation.flex import FLEX_CONTAINER
from bot.simulator.validation.imagemap import IMAGEMAP
from bot.simulator.validation.objects import by_type, record
from bot.simulator.validation.problems import Path, Problems
from bot.simulator.validation.rules import (
    Check,
    Fields,
    array,
    choice,
    may,
    need,
    number,
    pattern,
    text,
    uri,
    whole,
)

_ITEM = record({
    "type": need(choice("action")), "imageUrl": may(uri()), "action": need(actions.QUICK_REPLY)
})  # fmt: skip
_COMMON: Fields = {
    "quickReply": may(record({"items": need(array(_ITEM, 1, 13))})),
    "sender": may(record({"name": may(text(20)), "iconUrl": may(uri())})),
}
_ALT = need(text(1500))
_EMOJI = record({"index": need(whole()), "productId": need(text(64)), "emojiId": need(text(64))})
_PLACE = {"latitude": need(number(-90, 90)), "longitude": need(number(-180, 180))}
_MENTIONEE = by_type({"user": record({"userId": need(text(33))}), "all": record({})})
_SUBSTITUTE = by_type({
    "mention": record({"mentionee": need(_MENTIONEE)}),
    "emoji": record({"productId": need(text(64)), "emojiId": need(text(64))}),
})  # fmt: skip


def _emojis_fit(value: Any, path: Path, problems: Problems) -> None:
    message: JsonObject = as_object(value) or {}
    units = str(message.get("text", "")).encode("utf-16-le", "surrogatepass")
    for index, each in enumerate(as_array(message.get("emojis")) or []):
        at = (as_object(each) or {}).get("index")
        if isinstance(at, int) and units[2 * at : 2 * at + 2] != b"$\0":
            problems.say((*path, "emojis", index, "index"), "invalid index")


def _substitutions_fit(value: Any, path: Path, problems: Problems) -> None:
    message: JsonObject = as_object(value) or {}
    given: JsonObject = as_object(message.get("substitution")) or {}
    plain = re.sub(r"\{\{|\}\}", "", str(message.get("text", "")))
    for key in re.findall(r"\{([^{}]*)\}", plain):
        if re.fullmatch(r"[a-zA-Z0-9_]{1,20}", key) is None:
            said = f"The key '{key}' enclosed in '{{}}' does not match the pattern '^[a-zA-Z0-9_]{{1,20}}$'."
            problems.say((*path, "text"), said)
        elif key not in given:
            problems.say((*path, "substitution"), f"The key '{key}' is not specified in the substitution.")
    for key, each in given.items():
        _SUBSTITUTE(each, (*path, "substitution", key), problems)


def _message(fields: Fields, also: Check | None = None) -> Check:
    return record({**_COMMON, **fields}, also=also)


MESSAGE = by_type({
    "text": _message(
        {"text": need(text(5000)), "emojis": may(array(_EMOJI, 0, 20)), "quoteToken": may(text(1000))}, _emojis_fit
    ),
    "textV2": _message(
        {"text": need(text(5000)), "substitution": may(record({})), "quoteToken": may(text(1000))}, _substitutions_fit
    ),
    "sticker": _message({"packageId": need(pattern(r"\d{1,20}")), "stickerId": need(pattern(r"\d{1,20}"))}),
    "image": _message({"originalContentUrl": need(uri()), "previewImageUrl": need(uri())}),
    "video": _message({
        "originalContentUrl": need(uri()), "previewImageUrl": need(uri()),
        "trackingId": may(pattern(r"[-a-zA-Z0-9.=,+*()%$&;:@{}!?<>\[\]]{1,100}")),
    }),
    "audio": _message({"originalContentUrl": need(uri()), "duration": need(whole(1))}),
    "location": _message({"title": need(text(100)), "address": need(text(100)), **_PLACE}),
    "imagemap": _message({"altText": _ALT, **IMAGEMAP}),
    "template": _message({"altText": _ALT, "template": need(templates.TEMPLATE)}),
    "flex": _message({"altText": _ALT, "contents": need(FLEX_CONTAINER)}),
    "coupon": _message({"couponId": need(text(100)), "deliveryTag": may(text(30))}),
})  # fmt: skip
MESSAGES = array(MESSAGE, 1, 5)
