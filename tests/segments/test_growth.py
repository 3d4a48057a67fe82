"""The seven growth stages: every way onto every rung, and off it again."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from segments.growth import GROWTH, Growth
from segments.ladder_facts import LadderFacts
from segments.ladder_judging import Verdict, verdict_of
from segments.ladder_policies import GrowthPolicy, LadderPolicies
from tests.fakes.clock import A_SATURDAY as NOW

DAY = timedelta(days=1)
POLICIES = LadderPolicies()
ONCE = LadderFacts(purchase_count=1, product_count=1, first_purchase_at=NOW - 50 * DAY)
AGAIN = replace(ONCE, purchase_count=2, settled_count=1)
READER = replace(AGAIN, reaction_count=3, last_reaction_at=NOW - 10 * DAY)
SUBSCRIBER = replace(AGAIN, subscription_since=NOW - 80 * DAY, subscription_until=NOW + 30 * DAY)
PREACHER = replace(SUBSCRIBER, product_count=5, related_count=3, referral_count=3)


def look(facts: LadderFacts, now: datetime = NOW, **asked: int) -> Verdict:
    """Return where `facts` put a friend, the policy asking for other than it does by itself."""
    return verdict_of(GROWTH, facts, replace(POLICIES, growth=GrowthPolicy(**asked)), now)


def test_before_the_first_purchase_there_is_no_rung() -> None:
    assert (look(LadderFacts()).stage, look(LadderFacts()).reason) == ("", "not_bought")


def test_a_first_purchase_makes_a_purchaser_whatever_else_they_do() -> None:
    keen = replace(ONCE, reaction_count=9, last_reaction_at=NOW, referral_count=5, event_count=5)
    assert look(ONCE).stage == look(keen).stage == Growth.PURCHASER


def test_two_purchases_of_which_no_product_settled_leave_a_purchaser() -> None:
    assert look(replace(AGAIN, settled_count=0)).stage == Growth.PURCHASER


def test_a_product_that_settles_with_one_order_still_needs_the_second_purchase() -> None:
    assert look(replace(ONCE, settled_count=1)).stage == Growth.PURCHASER
    assert look(AGAIN).stage == Growth.CUSTOMER


def test_an_upgrade_or_related_product_makes_an_enthusiast() -> None:
    assert look(replace(AGAIN, related_count=1)).stage == Growth.ENTHUSIAST
    assert look(replace(AGAIN, related_count=1), related_products=2).stage == Growth.CUSTOMER


def test_a_follower_is_one_while_they_react() -> None:
    verdict = look(READER)
    assert (verdict.stage, verdict.review_at) == (Growth.FOLLOWER, NOW + 80 * DAY)
    assert look(READER, NOW + 80 * DAY).stage == Growth.CUSTOMER
    assert look(READER, reactions=4).stage == Growth.CUSTOMER
    assert look(replace(READER, related_count=1), NOW + 80 * DAY).stage == Growth.ENTHUSIAST


@pytest.mark.parametrize(
    ("change", "reason"), [({"referral_count": 1}, "brought_friends"), ({"event_count": 1}, "joined_events")]
)
def test_bringing_others_or_joining_in_makes_a_fan_at_any_time(change: dict[str, int], reason: str) -> None:
    verdict = look(replace(READER, **change))
    assert (verdict.stage, verdict.reason, verdict.review_at) == (Growth.FAN, reason, None)


def test_a_subscription_makes_a_member_after_a_while_and_until_it_breaks() -> None:
    young = look(SUBSCRIBER)
    assert (young.stage, young.review_at) == (Growth.CUSTOMER, NOW + 10 * DAY)
    grown = look(SUBSCRIBER, NOW + 10 * DAY)
    assert (grown.stage, grown.review_at) == (Growth.MEMBER, NOW + 30 * DAY)
    assert look(SUBSCRIBER, NOW + 30 * DAY).stage == Growth.CUSTOMER


def test_a_subscription_that_breaks_before_it_counts_needs_no_review() -> None:
    assert look(SUBSCRIBER, member_days=200).review_at is None


def test_an_evangelist_owns_most_of_the_range_and_brings_many() -> None:
    verdict = look(PREACHER, NOW + 10 * DAY)
    assert (verdict.stage, verdict.review_at) == (Growth.EVANGELIST, None)
    assert verdict.params == {"products": 5, "count": 3}


@pytest.mark.parametrize("lacking", [{"product_count": 4}, {"related_count": 2}, {"referral_count": 2}])
def test_who_lacks_one_thing_is_no_evangelist(lacking: dict[str, int]) -> None:
    assert look(replace(PREACHER, **lacking), NOW + 10 * DAY).stage == Growth.MEMBER
