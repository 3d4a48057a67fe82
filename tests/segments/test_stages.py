"""The customer pyramid: every way onto every rung, and when it must be looked at again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.errors import Invalid
from segments.stage_signs import regular_until
from segments.stages import RULES, Stage, StageFacts, StagePolicy, reason_words, stage_name, stage_of
from tests.fakes.clock import A_SATURDAY as NOW

POLICY = StagePolicy()
DAY = timedelta(days=1)
CLAIMED = StageFacts(free_item_claimed_at=NOW - 5 * DAY)
TRIED = replace(CLAIMED, purchase_count=1, last_purchase_at=NOW - 3 * DAY, lapse_at=NOW + 90 * DAY)
BOUGHT = replace(TRIED, full_price_count=1)


def stage(facts: StageFacts, now: datetime = NOW) -> tuple[str, str]:
    """Return the rung and the reason."""
    verdict = stage_of(facts, POLICY, now)
    return verdict.stage, verdict.reason


def test_who_only_follows_is_aware_of_us() -> None:
    assert stage(StageFacts()) == (Stage.AWARE, "followed")
    assert stage(StageFacts(followed=False)) == (Stage.AWARE, "known")


def test_claiming_the_free_item_or_asking_makes_a_prospect() -> None:
    assert stage(CLAIMED) == (Stage.PROSPECT, "free_item_claimed")
    assert stage(StageFacts(inquired_at=NOW)) == (Stage.PROSPECT, "inquired")


def test_buying_the_trial_makes_a_trial_customer() -> None:
    assert stage(TRIED) == (Stage.TRIAL, "trial_bought")


def test_one_full_price_purchase_makes_an_existing_customer_even_without_a_trial() -> None:
    straight = StageFacts(purchase_count=1, full_price_count=1, last_purchase_at=NOW)
    assert stage(BOUGHT)[0] == Stage.EXISTING
    assert stage(straight)[0] == Stage.EXISTING


def test_a_regular_is_one_until_the_purchases_leave_the_window() -> None:
    regular = replace(BOUGHT, full_price_count=3, regular_until=NOW + 20 * DAY)
    verdict = stage_of(regular, POLICY, NOW)
    assert (verdict.stage, verdict.review_at) == (Stage.REGULAR, NOW + 20 * DAY)
    assert stage(regular, NOW + 20 * DAY) == (Stage.EXISTING, "full_price")


def test_a_trial_offer_left_to_pass_ends_in_exit_without_further_offers() -> None:
    offered = replace(CLAIMED, trial_offer_ends_at=NOW + 7 * DAY)
    before = stage_of(offered, POLICY, NOW)
    after = stage_of(offered, POLICY, NOW + 7 * DAY)
    assert (before.stage, before.suppressed, before.review_at) == (Stage.PROSPECT, False, NOW + 7 * DAY)
    assert (after.stage, after.reason, after.suppressed) == (Stage.EXIT, "trial_offer_ended", True)
    assert after.review_at is None


def test_a_purchase_after_the_trial_offer_ended_brings_the_friend_back() -> None:
    late = replace(TRIED, trial_offer_ends_at=NOW - 10 * DAY)
    verdict = stage_of(late, POLICY, NOW)
    assert (verdict.stage, verdict.suppressed) == (Stage.TRIAL, False)


def test_a_new_trial_offer_opens_the_door_again() -> None:
    again = replace(CLAIMED, trial_offer_ends_at=NOW + DAY)
    assert stage(again)[0] == Stage.PROSPECT


def test_who_was_not_satisfied_with_the_trial_leaves_without_further_offers() -> None:
    verdict = stage_of(replace(TRIED, dissatisfied_at=NOW - DAY), POLICY, NOW)
    assert (verdict.stage, verdict.reason, verdict.suppressed) == (Stage.EXIT, "trial_dissatisfied", True)


@pytest.mark.parametrize(
    "change",
    [
        {"satisfied_at": NOW},
        {"last_purchase_at": NOW, "purchase_count": 2},
        {"full_price_count": 1},
    ],
    ids=["a later answer", "another trial", "a full-price purchase"],
)
def test_dissatisfaction_is_overcome_by(change: dict[str, object]) -> None:
    facts = replace(TRIED, dissatisfied_at=NOW - DAY, **change)
    assert stage_of(facts, POLICY, NOW).stage != Stage.EXIT


@pytest.mark.parametrize("facts", [TRIED, BOUGHT, replace(BOUGHT, regular_until=NOW + 300 * DAY)])
def test_buyers_past_their_cycle_leave_but_may_be_won_back(facts: StageFacts) -> None:
    verdict = stage_of(facts, POLICY, NOW + 90 * DAY)
    assert (verdict.stage, verdict.reason, verdict.suppressed) == (Stage.EXIT, "lapsed", False)


def test_without_a_cycle_the_policy_says_when_a_buyer_has_lapsed() -> None:
    facts = replace(BOUGHT, lapse_at=None)
    verdict = stage_of(facts, POLICY, NOW)
    assert verdict.review_at == NOW - 3 * DAY + 180 * DAY


def test_regular_counts_the_newest_purchases_and_ends_when_the_oldest_needed_leaves() -> None:
    bought = [(NOW - days * DAY, 1000) for days in (300, 200, 100, 10)]
    assert regular_until(bought, POLICY) == NOW + 165 * DAY
    assert regular_until(bought[:2], POLICY) is None


def test_much_spending_makes_a_regular_when_the_policy_says_so() -> None:
    policy = replace(POLICY, regular_spend_yen=30_000)
    assert regular_until([(NOW, 30_000)], policy) == NOW + 365 * DAY
    assert regular_until([(NOW, 29_999)], policy) is None
    facts = replace(BOUGHT, regular_until=NOW + DAY)
    assert stage_of(facts, policy, NOW).reason == "often_or_much"


moments = st.integers(-800, 800).map(lambda hours: datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=hours))
maybe = st.none() | moments
some_facts = st.builds(
    StageFacts,
    followed=st.booleans(),
    free_item_claimed_at=maybe,
    inquired_at=maybe,
    trial_offer_ends_at=maybe,
    satisfied_at=maybe,
    dissatisfied_at=maybe,
    purchase_count=st.integers(0, 3),
    full_price_count=st.integers(0, 2),
    last_purchase_at=moments,
    regular_until=maybe,
    lapse_at=maybe,
).map(
    lambda facts: facts if facts.purchase_count else replace(facts, full_price_count=0, last_purchase_at=None)
)
policies = st.builds(
    StagePolicy,
    regular_purchases=st.integers(1, 5),
    regular_window_days=st.integers(1, 30),
    regular_spend_yen=st.none() | st.integers(1, 9999),
    lapse_days_without_cycle=st.integers(1, 30),
)


@given(some_facts, policies, moments, st.floats(0, 1, exclude_max=True))
def test_nothing_changes_before_the_review(
    facts: StageFacts, policy: StagePolicy, now: datetime, share: float
) -> None:
    verdict = stage_of(facts, policy, now)
    end = verdict.review_at or now + timedelta(days=4000)
    assert end > now
    # The product is rounded, perhaps up to the review itself.
    before = min(now + (end - now) * share, end - timedelta(microseconds=1))
    assert stage_of(facts, policy, before) == verdict


@given(some_facts, policies, moments)
def test_time_alone_stops_moving_a_friend_after_at_most_two_reviews(
    facts: StageFacts, policy: StagePolicy, now: datetime
) -> None:
    reviews = 0
    while (review_at := stage_of(facts, policy, now).review_at) is not None:
        now, reviews = review_at, reviews + 1
    assert reviews <= 2


@given(some_facts, policies, moments)
def test_only_exits_are_suppressed_and_every_reason_has_words(
    facts: StageFacts, policy: StagePolicy, now: datetime
) -> None:
    verdict = stage_of(facts, policy, now)
    assert verdict.stage == Stage.EXIT or not verdict.suppressed
    for language in ("ja", "en"):
        words = reason_words(verdict.reason, verdict.params, language)
        assert "—" not in words
        assert words != verdict.reason


@given(policies)
def test_a_policy_survives_json(policy: StagePolicy) -> None:
    assert StagePolicy.from_json(policy.to_json()) == policy


@pytest.mark.parametrize(
    "data",
    [{"regular_purchases": 0}, {"regular_purchases": True}, {"regular_window_days": None}, {"colour": 1}],
)
def test_a_policy_that_cannot_be_is_refused_by_name(data: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        StagePolicy.from_json(data)
    assert refused.value.params["field"] == next(iter(data))


def test_every_rung_has_a_rule_with_its_way_up_its_way_out_and_its_source() -> None:
    assert {rule.rung for rule in RULES} == set(Stage)
    assert all(rule.way_up and rule.way_out and rule.source for rule in RULES)


def test_reasons_read_well_and_a_missing_fact_breaks_nothing() -> None:
    params = {"at": "2026-11-20T16:00:00+00:00"}
    assert reason_words("trial_bought", params, "ja") == "お試し商品を購入しました（2026年11月21日）"
    assert reason_words("trial_bought", params, "en") == "Bought a trial product (21 November 2026)"
    assert reason_words("trial_bought", {}, "en") == "Bought a trial product (—)"
    assert reason_words("often_or_much", {"days": 365, "needed": 3, "spend": 30000}, "ja") == (
        "直近365日に正規価格で3回以上、または30,000円以上購入しました"
    )
    assert reason_words("moved_by_magic", {}, "ja") == "moved_by_magic"
    assert [stage_name(each, "ja") for each in Stage] == [
        "認知",
        "見込み",
        "トライアル",
        "既存",
        "常連",
        "離脱",
    ]
