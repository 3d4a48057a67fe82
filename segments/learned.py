"""What is learned of friends from their purchases, as columns: sums, products, cycles."""

from dataclasses import dataclass, fields
from datetime import timedelta, tzinfo
from typing import Any

import numpy as np

from segments.cycle import CycleParams
from segments.db import MICROSECOND
from segments.ladder_policies import LadderPolicies, StagePolicy
from segments.learned_cycles import Cycles, cycles_of
from segments.learned_products import products_of
from segments.micros import Floats
from segments.purchase_columns import Ints, Purchases
from segments.zone_days import days_of


@dataclass(frozen=True, slots=True)
class Learned:
    """Columns of Facts that follow from purchases, an element a friend; see there.

    Moments are in microseconds since 1970, nan for never.
    """

    purchase_count: Ints
    full_price_count: Ints
    spend_yen: Ints
    first_purchase_at: Floats
    last_purchase_at: Floats
    regular_until: Floats
    product_count: Ints
    settled_count: Ints
    related_count: Ints
    favourite_category: Any
    """Names; None where there is none."""
    subscription_since: Floats
    subscription_until: Floats


LEARNED = tuple(each.name for each in fields(Learned))


def learned_of(
    bought: Purchases, policies: LadderPolicies, params: CycleParams, zone: tzinfo
) -> tuple[Learned, Cycles]:
    """Return what is learned of friends from their purchases; days are those of `zone`."""
    days = days_of(bought.at, zone)
    size, full = bought.friends, ~bought.trial
    products = products_of(
        bought, days, policies.growth.settling_purchases, policies.growth.subscription_grace
    )
    first, last = _ends(bought)
    learned = Learned(
        np.bincount(bought.who, minlength=size),
        np.bincount(bought.who[full], minlength=size),
        # Whole yen up to 2^53 are exact as weights.
        np.bincount(bought.who, bought.yen, minlength=size).astype(np.int64),
        first,
        last,
        regular_until(bought, policies.stages),
        products.product_count,
        products.settled_count,
        products.related_count,
        _names(bought, products.favourite),
        products.subscription_since,
        products.subscription_until,
    )
    return learned, cycles_of(bought, days, params)


def regular_until(bought: Purchases, policy: StagePolicy) -> Floats:
    """Return the moments up to which full-price purchases suffice for 常連, nan if they never do.

    The rule is `segments.stage_signs.regular_until`'s.
    """
    full = np.flatnonzero(~bought.trial)
    if policy.regular_spend_yen is not None:
        full = full[np.lexsort((bought.yen[full], bought.at[full], bought.who[full]))]
    who, until = bought.who[full], np.full(bought.friends, np.nan)
    count = np.bincount(who, minlength=bought.friends)
    ends = np.cumsum(count)
    enough = count >= policy.regular_purchases
    place = np.where(enough, ends - policy.regular_purchases, -1)
    if policy.regular_spend_yen is not None:
        place = np.maximum(place, _spent_by(who, bought.yen[full], ends, count, policy.regular_spend_yen))
    window = timedelta(days=policy.regular_window_days) // MICROSECOND
    known = place >= 0
    until[known] = bought.at[full][place[known]] + window
    return until


def _spent_by(who: Ints, yen: Ints, ends: Ints, count: Ints, threshold: int) -> Ints:
    """Return the place of the newest purchase since which so much was spent, -1 when it never was."""
    place = np.full(len(ends), -1, dtype=np.int64)
    if len(who):
        sums = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(yen)))
        enough = sums[ends][who] - sums[:-1] >= threshold
        place[who[enough]] = np.flatnonzero(enough)  # the last to be written stands: the newest
    return place


def _ends(bought: Purchases) -> tuple[Floats, Floats]:
    """Return the moments of first and last purchases."""
    first, last = np.full((2, bought.friends), np.nan)
    last[bought.who] = bought.at  # of several the last to be written stands
    first[bought.who[::-1]] = bought.at[::-1]
    return first, last


def _names(bought: Purchases, favourite: Ints) -> Any:
    names = np.array((None, *bought.catalogue.names[1:]), dtype=object)
    return names[favourite]
