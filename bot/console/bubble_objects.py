"""From the fields of a bubble to LINE's message object."""

import json
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from bot import picture_addresses
from bot.console import bubble_cards
from bot.console.bubble_actions import action, filled_actions
from bot.console.bubble_fields import URL_LIMIT
from bot.console.bubble_kinds import BY_NAME
from bot.console.bubble_reader import Reader, Said
from scheduler import message_texts
from scheduler.line_limits import OTHER_ALT_TEXT, TEXT, TITLE

Object = dict[str, Any]


def build(kind: str, reader: Reader) -> Object | None:
    """Return the message object of a bubble; None when it cannot be made at all, which is noted."""
    return _BUILDERS[kind](reader) if kind in _BUILDERS else None


def alt(reader: Reader, *instead: Said) -> Said:
    """Return what notifications say: what was typed for it, else the first of the bubble's own texts."""
    typed = reader.spoken("alt", OTHER_ALT_TEXT)
    return typed or next((each for each in instead if each), typed)


def _text(reader: Reader) -> Object:
    return {"type": "text", "text": reader.spoken("text", TEXT, required=True)}


def _image(reader: Reader) -> Object:
    url = reader.address("image", URL_LIMIT, required=True)
    whole = Said(picture_addresses.whole(url), url.field)
    return {"type": "image", "originalContentUrl": whole, "previewImageUrl": url}


def _video(reader: Reader) -> Object:
    return {
        "type": "video",
        "originalContentUrl": reader.address("video", URL_LIMIT, required=True),
        "previewImageUrl": reader.address("image", URL_LIMIT, required=True),
    }


def _sticker(reader: Reader) -> Object:
    for name in ("package", "sticker"):
        if not reader.plain(name).isdecimal():
            reader.noted.add(reader.prefix + name, _("数字で入力してください。"))
    return {"type": "sticker", "packageId": reader.plain("package"), "stickerId": reader.plain("sticker")}


def _location(reader: Reader) -> Object:
    return {
        "type": "location",
        "title": reader.spoken("title", 100, required=True),
        "address": reader.spoken("address", 100, required=True),
        "latitude": reader.number("latitude", 90),
        "longitude": reader.number("longitude", 180),
    }


def _titled(reader: Reader, alone: int, below: int) -> Object:
    """Return picture, title and text of a template or of one of its cards."""
    image = reader.address("image", URL_LIMIT)
    title = reader.spoken("title", TITLE)
    text = reader.spoken("text", below if image or title else alone, required=True)
    parts = {"thumbnailImageUrl": image, "title": title, "text": text}
    return {name: value for name, value in parts.items() if value or name == "text"}


def _buttons(reader: Reader) -> Object:
    inner = _titled(reader, 160, 60)
    inner["actions"] = filled_actions(reader, [slot.name for slot in BY_NAME["buttons"].slots], least=1)
    said = alt(reader, *(inner[name] for name in ("title", "text") if name in inner))
    return {"type": "template", "altText": said, "template": {"type": "buttons", **inner}}


def _confirm(reader: Reader) -> Object:
    text = reader.spoken("text", 240, required=True)
    actions = filled_actions(reader, ["a0", "a1"], least=2)
    inner = {"type": "confirm", "text": text, "actions": actions}
    return {"type": "template", "altText": alt(reader, text), "template": inner}


def _carousel(reader: Reader) -> Object:
    group = BY_NAME["carousel"].group
    assert group is not None, "a carousel has cards"
    columns: list[Object] = []
    for place in range(reader.count("cards", group.least, group.most)):
        card = reader.below(f"cards{place}")
        column = _titled(card, 120, 60)
        column["actions"] = filled_actions(card, [slot.name for slot in group.slots], least=1)
        columns.append(column)
    _alike(reader, columns)
    said = alt(reader, *(column[name] for column in columns for name in ("title", "text") if name in column))
    return {"type": "template", "altText": said, "template": {"type": "carousel", "columns": columns}}


def _alike(reader: Reader, columns: list[Object]) -> None:
    """Note what LINE wants to be alike: either every card has a picture, a title, so many buttons, or none."""
    for key, words in (
        ("actions", _("ボタンの数は、すべてのカードで同じにしてください。")),
        ("title", _("見出しは、すべてのカードに付けるか、付けないかにしてください。")),
        ("thumbnailImageUrl", _("画像は、すべてのカードに付けるか、付けないかにしてください。")),
    ):
        if len({len(each.get(key, ())) if key == "actions" else key in each for each in columns}) > 1:
            reader.noted.add(reader.prefix.rstrip("."), words)


def _json(reader: Reader) -> Object | None:
    at = f"{reader.prefix}json.{reader.language}"
    text = reader.values.get(at, "").strip()
    try:
        made = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        reader.noted.add(
            at, _("%(line)s行目: JSONとして読めません（%(why)s）。", line=line, why=getattr(error, "msg", ""))
        )
        return None
    if not isinstance(made, dict):
        reader.noted.add(at, _("1つのメッセージオブジェクト（{ … }）を入力してください。"))
        return None
    return _marked(made, at)


def _marked(node: Any, at: str) -> Any:
    """Give every string the field it came from."""
    match node:
        case str():
            return Said(node, at)
        case dict():
            return {key: _marked(value, at) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case list():
            return [_marked(value, at) for value in node]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return node


def _stored(reader: Reader) -> Object | None:
    made = _json(reader)
    if made is None:
        return None
    content = {reader.language: [made]}
    said = {
        words.path: reader.spoken(f"w.{words.path}", 0, required=True)
        for words in message_texts.texts(content)
        if f"{reader.prefix}w.{words.path}.{reader.language}" in reader.values
    }
    return message_texts.reworded(content, said)[reader.language][0]


def quick_replies(reader: Reader, count: int) -> Object | None:
    """Return the buttons below the last bubble; None when there is none."""
    items = [
        {"type": "action", "action": made}
        for place in range(count)
        if (made := _reply(reader.below(f"q{place}")))
    ]
    return {"items": items} if items else None


def _reply(reader: Reader) -> Object | None:
    label = reader.spoken("label", 20)
    text = reader.spoken("text", 300)
    if text and not label:
        reader.noted.add(f"{reader.prefix}label.{reader.language}", _("ボタンの文字を入力してください。"))
    return {"type": "message", "label": label, "text": text or label} if label else None


_BUILDERS: dict[str, Callable[[Reader], Object | None]] = {
    "text": _text,
    "image": _image,
    "video": _video,
    "sticker": _sticker,
    "location": _location,
    "buttons": _buttons,
    "confirm": _confirm,
    "carousel": _carousel,
    "json": _json,
    "stored": _stored,
    "product": lambda reader: bubble_cards.product(reader, alt),
    "coupon": lambda reader: bubble_cards.coupon(reader, alt),
    "notice": lambda reader: bubble_cards.notice(reader, alt),
    "receipt": lambda reader: bubble_cards.receipt(reader, alt),
}

__all__ = ["action", "alt", "build", "quick_replies"]
