"""What the operator is told when a message is saved that could not be sent."""

from typing import Any

import pytest

from scheduler.messages import Problem, check


def text(source: str) -> dict[str, Any]:
    return {"ja": [{"type": "text", "text": source}]}


def codes(content: Any) -> list[str]:
    return [problem.code for problem in check(content)]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ name", "syntax_error"),
        ("{% if name %}", "syntax_error"),
        ("(" * 3_000 + "{{ " + "(" * 3_000, "syntax_error"),
        ("{{ nam }}", "unknown_fact"),
        ("{{ coupon.titel }}", "unknown_fact"),
        ("{{ name.__class__.__mro__ }}", "unknown_fact"),
        ("{{ self }}", "not_allowed"),
        ("{{ 'a' * 10**9 }}", "not_allowed"),
        ("{{ 'a' * 1000000000 }}", "not_allowed"),
        ("{{ range(1000000000) }}", "not_allowed"),
        ("{{ lipsum(100000) }}", "not_allowed"),
        ("{{ name.upper() }}", "not_allowed"),
        ("{{ 'x' % 9 }}", "not_allowed"),
        ("{% set a = 'x' %}", "not_allowed"),
        ("{% macro a() %}{% endmacro %}", "not_allowed"),
        ("{% include 'x' %}", "not_allowed"),
        ("{% extends 'x' %}", "not_allowed"),
        ("{% block a %}{% endblock %}", "not_allowed"),
        ("{% filter upper %}a{% endfilter %}", "not_allowed"),
        ("{% for a in [1,2] %}x{% endfor %}", "not_allowed"),
        ("{% for a in 'abc' %}x{% endfor %}", "not_allowed"),
        ("{% for a in coupons %}" * 3 + "x" + "{% endfor %}" * 3, "not_allowed"),
        ("{% for a in coupons recursive %}x{% endfor %}", "not_allowed"),
        ("{{ name | replace('a', 'b') }}", "unknown_filter"),
        ("{{ '%1000000000d' | format(1) }}", "unknown_filter"),
        ("{{ name | center(1000000000) }}", "unknown_filter"),
        ("{{ name | attr('x') }}", "unknown_filter"),
        ("{{ name is filter }}", "syntax_error"),
        ("あ" * 10_001 + "{{ name }}", "template_too_long"),
        ("あ" * 5_001, "text_too_long"),
        ("😀" * 2_501, "text_too_long"),
    ],
)
def test_a_text_that_could_not_be_sent_is_named(source: str, code: str) -> None:
    problem = check(text(source))[0]
    assert (problem.path, problem.code) == ("ja[0].text", code)


@pytest.mark.parametrize(
    "source",
    [
        "こんにちは",
        "{{ name or 'お客様' }}",
        "{% for each in coupons %}{{ loop.index }} {{ each.title }}{% endfor %}",
        "{{ cause.order_id }}",
        "{{ last_product.name | default('商品') | truncate(10) }}",
        "😀" * 2_500,
    ],
)
def test_a_text_that_can_be_sent_is_fine(source: str) -> None:
    assert check(text(source)) == []


UNSENDABLE: list[tuple[Any, str]] = [
    (None, "no_language"),
    ({}, "no_language"),
    ({"fr": [{"type": "text", "text": "x"}]}, "unknown_language"),
    ({"ja": []}, "no_messages"),
    ({"ja": "x"}, "no_messages"),
    ({"ja": [{"type": "text", "text": "x"}] * 6}, "too_many_messages"),
    ({"ja": ["x"]}, "not_an_object"),
    ({"ja": [{"type": "hologram"}]}, "unknown_type"),
    ({"ja": [{"type": "text"}]}, "missing"),
    ({"ja": [{"type": "flex", "contents": {"type": "bubble"}}]}, "missing"),
    ({"ja": [{"type": "flex", "altText": "x", "contents": {"type": "balloon"}}]}, "unknown_type"),
    (
        {"ja": [{"type": "flex", "altText": "x" * 1501, "contents": {"type": "bubble"}}]},
        "alt_text_too_long",
    ),
    (
        {"ja": [{"type": "flex", "altText": "x", "contents": {"type": "carousel", "contents": [{}] * 13}}]},
        "too_many_bubbles",
    ),
    (
        {"ja": [{"type": "flex", "altText": "x", "contents": {"type": "bubble", "x": "あ" * 10_000}}]},
        "flex_too_big",
    ),
    (
        {"ja": [{"type": "text", "text": "x", "quickReply": {"items": [{}] * 14}}]},
        "too_many_quick_replies",
    ),
    ({"ja": [{"type": "image", "originalContentUrl": "http://a/b"}]}, "bad_link"),
    ({"ja": [{"$if": "coupon", "$else": 1}]}, "unknown_type"),
    ({"ja": [{"$if": "coupon", "$then": {"type": "text", "text": "x"}, "also": 1}]}, "bad_if"),
    (
        {"ja": [{"type": "text", "text": "x", "a": {"$for": "c in coupons", "$each": 1}}]},
        "misplaced_directive",
    ),
    ({"ja": [{"type": "text", "text": "x", "a": [{"$for": "coupons", "$each": 1}]}]}, "bad_for"),
    (
        {"ja": [{"type": "text", "text": "x", "a": [{"$for": "c in nothing", "$each": 1}]}]},
        "unknown_fact",
    ),
]


@pytest.mark.parametrize(("content", "code"), UNSENDABLE)
def test_a_message_that_could_not_be_sent_is_named(content: Any, code: str) -> None:
    assert code in codes(content)


def test_one_language_is_enough() -> None:
    assert check({"en": [{"type": "text", "text": "Hello"}]}) == []


def test_every_problem_is_told_at_once_with_its_place() -> None:
    problems = check(
        {"ja": [{"type": "text", "text": "{{ nam }}"}, {"type": "text", "text": "{{ adress }}"}]}
    )
    assert problems == [
        Problem("ja[0].text", "unknown_fact", {"fact": "nam"}),
        Problem("ja[1].text", "unknown_fact", {"fact": "adress"}),
    ]


def test_a_fact_in_a_link_or_in_postback_data_must_be_quoted() -> None:
    def button(data: str, link: str) -> dict[str, Any]:
        return {"ja": [{"type": "text", "text": "x", "a": [{"data": data}, {"uri": link}]}]}

    assert codes(button("order={{ cause.order_id }}", "https://a/?n={{ name }}")) == ["unquoted_in_link"] * 2
    assert codes(button("order={{ cause.order_id | url }}", "{{ trial.url }}")) == []


def test_facts_of_the_caller_are_known_too() -> None:
    assert check(text("{{ code }}"), frozenset({"code"})) == []
