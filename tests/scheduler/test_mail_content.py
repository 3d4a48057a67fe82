"""What a LINE message says as mail."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scheduler.mail_content import LONGEST_SUBJECT, Block, BlockKind, content_of

BUBBLE = {
    "type": "bubble",
    "hero": {"type": "image", "url": "https://shop.example/tea.jpg"},
    "body": {
        "type": "box",
        "layout": "vertical",
        "contents": [
            {"type": "text", "text": "秋の新茶"},
            {"type": "text", "contents": [{"type": "span", "text": "今だけ"}, {"type": "span", "text": "送料無料"}]},
            {"type": "separator"},
        ],
    },
    "footer": {
        "type": "box",
        "layout": "vertical",
        "contents": [
            {"type": "button", "action": {"type": "uri", "label": "見る", "uri": "https://shop.example/"}},
            {"type": "button", "action": {"type": "postback", "label": "質問する", "data": "ask"}},
        ],
    },
}  # fmt: skip


def test_a_bubble_becomes_paragraphs_links_and_pictures_in_its_order() -> None:
    content = content_of([{"type": "flex", "altText": "秋の新茶のご案内", "contents": BUBBLE}])

    assert content.subject == "秋の新茶のご案内"
    assert content.blocks == (
        Block(BlockKind.PICTURE, "", "https://shop.example/tea.jpg"),
        Block(BlockKind.TEXT, "秋の新茶"),
        Block(BlockKind.TEXT, "今だけ送料無料"),
        Block(BlockKind.LINK, "見る", "https://shop.example/"),
    )


def test_a_text_gives_its_first_line_as_the_subject() -> None:
    content = content_of([{"type": "text", "text": "  田中様\n新茶が入りました"}])

    assert content.subject == "田中様"
    assert content.blocks == (Block(BlockKind.TEXT, "田中様\n新茶が入りました"),)


def test_what_only_line_can_show_says_nothing() -> None:
    assert not content_of([{"type": "sticker", "packageId": "1", "stickerId": "1"}]).says_something


def test_an_address_that_could_run_a_program_is_no_link() -> None:
    button = {"type": "button", "action": {"type": "uri", "label": "x", "uri": "javascript:alert(1)"}}
    picture = {"type": "image", "url": "data:image/svg+xml,x"}
    box = {"type": "box", "layout": "vertical", "contents": [button, picture]}

    assert content_of([{"type": "flex", "altText": "x", "contents": box}]).blocks == ()


anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=90),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "contents", "body", "action", "uri", "altText", "template"]),
            inner | st.sampled_from(["text", "flex", "box", "button", "template", "image", "bubble"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.lists(st.dictionaries(st.sampled_from(["type", "text", "contents", "altText"]), anything), max_size=3)
)
def test_whatever_a_message_is_made_of_there_is_a_subject_of_one_short_line(messages: list[Any]) -> None:
    subject = content_of(messages).subject

    assert len(subject) <= LONGEST_SUBJECT
    assert len(subject.splitlines()) <= 1
