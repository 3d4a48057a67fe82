"""What facts ought to say of one friend, by the plainest reading of their definitions: no arrays, no SQL."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from math import log
from typing import Any, NamedTuple

DAY = timedelta(days=1)


class Item(NamedTuple):
    """One line of an order."""

    product: int
    category: str
    quantity: int
    yen: int
    settling_count: int | None = None
    upgrade_of: int | None = None
    subscription_days: int | None = None


@dataclass(frozen=True)
class Order:
    """One order of the friend, as it was recorded and refunded."""

    id: int
    at: datetime
    yen: int
    refunded: int
    was_refunded: bool
    trial: bool
    items: tuple[Item, ...]

    @property
    def counts(self) -> bool:
        """Whether it was not refunded in full."""
        return not self.was_refunded or self.refunded < self.yen

    def kept(self, item: Item) -> int:
        """Return what is kept of a line."""
        return item.yen * (self.yen - self.refunded) // self.yen if self.yen else 0


def counted(orders: list[Order]) -> list[Order]:
    """Return the orders that count, oldest first."""
    return sorted((order for order in orders if order.counts), key=lambda order: (order.at, order.id))


def facts(orders: list[Order], zone: tzinfo) -> dict[str, Any]:
    """Return the columns of Facts that follow from orders, by the policies' defaults."""
    bought = counted(orders)
    full = [order for order in bought if not order.trial]
    return {
        "purchase_count": len(bought),
        "full_price_count": len(full),
        "spend_yen": sum(order.yen - order.refunded for order in bought),
        "first_purchase_at": bought[0].at if bought else None,
        "last_purchase_at": bought[-1].at if bought else None,
        "regular_until": full[-3].at + 365 * DAY if len(full) >= 3 else None,
        "product_count": len({item.product for order in bought for item in order.items}),
        "settled_count": _settled(bought),
        "related_count": _related(bought, zone),
        "favourite_category": _favourite(bought),
    } | _subscription(bought)


def _settled(bought: list[Order]) -> int:
    orders, needed = defaultdict[int, set[int]](set), dict[int, int]()
    for order in bought:
        for item in order.items:
            orders[item.product].add(order.id)
            needed[item.product] = item.settling_count or 2
    return sum(len(ids) >= needed[product] for product, ids in orders.items())


def _related(bought: list[Order], zone: tzinfo) -> int:
    lines = [(order.at.astimezone(zone).date(), item) for order in bought for item in order.items]
    found = {
        later.product
        for day, later in lines
        for before, earlier in lines
        if before < day
        and earlier.product != later.product
        and (later.upgrade_of == earlier.product or earlier.category == later.category != "")
    }
    return len(found)


def _favourite(bought: list[Order]) -> str | None:
    spent = defaultdict[str, int](int)
    for order in bought:
        for item in order.items:
            if item.category:
                spent[item.category] += order.kept(item)
    return min(spent, key=lambda name: (-spent[name], name), default=None)


def _subscription(bought: list[Order]) -> dict[str, datetime | None]:
    moments = defaultdict[int, list[datetime]](list)
    periods: dict[int, timedelta] = {}
    for order in bought:
        for item in order.items:
            if item.subscription_days:
                moments[item.product].append(order.at)
                periods[item.product] = 1.5 * item.subscription_days * DAY
    runs: list[tuple[datetime, timedelta]] = []
    for product, each in moments.items():
        since = each[0]
        for before, at in pairwise(each):
            since = at if at - before > periods[product] else since
        runs.append((each[-1] + periods[product], each[-1] + periods[product] - since))
    until, length = max(runs, default=(None, None))
    since = until - length if until and length is not None else None
    return {"subscription_since": since, "subscription_until": until}


def cycles(
    orders: list[Order], zone: tzinfo, elasticity: float = 0.0, usual: float = 1.0
) -> dict[str, dict[str, Any]]:
    """Return the states of cycles by category."""
    held = defaultdict[str, list[tuple[Order, int, int]]](list)
    for order in counted(orders):
        held[""].append((order, order.yen - order.refunded, sum(item.quantity for item in order.items)))
        for category in {item.category for item in order.items} - {""}:
            lines = [item for item in order.items if item.category == category]
            yen, quantity = sum(order.kept(item) for item in lines), sum(item.quantity for item in lines)
            held[category].append((order, yen, quantity))
    return {category: _state(each, zone, elasticity, usual) for category, each in held.items()}


def _state(
    held: list[tuple[Order, int, int]], zone: tzinfo, elasticity: float, usual: float
) -> dict[str, Any]:
    days: dict[Any, int] = defaultdict(int)
    for order, _, quantity in held:
        days[order.at.astimezone(zone).date()] += max(quantity, 1)
    dates = sorted(days)
    logs = [
        log((day - before).days) - elasticity * log(max(days[before], 1) / usual)
        for before, day in pairwise(dates)
    ]
    return {
        "n": len(logs),
        "s1": sum(logs),
        "s2": sum(each * each for each in logs),
        "first_at": held[0][0].at,
        "last_at": held[-1][0].at,
        "sum_amount": sum(yen for _, yen, _ in held),
        "last_quantity": days[dates[-1]],
    }
