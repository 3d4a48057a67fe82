"""The customer classes and the purchase status: every way onto every rung, and off it again."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from segments.classes import CLASSES, CustomerClass
from segments.ladder_facts import LadderFacts
from segments.ladder_judging import verdict_of
from segments.ladder_policies import ClassPolicy, LadderPolicies
from segments.purchase_status import STATUS
from tests.fakes.clock import A_SATURDAY as NOW

DAY = timedelta(days=1)
POLICIES = LadderPolicies()
BOUGHT = LadderFacts(
    purchase_count=1,
    first_purchase_at=NOW - 10 * DAY,
    last_purchase_at=NOW - 10 * DAY,
    due_at=NOW + 20 * DAY,
    slip_at=NOW + 40 * DAY,
    lapse_at=NOW + 90 * DAY,
)
OFTEN = replace(BOUGHT, purchase_count=5, first_purchase_at=NOW - 700 * DAY)
NO_CYCLE = replace(BOUGHT, due_at=None, slip_at=None, lapse_at=None)


def group(facts: LadderFacts, now: datetime = NOW, policies: LadderPolicies = POLICIES) -> str:
    """Return the class."""
    return verdict_of(CLASSES, facts, policies, now).stage


def status(facts: LadderFacts, now: datetime = NOW) -> str:
    """Return the purchase status."""
    return verdict_of(STATUS, facts, POLICIES, now).stage


@pytest.mark.parametrize(
    "facts",
    [
        LadderFacts(),
        LadderFacts(followed=False, inquired_at=NOW),
        LadderFacts(False, free_item_claimed_at=NOW),
    ],
)
def test_who_can_be_reached_is_a_lead(facts: LadderFacts) -> None:
    assert group(facts) == CustomerClass.LEAD


def test_who_is_only_on_record_is_a_potential_customer() -> None:
    assert group(LadderFacts(followed=False)) == CustomerClass.POTENTIAL


def test_who_bought_is_new_until_loyal() -> None:
    assert group(BOUGHT) == group(replace(OFTEN, purchase_count=4), NOW + 60 * DAY) == CustomerClass.NEW
    verdict = verdict_of(CLASSES, OFTEN, POLICIES, NOW)
    assert (verdict.stage, verdict.review_at) == (CustomerClass.NEW, NOW + 30 * DAY)
    assert group(OFTEN, NOW + 30 * DAY) == CustomerClass.LOYAL


def test_loyalty_is_what_the_policy_says() -> None:
    policies = replace(POLICIES, classes=ClassPolicy(loyal_purchases=1, loyal_days=0))
    assert group(BOUGHT, policies=policies) == CustomerClass.LOYAL


@pytest.mark.parametrize("facts", [BOUGHT, OFTEN])
def test_past_the_lapse_buyers_are_lapsed(facts: LadderFacts) -> None:
    assert (group(facts, NOW + 90 * DAY), status(facts, NOW + 90 * DAY)) == ("lapsed", "lapsed")


@pytest.mark.parametrize(
    ("days", "stands"), [(0, "active"), (20, "due"), (39, "due"), (40, "slipping"), (90, "lapsed")]
)
def test_the_status_follows_the_dates_of_the_cycle(days: int, stands: str) -> None:
    assert status(BOUGHT, NOW + days * DAY) == stands


def test_without_a_cycle_a_buyer_is_active_until_the_days_of_the_policy_are_over() -> None:
    verdict = verdict_of(STATUS, NO_CYCLE, POLICIES, NOW)
    assert (verdict.stage, verdict.review_at) == ("active", NOW + 170 * DAY)
    assert status(NO_CYCLE, NOW + 170 * DAY) == "lapsed"


def test_who_bought_nothing_has_no_status() -> None:
    assert status(replace(BOUGHT, purchase_count=0)) == ""
