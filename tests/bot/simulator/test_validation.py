"""Message objects are checked as LINE checks them, and refusals have LINE's shape."""

from typing import Any

import pytest

from tests.bot.simulator import samples
from tests.bot.simulator.conftest import Wire, text
from tests.fakes.simulator import Json

EMOJI = "\N{GRINNING FACE}"


def validate(wire: Wire, *messages: Any) -> tuple[int, Json]:
    answer = wire.call("POST", "/v2/bot/message/validate/push", {"messages": list(messages)})
    return answer.status, answer.body


def flex(contents: Json) -> Json:
    return {"type": "flex", "altText": "見本", "contents": contents}


def body_of(*components: Json, layout: str = "vertical", **more: Any) -> Json:
    return flex(
        {"type": "bubble", "body": {"type": "box", "layout": layout, "contents": list(components)}, **more}
    )


@pytest.mark.parametrize("message", samples.EVERY_KIND.values(), ids=samples.EVERY_KIND)
def test_every_kind_of_message_is_taken(wire: Wire, message: Json) -> None:
    assert validate(wire, message) == (200, {})


def test_an_empty_text_is_refused_in_lines_words(wire: Wire) -> None:
    assert validate(wire, text("")) == (
        400,
        {
            "message": "The request body has 1 error(s)",
            "details": [{"message": "May not be empty", "property": "messages[0].text"}],
        },
    )


def test_text_is_counted_in_utf16_units(wire: Wire) -> None:
    assert validate(wire, text(EMOJI * 2500))[0] == 200
    status, body = validate(wire, text(EMOJI * 2500 + "!"))
    assert (status, body["details"][0]["message"]) == (400, "Length must be between 1 and 5000")


@pytest.mark.parametrize("count", [0, 6])
def test_one_to_five_messages(wire: Wire, count: int) -> None:
    assert validate(wire, *[text()] * count)[1]["details"][0]["property"] == "messages"


