"""The shop's ready designs as Flex Messages: a product, a coupon, a notice, a receipt."""

from collections.abc import Callable
from typing import Any

from bot.console.bubble_actions import filled_actions
from bot.console.bubble_fields import URL_LIMIT
from bot.console.bubble_kinds import BY_NAME, COLOURS
from bot.console.bubble_reader import Reader, Said

Object = dict[str, Any]
Alt = Callable[..., Said]
GREY = "#666666"


def product(reader: Reader, alt: Alt) -> Object:
    """Return a card with a picture, name, price and buttons."""
    title = reader.spoken("title", 200, required=True)
    price, text = reader.spoken("price", 60), reader.spoken("text", 500)
    body = [_text(title, weight="bold", size="xl")]
    if price:
        body.append(_text(price, weight="bold", size="lg", color=_colour(reader)))
    if text:
        body.append(_text(text, size="sm", color=GREY, margin="md"))
    return _flex(alt(reader, title), {**_hero(reader), "body": _box(body), **_footer(reader, 2)})


def coupon(reader: Reader, alt: Alt) -> Object:
    """Return a coupon: what it gives in large letters, its code, until when."""
    title, offer = reader.spoken("title", 100, required=True), reader.spoken("offer", 40, required=True)
    code, until, text = reader.spoken("code", 40), reader.spoken("until", 100), reader.spoken("text", 500)
    header = _box([_text(title, weight="bold", color="#FFFFFF", align="center")]) | {
        "backgroundColor": _colour(reader)
    }
    body = [_text(offer, weight="bold", size="3xl", align="center", color=_colour(reader))]
    if code:
        body.append(_text(code, weight="bold", size="xl", align="center", margin="md"))
    if until:
        body.append(_text(until, size="sm", color=GREY, align="center", margin="sm"))
    if text:
        body += [{"type": "separator", "margin": "lg"}, _text(text, size="sm", color=GREY, margin="lg")]
    return _flex(alt(reader, title), {"header": header, "body": _box(body), **_footer(reader, 1)})


def notice(reader: Reader, alt: Alt) -> Object:
    """Return a notice: a heading, a text, buttons."""
    title = reader.spoken("title", 100, required=True)
    text = reader.spoken("text", 1000, required=True)
    body = [
        _text(title, weight="bold", size="lg", color=_colour(reader)),
        {"type": "separator", "margin": "md"},
        _text(text, size="md", margin="md"),
    ]
    return _flex(alt(reader, title), {**_hero(reader), "body": _box(body), **_footer(reader, 2)})


def receipt(reader: Reader, alt: Alt) -> Object:
    """Return a list of items with their amounts and the total."""
    group = BY_NAME["receipt"].group
    assert group is not None, "a receipt has lines"
    title = reader.spoken("title", 100, required=True)
    body = [
        _text(title, weight="bold", size="lg", color=_colour(reader)),
        {"type": "separator", "margin": "md"},
    ]
    for place in range(reader.count("lines", group.least, group.most)):
        line = reader.below(f"lines{place}")
        item, amount = line.spoken("item", 100, required=True), line.spoken("amount", 40, required=True)
        body.append(_pair(item, amount, size="sm"))
    label, total = reader.spoken("total_label", 40), reader.spoken("total", 40)
    if label and total:
        body += [{"type": "separator", "margin": "md"}, _pair(label, total, weight="bold")]
    if text := reader.spoken("text", 500):
        body.append(_text(text, size="sm", color=GREY, margin="lg"))
    return _flex(alt(reader, title), {"body": _box(body), **_footer(reader, 1)})


def _flex(said: Said, parts: Object) -> Object:
    return {"type": "flex", "altText": said, "contents": {"type": "bubble", **parts}}


def _text(text: Said, **look: Any) -> Object:
    return {"type": "text", "text": text, "wrap": True, **look}


def _box(contents: list[Object]) -> Object:
    return {"type": "box", "layout": "vertical", "spacing": "sm", "contents": contents}


def _pair(left: Said, right: Said, **look: Any) -> Object:
    return {
        "type": "box",
        "layout": "horizontal",
        "margin": "md",
        "contents": [
            _text(left, flex=3, **look),
            _text(right, flex=2, align="end", **look),
        ],
    }


def _hero(reader: Reader) -> Object:
    url = reader.address("image", URL_LIMIT)
    if not url:
        return {}
    picture = {"type": "image", "url": url, "size": "full", "aspectRatio": "20:13", "aspectMode": "cover"}
    return {"hero": picture}


def _footer(reader: Reader, count: int) -> Object:
    actions = filled_actions(reader, [f"a{place}" for place in range(count)])
    if not actions:
        return {}
    first, *others = actions
    buttons: list[Object] = [
        {"type": "button", "style": "primary", "height": "sm", "color": _colour(reader), "action": first}
    ]
    buttons += [{"type": "button", "style": "link", "height": "sm", "action": each} for each in others]
    return {"footer": _box(buttons)}


def _colour(reader: Reader) -> str:
    chosen = reader.plain("color")
    return chosen if chosen in {value for value, _ in COLOURS} else COLOURS[0][0]
