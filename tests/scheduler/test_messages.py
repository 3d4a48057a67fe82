"""Messages rendered for friends: whatever they are called, the message keeps its shape."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.line_limits import units
from scheduler.messages import MissingFact, RenderError, is_personal, named_facts, render, spoken

BUBBLE: dict[str, Any] = {
    "type": "flex",
    "altText": "{{ name }}",
    "contents": {
        "type": "bubble",
        "body": {
            "type": "box",
            "layout": "vertical",
            "contents": [
                {"type": "text", "text": "{{ name }}"},
                {"type": "text", "text": "固定", "wrap": True},
            ],
        },
    },
}
names = st.text(min_size=1, max_size=40).filter(lambda name: not name.isspace())


def text(source: str) -> dict[str, Any]:
    return {"ja": [{"type": "text", "text": source}]}


def said(source: str, **facts: Any) -> str:
    return render(text(source), "ja", facts)[0]["text"]


@settings(deadline=None)
@given(names)
def test_any_name_is_one_string_in_an_otherwise_unchanged_message(name: str) -> None:
    expected = deepcopy(BUBBLE)
    expected["altText"] = expected["contents"]["body"]["contents"][0]["text"] = name
    assert render({"ja": [BUBBLE]}, "ja", {"name": name}) == [expected]


@pytest.mark.parametrize(
    "name",
    [
        '"}],"x":[{"',
        "{{ member_number }}",
        "{% for a in b %}",
        "{# x #}",
        "$if",
        "\\u0022",
        "</script>",
        "'\n\"",
        "😀👨‍👩‍👧",
    ],
)
def test_a_name_made_to_do_harm_is_only_said(name: str) -> None:
    assert said("{{ name }}さん", name=name, member_number="秘密") == f"{name}さん"


@settings(deadline=None)
@given(st.lists(names, max_size=10))
def test_a_loop_makes_one_element_for_each_coupon(titles: list[str]) -> None:
    content = {
        "ja": [{"a": [{"$for": "coupon in coupons", "$each": {"t": "{{ coupon.title }}"}}, {"t": "end"}]}]
    }
    rendered = render(content, "ja", {"coupons": [{"title": title} for title in titles]})
    assert rendered == [{"a": [*({"t": title} for title in titles), {"t": "end"}]}]


def test_a_loop_stops_at_ten_elements() -> None:
    content = {"ja": [{"a": [{"$for": "coupon in coupons", "$each": {"t": "x"}}]}]}
    assert len(render(content, "ja", {"coupons": [{}] * 1000})[0]["a"]) == 10


def test_a_part_with_a_condition_is_there_or_is_not() -> None:
    content = {
        "ja": [
            {
                "hero": {"$if": "trial.image", "$then": {"url": "{{ trial.image }}"}},
                "a": [{"$if": "name == '山田'", "$then": 1}],
            }
        ]
    }
    assert render(content, "ja", {"trial": {"image": "https://a"}, "name": "山田"}) == [
        {"hero": {"url": "https://a"}, "a": [1]}
    ]
    assert render(content, "ja", {"name": "鈴木"}) == [{"a": []}]


def test_what_is_the_same_for_all_is_not_copied() -> None:
    static = BUBBLE["contents"]["body"]["contents"][1]
    first, second = (render({"ja": [BUBBLE]}, "ja", {"name": name}) for name in ("a", "b"))
    parts = [each[0]["contents"]["body"]["contents"][1] for each in (first, second)]
    assert parts[0] is parts[1]
    assert parts[0] == static


@pytest.mark.parametrize(
    "source",
    [
        "{{ last_product.name }}",
        "{{ last_product }}",
        "{{ last_product.name | upper }}",
        "{{ last_product.name | url }}",
        "{{ next_due | date }}",
        "{{ trial.price_yen | yen }}",
        "{{ last_product.name + 'x' }}",
        "{% if stage == 'trial' %}x{% endif %}",
        "{% for a in coupons %}x{% endfor %}",
    ],
)
def test_a_missing_fact_names_itself(source: str) -> None:
    with pytest.raises(MissingFact) as caught:
        said(source, name="山田")
    assert caught.value.fact in source
    assert caught.value.reason == f"fact_missing:{caught.value.fact}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{{ nickname or "お客様" }}', "お客様"),
        ('{{ last_product.name | default("商品") }}', "商品"),
        ("x{% if coupon %}{{ coupon.title }}{% endif %}", "x"),
        ("{{ coupon.title if coupon else 'なし' }}", "なし"),
        ("{% if coupon is defined %}a{% else %}b{% endif %}", "b"),
    ],
)
def test_a_missing_fact_can_be_replaced(source: str, expected: str) -> None:
    assert said(source) == expected


def test_a_fact_that_is_none_is_missing() -> None:
    with pytest.raises(MissingFact):
        said("{{ next_due }}", next_due=None)


@pytest.mark.parametrize(
    ("source", "facts"),
    [
        ("{{ name.__class__ }}", {"name": "山田"}),
        ("{{ name.upper }}", {"name": "山田"}),
        ("{{ cause.__init__ }}", {"cause": {"order_id": "1"}}),
        ("{{ cause['__class__'] }}", {"cause": {}}),
        ("{{ cause.items }}", {"cause": {}}),
        ("{{ cause }}", {"cause": {}}),
        ("{{ name | date }}", {"name": "山田"}),
        ("{{ name + 1 }}", {"name": "山田"}),
        ("{% if name %} {% endif %}", {"name": "山田"}),
    ],
)
def test_what_cannot_be_said_concerns_this_friend_alone(source: str, facts: dict[str, Any]) -> None:
    with pytest.raises(RenderError):
        said(source, **facts)


def test_a_key_that_is_also_a_method_of_dict_is_a_fact() -> None:
    assert said("{{ cause.items }}{{ cause.keys }}", cause={"items": "A", "keys": "B"}) == "AB"


def test_a_text_longer_than_line_takes_is_cut_between_characters() -> None:
    long = said("{{ name }}", name="😀" * 10_000)
    assert units(long) <= 5_000
    assert long == "😀" * 2_499 + "…"


def test_a_friend_named_with_ten_thousand_characters_gets_a_valid_alt_text() -> None:
    rendered = render({"ja": [BUBBLE]}, "ja", {"name": "あ" * 10_000})
    assert units(rendered[0]["altText"]) == 1_500


def test_a_link_that_would_be_none_is_refused() -> None:
    button = {"type": "uri", "label": "見る", "uri": "{{ trial.url }}"}
    for url in ("javascript:alert(1)", "https://a b", "", "https://a/" + "x" * 1000):
        with pytest.raises(RenderError):
            render({"ja": [button]}, "ja", {"trial": {"url": url}})
    assert render({"ja": [button]}, "ja", {"trial": {"url": "https://a/b"}})[0]["uri"] == "https://a/b"


@pytest.mark.parametrize(
    ("language", "languages", "expected"),
    [("en", {"ja", "en"}, "en"), ("zh", {"ja", "en"}, "ja"), ("ja", {"en"}, "en"), ("en", {"ja"}, "ja")],
)
def test_a_friend_is_spoken_to_in_their_language_where_it_exists(
    language: str, languages: set[str], expected: str
) -> None:
    assert spoken(language, languages) == expected


def test_only_content_with_facts_is_personal() -> None:
    assert is_personal(text("{{ name }}さん"))
    assert not is_personal(text("こんにちは"))
    assert not is_personal(text("{% if language == 'ja' %}こんにちは{% endif %}"))
    assert named_facts(
        {"ja": [{"a": [{"$for": "c in coupons", "$each": "{{ c.title }}{{ coupon.code }}"}]}]}
    ) == {"coupons", "coupon.code"}


FACTS = {"price": 1234, "day": datetime(2026, 11, 27, 20, 5, tzinfo=UTC), "zone": ZoneInfo("Asia/Tokyo")}


@pytest.mark.parametrize(
    ("source", "ja", "en"),
    [
        ("{{ price | yen }}", "1,234円", "¥1,234"),
        ("{{ price | number }}", "1,234", "1,234"),
        ("{{ day | date }}", "2026年11月28日（土）", "Sat, Nov 28, 2026"),
        ("{{ day | date('short') }}", "11月28日（土）", "Sat, Nov 28"),
        ("{{ day | time }}", "05:05", "05:05"),
        ("{{ day | datetime }}", "2026年11月28日（土） 05:05", "Sat, Nov 28, 2026 05:05"),
        ("{{ '2026-11-28' | date }}", "2026年11月28日（土）", "Sat, Nov 28, 2026"),
        ("{{ '2026-11-27T20:05:00+00:00' | date }}", "2026年11月28日（土）", "Sat, Nov 28, 2026"),
        ("{{ 'a b&c=日' | url }}", "a%20b%26c%3D%E6%97%A5", "a%20b%26c%3D%E6%97%A5"),
    ],
)
def test_figures_and_dates_are_worded_in_the_language_spoken(source: str, ja: str, en: str) -> None:
    content = {"ja": text(source)["ja"], "en": text(source)["ja"]}
    assert [render(content, language, FACTS)[0]["text"] for language in ("ja", "en")] == [ja, en]


def test_what_is_rendered_is_plain_json() -> None:
    rendered = render({"ja": [BUBBLE]}, "ja", {"name": "山田"})
    assert json.loads(json.dumps(rendered)) == rendered
