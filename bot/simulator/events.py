"""Webhook events in LINE's shape, as they leave the platform."""

from bot.simulator import ids
from bot.simulator.json_types import JsonObject


def user_source(user_id: str) -> JsonObject:
    """The source of an event in a one-on-one chat."""
    return {"type": "user", "userId": user_id}


def group_source(group_id: str) -> JsonObject:
    """The source of an event in a group chat."""
    return {"type": "group", "groupId": group_id}


def event(
    kind: str, source: JsonObject | None, at: int, reply_token: str | None, **content: object
) -> JsonObject:
    """One event; what an event of this kind may not carry is left out by passing None."""
    made: JsonObject = {"type": kind, **content, "webhookEventId": ids.event_id(at)}
    made["deliveryContext"] = {"isRedelivery": False}
    made["timestamp"] = at
    if source is not None:
        made["source"] = source
    if reply_token is not None:
        made["replyToken"] = reply_token
    made["mode"] = "active"
    return made


def text_message(message_id: str, text: str) -> JsonObject:
    """The `message` of a text event."""
    return {
        "type": "text",
        "id": message_id,
        "quoteToken": ids.token(48),
        "markAsReadToken": ids.token(),
        "text": text,
    }


def sticker_message(message_id: str, package_id: str, sticker_id: str, keywords: list[str]) -> JsonObject:
    """The `message` of a sticker event."""
    return {
        "type": "sticker",
        "id": message_id,
        "quoteToken": ids.token(48),
        "markAsReadToken": ids.token(),
        "stickerId": sticker_id,
        "packageId": package_id,
        "stickerResourceType": "STATIC",
        "keywords": keywords,
    }


def image_message(message_id: str) -> JsonObject:
    """The `message` of an image event; the bytes are fetched from the content endpoint."""
    return {
        "type": "image",
        "id": message_id,
        "quoteToken": ids.token(48),
        "markAsReadToken": ids.token(),
        "contentProvider": {"type": "line"},
    }


def location_message(
    message_id: str, title: str, address: str, latitude: float, longitude: float
) -> JsonObject:
    """The `message` of a location event."""
    return {
        "type": "location",
        "id": message_id,
        "markAsReadToken": ids.token(),
        "title": title,
        "address": address,
        "latitude": latitude,
        "longitude": longitude,
    }
