"""All ladders: one definition for one friend and for many, the next review, and what their tables say."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments import stage_words
from segments.ladder_facts import FACTS, MOMENTS, LadderFacts, moment
from segments.ladder_judging import verdict_of
from segments.ladder_policies import ClassPolicy, GrowthPolicy, LadderPolicies, StagePolicy
from segments.ladder_words import RUNG_NAMES, ladder_name, reason_words, rung_name
from segments.ladders import LADDERS, LadderName, Rule, judge_friends
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments import ladder_oracle
from tests.segments.ladder_oracle import moments, some_facts, some_policies

ORACLE: dict[LadderName, Callable[[LadderFacts, LadderPolicies, datetime], str]] = {
    LadderName.PYRAMID: ladder_oracle.stage,
    LadderName.GROWTH: ladder_oracle.growth,
    LadderName.CLASS: ladder_oracle.customer_class,
    LadderName.STATUS: ladder_oracle.status,
}
RULES = [(name, rule) for name, ladder in LADDERS.items() for rule in ladder.rules]
BY_REASON = pytest.mark.parametrize(("name", "rule"), RULES, ids=[rule.reason for _, rule in RULES])


def standing(
    facts: LadderFacts, policies: LadderPolicies, now: datetime
) -> dict[LadderName, tuple[str, str]]:
    """Return rung and reason on every ladder."""
    judged = judge_friends([facts], policies, now)
    return {name: (judged.rungs(name)[0], judged.reasons(name)[0]) for name in LADDERS}


@given(st.lists(some_facts, min_size=1, max_size=8), some_policies, moments)
def test_many_friends_are_judged_as_each_is_alone(
    friends: list[LadderFacts], policies: LadderPolicies, now: datetime
) -> None:
    judged = judge_friends(friends, policies, now)
    for name, ladder in LADDERS.items():
        alone = [verdict_of(ladder, one, policies, now) for one in friends]
        assert judged.rungs(name) == [each.stage for each in alone]
        assert judged.reasons(name) == [each.reason for each in alone]
    suppressed = [verdict_of(LADDERS[LadderName.PYRAMID], one, policies, now).suppressed for one in friends]
    assert judged.suppressed.tolist() == suppressed


@given(st.lists(some_facts, min_size=1, max_size=8), some_policies, moments)
@settings(max_examples=300)
def test_the_tables_of_rules_say_what_plain_words_do(
    friends: list[LadderFacts], policies: LadderPolicies, now: datetime
) -> None:
    judged = judge_friends(friends, policies, now)
    for name, oracle in ORACLE.items():
        assert judged.rungs(name) == [oracle(one, policies, now) for one in friends]


@given(
    some_facts, some_policies, moments, st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=5)
)
@settings(max_examples=300)
def test_nothing_changes_before_the_review(
    facts: LadderFacts, policies: LadderPolicies, now: datetime, shares: list[float]
) -> None:
    review_at = moment(float(judge_friends([facts], policies, now).review_at[0]))
    end = review_at or now + timedelta(days=4000)
    assert end > now
    for share in shares:
        # The product is rounded, perhaps up to the review itself.
        before = min(now + (end - now) * share, end - timedelta(microseconds=1))
        assert standing(facts, policies, before) == standing(facts, policies, now)


@given(some_facts, some_policies, moments)
def test_time_alone_stops_moving_a_friend_after_a_review_for_each_date(
    facts: LadderFacts, policies: LadderPolicies, now: datetime
) -> None:
    dates = 8 if facts.purchase_count else 1
    for _ in range(dates):
        review_at = moment(float(judge_friends([facts], policies, now).review_at[0]))
        now = review_at or now
    assert moment(float(judge_friends([facts], policies, now).review_at[0])) is None


@given(some_facts, some_policies, moments)
def test_only_exits_are_suppressed_and_every_reason_has_words(
    facts: LadderFacts, policies: LadderPolicies, now: datetime
) -> None:
    for ladder in LADDERS.values():
        verdict = verdict_of(ladder, facts, policies, now)
        assert verdict.stage == "exit" or not verdict.suppressed
        for language in ("ja", "en"):
            words = reason_words(verdict.reason, verdict.params, language)
            assert words != verdict.reason


EVERYTHING: dict[str, Any] = {
    name: NOW - timedelta(days=400) if name in MOMENTS else 7 for name in FACTS if name != "followed"
}


@BY_REASON
def test_the_words_of_a_reason_lack_nothing_it_speaks_of(name: LadderName, rule: Rule) -> None:
    policies = LadderPolicies()
    params = rule.params(LadderFacts(**EVERYTHING), policies)
    if rule.reason == "often_or_much":
        params |= {"spend": 30_000}
    for language in ("ja", "en"):
        assert "—" not in reason_words(rule.reason, params, language)
    japanese, english = stage_words.REASONS[rule.reason]
    for word in params:
        assert f"{{{word}}}" in japanese
        assert f"{{{word}}}" in english
    assert name in LADDERS


@BY_REASON
def test_every_rule_tells_its_meaning_its_way_up_its_way_out_and_its_source(
    name: LadderName, rule: Rule
) -> None:
    assert rule.means
    assert rule.way_up
    assert rule.way_out
    assert rule.source.startswith(("000 ", "001 ", "002 ", "purchase-cycle"))
    assert rule.rung in LADDERS[name].rungs


def test_every_rung_has_a_rule_and_a_name_and_no_two_reasons_are_called_the_same() -> None:
    reasons = [rule.reason for _, rule in RULES]
    assert len(set(reasons)) == len(reasons)
    assert set(reasons) == set(stage_words.REASONS)
    for name, ladder in LADDERS.items():
        assert {rule.rung for rule in ladder.rules} == set(ladder.rungs)
        assert {*RUNG_NAMES[name], ""} >= set(ladder.rungs) >= set(RUNG_NAMES[name])
        for language in ("ja", "en"):
            assert ladder_name(name, language) != name
            assert len({rung_name(name, rung, language) for rung in ladder.rungs}) == len(ladder.rungs)


def test_words_of_the_ladders_read_well() -> None:
    assert rung_name("growth", "evangelist", "ja") == "信者（伝道者）"
    assert rung_name("class", "lapsed", "ja") == "離脱客"
    assert rung_name("status", "lapsed", "en") == "Lapsed"
    assert rung_name("growth", "", "ja") == "購入前"
    assert rung_name("growth", "gone", "ja") == "gone"
    assert ladder_name("class", "ja") == "顧客分類"
    assert ladder_name("gone", "en") == "gone"
    params = {"count": 1200, "products": 6}
    assert reason_words("owns_and_preaches", params, "ja") == (
        "6点の商品を購入し、お知り合いを1,200人紹介しました"
    )
    at = {"at": "2026-11-20T16:00:00+00:00", "count": 5}
    assert reason_words("long_and_often", at, "en") == "Has bought 5 times since 21 November 2026"


def test_the_document_of_the_ladders_is_what_their_tables_say() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ladders.md").read_text(encoding="utf-8")
    for name, rule in RULES:
        rung = f"{rung_name(name, rule.rung, 'ja')} `{rule.rung}`" if rule.rung else "–"
        told = " | ".join((rung, f"`{rule.reason}`", rule.means, rule.way_up, rule.way_out, rule.source))
        assert f"| {told} |" in text
    for policy in (StagePolicy(), GrowthPolicy(), ClassPolicy()):
        for field, default in policy.to_json().items():
            assert f"| `{field}` | {'none' if default is None else default} |" in text
