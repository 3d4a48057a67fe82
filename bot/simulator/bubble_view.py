"""One message as the phone shows it: side, time, parts of its text, the tree of a Flex message."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.simulator import flex_view
from bot.simulator.clock import in_japan
from bot.simulator.conversation import Bubble
from bot.simulator.flex_view import Node
from bot.simulator.json_types import JsonObject, as_array, as_object
from bot.simulator.tap_view import Tap, link, tap_of

_URL = re.compile(r"(https?://[^\s<>\"'、。）」]+)")
_EMOJI = "🙂"


@dataclass(frozen=True)
class TextPart:
    """A run of text, with a tap when it is a link."""

    text: str
    tap: Tap | None = None


@dataclass(frozen=True)
class Area:
    """A tappable part of a picture, in percent of its sides."""

    left: float
    top: float
    width: float
    height: float
    tap: Tap | None
    label: str


@dataclass(frozen=True)
class BubbleView:
    """What a template needs to write one message down."""

    bubble: Bubble
    time: str
    day: str
    parts: Sequence[TextPart] = ()
    flex: Sequence[Node] = ()
    areas: Sequence[Area] = ()

    @property
    def message(self) -> JsonObject:
        """The message object."""
        return self.bubble.message

    @property
    def kind(self) -> str:
        """Message type, with the template's type for templates."""
        if self.message["type"] == "template":
            return f"template-{self.message['template']['type']}"
        return str(self.message["type"])

    @property
    def key(self) -> str:
        """Unique among the elements of a chat."""
        return f"{self.bubble.no}-{self.bubble.message_id or 'shown'}"


def view_of(bubble: Bubble) -> BubbleView:
    """The view of one chat entry."""
    at, message = in_japan(bubble.at), bubble.message
    flex = flex_view.bubbles(message["contents"]) if message["type"] == "flex" else []
    areas = imagemap_areas(message) if message["type"] == "imagemap" else []
    shown = _text_of(message)
    return BubbleView(bubble, at.strftime("%H:%M"), at.strftime("%Y/%m/%d"), text_parts(shown), flex, areas)


def text_parts(text: str) -> list[TextPart]:
    """Text with its links cut out."""
    return [
        TextPart(part, link(part) if index % 2 else None)
        for index, part in enumerate(_URL.split(text))
        if part
    ]


def quick_replies(bubbles: Sequence[Bubble]) -> list[tuple[Tap | None, str, str | None]]:
    """Tap, label and icon of the buttons below the chat: only the last message shows its own."""
    last = bubbles[-1] if bubbles else None
    if last is None or last.incoming:
        return []
    items = as_array((as_object(last.message.get("quickReply")) or {}).get("items")) or []
    found = [as_object(item) or {} for item in items]
    return [(tap_of(item["action"]), item["action"].get("label", ""), item.get("imageUrl")) for item in found]


def menu_areas(menu: JsonObject) -> list[Area]:
    """The tap areas of a rich menu."""
    size = menu["size"]
    return [
        _area(area["bounds"], size["width"], size["height"], area["action"])
        for area in as_array(menu["areas"]) or []
    ]


def imagemap_areas(message: JsonObject) -> list[Area]:
    """The tap areas of an imagemap."""
    size = message["baseSize"]
    return [_area(action["area"], size["width"], size["height"], action) for action in message["actions"]]


def _area(bounds: JsonObject, width: int, height: int, action: JsonObject) -> Area:
    return Area(
        left=round(100 * bounds["x"] / width, 3),
        top=round(100 * bounds["y"] / height, 3),
        width=round(100 * bounds["width"] / width, 3),
        height=round(100 * bounds["height"] / height, 3),
        tap=tap_of(action),
        label=str(action.get("label") or action.get("text") or ""),
    )


def _text_of(message: JsonObject) -> str:
    text = str(message.get("text", ""))
    if message["type"] == "textV2":
        given = as_object(message.get("substitution")) or {}
        return re.sub(r"\{(\w+)\}", lambda found: _substitute(given.get(found[1])), text)
    return text.replace("$", _EMOJI) if message.get("emojis") else text


def _substitute(value: object) -> str:
    mentioned = as_object((as_object(value) or {}).get("mentionee"))
    if mentioned is None:
        return _EMOJI
    return "@All" if mentioned.get("type") == "all" else "@…"
