"""What friends' purchases say of products: range, habits, upgrades, favourite category, subscription; as columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from segments.micros import Floats
from segments.purchase_columns import Bools, Ints, Purchases
from segments.runs import add_up, borders, lasts
from segments.zone_days import DAY

NEVER = 2**62


@dataclass(frozen=True, slots=True)
class ProductColumns:
    """An element a friend; moments in microseconds since 1970, nan for never."""

    product_count: Ints
    settled_count: Ints
    related_count: Ints
    favourite: Ints
    """Place of the category's name in the catalogue; 0 is none."""
    subscription_since: Floats
    subscription_until: Floats


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Who bought which product, each once, by friend and product."""

    who: Ints
    product: Ints
    orders: Ints
    first_day: Ints
    last_day: Ints


def products_of(bought: Purchases, days: Ints, settling: int, grace: float) -> ProductColumns:
    """Return what is known of friends and products.

    `days` are the calendar days of the purchases, `settling` the orders that make a habit where a product has no
    number of its own, `grace` how many periods a subscription may pause.
    """
    size = bought.friends
    who = bought.who[bought.order]
    by = np.argsort((who * len(bought.catalogue.ids) + bought.product) * len(bought.who) + bought.order)
    pairs = _pairs(bought, who, days, by)
    own = bought.catalogue.settling_count[pairs.product]
    settled = pairs.orders >= np.where(own > 0, own, settling)
    since, until = _subscriptions(bought, who, by, grace)
    return ProductColumns(
        np.bincount(pairs.who, minlength=size),
        np.bincount(pairs.who[settled], minlength=size),
        np.bincount(pairs.who[_related(pairs, bought)], minlength=size),
        _favourites(bought, who),
        since,
        until,
    )


def _pairs(bought: Purchases, who: Ints, days: Ints, by: Ints) -> _Pairs:
    who, product, order = who[by], bought.product[by], bought.order[by]
    starts = np.flatnonzero(borders(who, product))
    ends = lasts(starts, len(who))
    orders = add_up(borders(who, product, order).astype(np.int64), starts)
    # Orders ascend by friend and moment, so that the first line of a pair is its earliest.
    return _Pairs(who[starts], product[starts], orders, days[order[starts]], days[order[ends]])


def _related(pairs: _Pairs, bought: Purchases) -> Bools:
    """Tell which pairs' product was bought after another of its category, or after the one it is an upgrade of."""
    if not len(pairs.who):
        return np.zeros(0, dtype=np.bool_)
    return (_others_first_day(pairs, bought) < pairs.last_day) | _upgraded(pairs, bought)


def _others_first_day(pairs: _Pairs, bought: Purchases) -> Ints:
    """Return the day on which the friend first bought another product of the category."""
    category = bought.catalogue.category[pairs.product]
    by = np.lexsort((pairs.first_day, category, pairs.who))
    new = borders(pairs.who[by], category[by])
    starts = np.flatnonzero(new)
    group, day = np.cumsum(new) - 1, pairs.first_day[by]
    # The earliest of the category, or, for that product itself, the next.
    second = np.append(np.where(new[1:], NEVER, day[1:]), NEVER)
    others = np.empty(len(by), dtype=np.int64)
    others[by] = np.where(new, second, day[starts][group])
    others[category == 0] = NEVER
    return others


def _upgraded(pairs: _Pairs, bought: Purchases) -> Bools:
    found = np.zeros(len(pairs.who), dtype=np.bool_)
    from_id = bought.catalogue.upgrade_of_id[pairs.product]
    upgrade = np.flatnonzero(from_id > 0)
    if not upgrade.size:
        return found
    ids = bought.catalogue.ids
    kept = np.append(ids, NEVER)
    lower = np.searchsorted(ids, from_id[upgrade])
    known = (kept[lower] == from_id[upgrade]) & (lower != pairs.product[upgrade])
    upgrade, lower = upgrade[known], lower[known]
    keys = pairs.who * len(ids) + pairs.product
    wanted = pairs.who[upgrade] * len(ids) + lower
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found[upgrade] = (keys[place] == wanted) & (pairs.first_day[place] < pairs.last_day[upgrade])
    return found


def _favourites(bought: Purchases, who: Ints) -> Ints:
    favourite = np.zeros(bought.friends, dtype=np.int64)
    category = bought.catalogue.category[bought.product]
    named = category > 0
    kinds = len(bought.catalogue.names)
    # Whole yen up to 2^53 are exact as weights.
    key, place = np.unique((who * kinds + category)[named], return_inverse=True)
    spent = np.bincount(place, bought.line_yen[named], minlength=len(key))
    who, category = np.divmod(key, kinds)
    # The last to be written stands: the most spent and, of equals, the first name.
    by = np.lexsort((-category, spent, who))
    favourite[who[by]] = category[by]
    return favourite


def _subscriptions(bought: Purchases, who: Ints, by: Ints, grace: float) -> tuple[Floats, Floats]:
    """Return since when the friends' latest runs of subscription purchases last, and until when they hold."""
    since, until = np.full((2, bought.friends), np.nan)
    period = bought.catalogue.subscription_days[bought.product[by]]
    by, period = by[period > 0], period[period > 0] * grace * DAY
    if not by.size:
        return since, until
    who, at = who[by], bought.at[bought.order[by]]
    pair = borders(who, bought.product[by])
    run = pair.copy()
    run[1:] |= np.diff(at) > period[1:]
    begun = at[np.maximum.accumulate(np.where(run, np.arange(len(run)), 0))]
    last = lasts(np.flatnonzero(pair), len(pair))
    ends: Any = at[last] + np.rint(period[last])
    # The last to be written stands: the latest end and, of equals, the longest run.
    order = np.lexsort((-begun[last], ends, who[last]))
    chosen = last[order]
    since[who[chosen]], until[who[chosen]] = begun[chosen], ends[order]
    return since, until
