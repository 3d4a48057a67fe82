"""LINE's limits on the strings of a message object (Messaging API reference, July 2026)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TEXT = 5_000
ALT_TEXT = {"flex": 1_500}
OTHER_ALT_TEXT = 400
TITLE = 40
TEMPLATE_TEXT = {"buttons": (160, 60), "confirm": (240, 240), None: (120, 60)}
"""Of a template, or of a carousel's column: alone, and below a title or a picture."""
MESSAGES = 5
BUBBLE_BYTES = 30_000
CAROUSEL_BYTES = 50_000
BUBBLES = 12
COLUMNS = 10
QUICK_REPLIES = 13
MESSAGE_TYPES = frozenset(
    {
        "text",
        "textV2",
        "sticker",
        "image",
        "video",
        "audio",
        "location",
        "imagemap",
        "template",
        "flex",
        "coupon",
    }
)
LINK = re.compile(r"(?:https?|line|tel):\S+")
SECURE_LINK = re.compile(r"https://\S+")
SECURE_LINKS = frozenset(
    {"originalContentUrl", "previewImageUrl", "thumbnailImageUrl", "imageUrl", "iconUrl", "baseUrl", "url"}
)


@dataclass(frozen=True)
class Limit:
    """What LINE takes at one place: `units` are UTF-16 code units."""

    units: int
    cut: bool = True
    """Whether a text that is too long may be shortened; a link or postback data may not."""
    form: re.Pattern[str] | None = None


def limit_of(owner: Mapping[str, Any], key: str) -> Limit | None:
    """Return the limit on the string under `key` of `owner`, a message, component or action; None = no limit."""
    match key:
        case "text" if owner.get("type") in {"text", "textV2"} and "flex" not in owner:
            return Limit(TEXT)
        case "text" | "title" if "actions" in owner and owner.get("type") in TEMPLATE_TEXT:
            return Limit(TITLE if key == "title" else _template_text(owner))
        case "altText":
            return Limit(ALT_TEXT.get(str(owner.get("type")), OTHER_ALT_TEXT))
        case "label":
            return Limit(40)
        case "displayText" | "data":
            return Limit(300, cut=key != "data")
        case "uri":
            return Limit(1_000, cut=False, form=LINK)
        case _:
            return Limit(2_000, cut=False, form=SECURE_LINK) if key in SECURE_LINKS else None


def _template_text(owner: Mapping[str, Any]) -> int:
    alone, below = TEMPLATE_TEXT[owner.get("type")]
    return below if owner.get("title") or owner.get("thumbnailImageUrl") else alone


def units(text: str) -> int:
    """Return how many UTF-16 code units `text` takes: LINE counts an emoji as two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """Return `text`, shortened with an ellipsis to `limit` code units; a character is never split."""
    if len(text) * 2 <= limit or units(text) <= limit:
        return text
    room = limit - 1
    kept = 0
    for position, character in enumerate(text):
        kept += 2 if character > "\uffff" else 1
        if kept > room:
            return text[:position] + "…"
    return text
