"""What of a friend's facts puts them on a rung of the pyramid: each sign a pure function of facts, policy and time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from segments.ladder_facts import DAY, Bools, Floats, LadderColumns
from segments.ladder_policies import LadderPolicies
from segments.ladder_policies import StagePolicy as StagePolicy
from segments.ladder_rules import only


def lapse_at(facts: LadderColumns, policies: LadderPolicies) -> Floats:
    """Return when buyers lapse: by their cycle, else by the policy's days; nan for who never bought."""
    by_days = facts.last_purchase_at + policies.stages.lapse_days_without_cycle * DAY
    known = np.where(np.isnan(facts.lapse_at), by_days, facts.lapse_at)
    return only(facts.purchase_count > 0, known)


def has_lapsed(facts: LadderColumns, policies: LadderPolicies, now: float) -> Bools:
    """Tell whose lapse has come."""
    return now >= lapse_at(facts, policies)


def regular_until(full_price: Iterable[tuple[datetime, int]], policy: StagePolicy) -> datetime | None:
    """Return the moment up to which (moment, yen) full-price purchases suffice for 常連, None if they never do.

    It may lie in the past: then they sufficed once.
    """
    spent = 0
    for number, (at, yen) in enumerate(sorted(full_price, reverse=True), start=1):
        spent += yen
        enough = policy.regular_spend_yen is not None and spent >= policy.regular_spend_yen
        if number == policy.regular_purchases or enough:
            # Of the purchases that are needed the oldest leaves the window first.
            return at + timedelta(days=policy.regular_window_days)
    return None


def dissatisfied(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    """Tell who bought trials only and said so of them, and has not taken it back since."""
    # The latest answer counts, and only while nothing was bought after it.
    said = facts.dissatisfied_at
    overcome = (facts.satisfied_at > said) | (facts.last_purchase_at > said)
    return ~np.isnan(said) & (facts.purchase_count > 0) & (facts.full_price_count == 0) & ~overcome


def regular(facts: LadderColumns, _policies: LadderPolicies, now: float) -> Bools:
    """Tell who bought enough at full price within the window."""
    return (facts.full_price_count > 0) & (now < facts.regular_until)


def often(facts: LadderColumns, policies: LadderPolicies, now: float) -> Bools:
    """Tell who bought often enough where no sum of money makes a regular."""
    return regular(facts, policies, now) & (policies.stages.regular_spend_yen is None)


def bought_at_full_price(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    """Tell who ever bought at full price."""
    return facts.full_price_count > 0


def bought(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    """Tell who ever bought."""
    return facts.purchase_count > 0


def offer_ended(facts: LadderColumns, _policies: LadderPolicies, now: float) -> Bools:
    """Tell whose latest trial offer has ended."""
    return now >= facts.trial_offer_ends_at


def claimed(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    """Tell who claimed the free item."""
    return ~np.isnan(facts.free_item_claimed_at)


def inquired(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    """Tell who asked or answered something."""
    return ~np.isnan(facts.inquired_at)


def followed(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    """Tell who added us."""
    return facts.followed