PLAIN_FAULTS: list[tuple[str, Json, str]] = [
    ("unknown type", {"type": "hologram"}, "messages[0].type"),
    ("no type", {"text": "x"}, "messages[0].type"),
    ("http picture", {**samples.IMAGE, "previewImageUrl": "http://example.com/a"}, "messages[0].previewImageUrl"),
    ("no preview", {"type": "image", "originalContentUrl": samples.PICTURE}, "messages[0].previewImageUrl"),
    ("no duration", {"type": "audio", "originalContentUrl": samples.PICTURE}, "messages[0].duration"),
    ("latitude", {**samples.LOCATION, "latitude": 91}, "messages[0].latitude"),
    ("sender name", {**samples.TEXT, "sender": {"name": "長" * 21}}, "messages[0].sender.name"),
    ("no altText", {"type": "template", "template": samples.CONFIRM["template"]}, "messages[0].altText"),
    ("long altText", {**samples.FLEX, "altText": "長" * 1501}, "messages[0].altText"),
    ("sticker", {"type": "sticker", "packageId": "446"}, "messages[0].stickerId"),
    ("map base", {**samples.IMAGEMAP, "baseSize": {"width": 900, "height": 1}}, "messages[0].baseSize.width"),
    ("emoji", {**samples.TEXT, "emojis": [{"index": 0, "productId": "1", "emojiId": "2"}]}, "messages[0].emojis[0].index"),
    ("substitution", {"type": "textV2", "text": "{who}"}, "messages[0].substitution"),
    ("text as number", {"type": "text", "text": 5}, "messages[0].text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "where"), [fault[1:] for fault in PLAIN_FAULTS], ids=[fault[0] for fault in PLAIN_FAULTS]
)
def test_a_fault_is_named_by_its_place(wire: Wire, message: Json, where: str) -> None:
    status, body = validate(wire, message)
    assert status == 400
    assert where in {detail["property"] for detail in body["details"]}


def test_the_fourteenth_quick_reply_is_too_many(wire: Wire) -> None:
    items = [{"type": "action", "action": samples.ASK}] * 14
    assert validate(wire, {**text(), "quickReply": {"items": items}})[0] == 400
    assert validate(wire, {**text(), "quickReply": {"items": items[:13]}})[0] == 200


TEMPLATE_FAULTS: list[tuple[str, Json]] = [
    ("five buttons", {**samples.BUTTONS["template"], "actions": [samples.ASK] * 5}),
    ("long text beside a picture", {**samples.BUTTONS["template"], "text": "長" * 61}),
    ("one answer", {**samples.CONFIRM["template"], "actions": [samples.ASK]}),
    ("eleven columns", {"type": "carousel", "columns": samples.CAROUSEL["template"]["columns"][:1] * 11}),
    ("uneven columns", {"type": "carousel", "columns": [
        {"text": "一", "actions": [samples.ASK]}, {"text": "二", "actions": [samples.ASK, samples.BUY]},
    ]}),
    ("long label", {**samples.CONFIRM["template"], "actions": [samples.ASK, {**samples.BUY, "label": "長" * 21}]}),
    ("long data", {**samples.CONFIRM["template"], "actions": [samples.ASK, {**samples.BUY, "data": "d" * 301}]}),
    ("no label", {**samples.CONFIRM["template"], "actions": [samples.ASK, {"type": "message", "text": "x"}]}),
    ("script link", {**samples.CONFIRM["template"], "actions": [samples.ASK, {**samples.OPEN, "uri": "javascript:alert(1)"}]}),
    ("bad date", {**samples.CONFIRM["template"], "actions": [samples.ASK, {**samples.DATE, "initial": "7月1日"}]}),
]  # fmt: skip


@pytest.mark.parametrize(
    "template", [fault[1] for fault in TEMPLATE_FAULTS], ids=[fault[0] for fault in TEMPLATE_FAULTS]
)
def test_a_faulty_template_is_refused(wire: Wire, template: Json) -> None:
    assert validate(wire, {"type": "template", "altText": "見本", "template": template})[0] == 400


WORDS: Json = {"type": "text", "text": "本文"}
FLEX_FAULTS: list[tuple[str, Json, str, str]] = [
    ("empty text", body_of({"type": "text", "text": ""}), "must be non-empty text", "/body/contents/0/text"),
    ("unknown field", body_of({**WORDS, "colour": "#000000"}), "unknown field", "/body/contents/0/colour"),
    ("bad colour", body_of({**WORDS, "color": "red"}), "invalid property", "/body/contents/0/color"),
    ("bad size", body_of({**WORDS, "size": "huge"}), "invalid property", "/body/contents/0/size"),
    ("no layout", flex({"type": "bubble", "body": {"type": "box", "contents": []}}), "must be specified", "/body/layout"),
    ("unknown component", body_of({"type": "chart"}), "invalid property", "/body/contents/0/type"),
    ("button on a baseline", body_of({"type": "button", "action": samples.ASK}, layout="baseline"), "invalid property", "/body/contents/0/type"),
    ("icon in a column", body_of({"type": "icon", "url": samples.PICTURE}), "invalid property", "/body/contents/0/type"),
    ("http picture", body_of({"type": "image", "url": "http://example.com/a"}), "invalid uri scheme", "/body/contents/0/url"),
    ("relative link", body_of({"type": "button", "action": {**samples.OPEN, "uri": "/shop"}}), "invalid uri scheme", "/body/contents/0/action/uri"),
    ("nothing in it", flex({"type": "bubble"}), "At least one block must be specified", "/"),
    ("unknown in bubble", body_of(WORDS, colour="#000000"), "unknown field", "/colour"),
    ("no action", body_of({"type": "button"}), "must be specified", "/body/contents/0/action"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "said", "where"),
    [fault[1:] for fault in FLEX_FAULTS],
    ids=[fault[0] for fault in FLEX_FAULTS],
)
def test_flex_faults_are_told_by_pointer(wire: Wire, message: Json, said: str, where: str) -> None:
    status, body = validate(wire, text(), message)
    assert (status, body["message"]) == (400, "A message (messages[1]) in the request body is invalid")
    assert {"message": said, "property": where} in body["details"]


def test_a_bubble_has_thirty_kilobytes(wire: Wire) -> None:
    words = {"type": "text", "text": "x" * 4000}
    assert validate(wire, body_of(*[words] * 7))[0] == 200
    status, body = validate(wire, body_of(*[words] * 8))
    assert status == 400
    assert body["details"][0]["message"].startswith("Too large flex message")


def test_a_carousel_has_twelve_bubbles_and_fifty_kilobytes(wire: Wire) -> None:
    small = body_of(WORDS)["contents"]
    assert validate(wire, flex({"type": "carousel", "contents": [small] * 12}))[0] == 200
    assert validate(wire, flex({"type": "carousel", "contents": [small] * 13}))[0] == 400
    large = body_of(*[{"type": "text", "text": "x" * 4000}] * 5)["contents"]
    assert validate(wire, flex({"type": "carousel", "contents": [large] * 3}))[0] == 400


def test_bubbles_of_a_carousel_have_one_size(wire: Wire) -> None:
    contents = [samples.bubble(size="kilo"), samples.bubble(size="mega")]
    assert validate(wire, flex({"type": "carousel", "contents": contents}))[0] == 400


def test_joined_emoji_count_as_one_character_of_a_label(wire: Wire) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    action = {**samples.ASK, "label": family * 20}
    template = {"type": "confirm", "text": "家族", "actions": [action, samples.BUY]}
    assert validate(wire, {"type": "template", "altText": "家族", "template": template})[0] == 200
