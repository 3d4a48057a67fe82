"""Template code in words, and back."""

import pytest

from bot.console import fact_tokens
from scheduler import library, message_texts

READY = [
    (ready.key, each) for ready in library.ready_messages() for each in message_texts.texts(ready.content)
]


def test_every_ready_text_comes_back_as_it_was() -> None:
    assert len(READY) > 100
    changed = [
        each.text
        for _key, each in READY
        if fact_tokens.to_source(fact_tokens.to_text(each.text, each.path[:2]), each.text, each.path[:2])
        != each.text
    ]
    assert changed == []


def test_the_texts_of_the_scenarios_show_no_template_code() -> None:
    names = {step["message"] for scenario in library.ready_scenarios() for step in scenario["steps"]}
    shown = [fact_tokens.to_text(each.text, each.path[:2]) for key, each in READY if key in names]
    assert [text for text in shown if "{{" in text or "{%" in text] == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ name_sama }}、こんにちは", "{お名前}、こんにちは"),
        ("{{ coupon.expires | date('short') }}まで", "{クーポンの期限}まで"),
        ("{% if coupon %}あり{% else %}なし{% endif %}", "{クーポンがあれば}あり{なければ}なし{ここまで}"),
        ("{{ name }}と{{ name | upper }}", "{お名前（敬称なし）}と{お名前（敬称なし）2}"),
        ("{{ cause.number }}{% if a and b %}", "{{ cause.number }}{% if a and b %}"),
    ],
)
def test_code_is_named(source: str, text: str) -> None:
    assert fact_tokens.to_text(source, "ja") == text
    assert fact_tokens.to_source(text, source, "ja") == source


def test_a_fact_that_was_not_there_may_be_added_by_its_name() -> None:
    assert fact_tokens.to_source("{お店の名前}より", "こんにちは", "ja") == "{{ shop_name }}より"
    assert fact_tokens.to_source("{なにか}より", "こんにちは", "ja") == "{なにか}より"
