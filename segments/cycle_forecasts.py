"""Makes the rows of a forecast for every customer, over all and by category, from lines of purchases."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

import numpy as np

from segments.cycle import FARTHEST, CycleParams, forecast_arrays, p_alive, p_buy, posterior_of
from segments.cycle_csv import Lines
from segments.cycle_history import Floats, PurchaseDays, Sums, purchase_days, sums_of, until
from segments.cycle_learn import learn
from segments.cycle_words import words

HEADER = (
    "customer_id", "category", "n", "last_at", "cycle_days", "due_at", "remind_at", "slip_at", "lapse_at",
    "p_alive", "p_buy_28d", "p_buy_90d", "reason",
)  # fmt: skip

Row = tuple[object, ...]


class Part(NamedTuple):
    """The purchases of one category, or of all, and the parameters that hold there."""

    category: str
    days: PurchaseDays
    params: CycleParams


def parts_of(lines: Lines, as_of: date, seed: int, progress: Callable[[int, int], None]) -> list[Part]:
    """Return all purchases before `as_of`, then those of each category, with what was learned of them.

    `progress` hears how many parts are done and how many there are.
    """
    today, total = as_of.toordinal(), 1 + len(lines.categories)
    days = _days(lines, np.ones(len(lines.day), dtype=bool), today)
    shop = learn(days, today, seed=seed)
    parts = [Part("", days, shop)]
    progress(1, total)
    order = np.argsort(lines.category, kind="stable")
    edges = np.searchsorted(lines.category[order], np.arange(total))
    for number, category in enumerate(lines.categories):
        days = _days(lines, order[edges[number] : edges[number + 1]], today)
        parts.append(Part(category, days, learn(days, today, shop, seed=seed)))
        progress(number + 2, total)
    return parts


def _days(lines: Lines, chosen: Any, today: int) -> PurchaseDays:
    days = purchase_days(
        lines.customer[chosen], lines.day[chosen], lines.quantity[chosen], len(lines.customers)
    )
    return until(days, today)


def rows_of(part: Part, customers: list[str], as_of: date, language: str) -> Iterator[Row]:
    """Give a row as HEADER has it for each customer who bought; n counts gaps, dates are days, chances 0 to 1."""
    who = np.unique(part.days.customer)
    sums = sums_of(part.days, part.params.usual_quantity).of(who)
    figures = np.column_stack(_figures(sums, part.params, as_of.toordinal()))
    rows: list[list[float]] = figures.tolist()
    for customer, one in zip(who, rows, strict=True):
        yield _row(customers[int(customer)], part.category, _Figures(*one), as_of, language)


class _Figures(NamedTuple):
    """One customer's figures; days are ordinals, nan where there is none."""

    n: float
    last: float
    cycle: float
    due: float
    remind: float
    slip: float
    lapse: float
    alive: float
    in_28: float
    in_90: float
    own: float
    spread: float


def _figures(sums: Sums, params: CycleParams, today: int) -> tuple[Floats, ...]:
    n, s1, s2 = sums.states(params.elasticity)
    shift, last = params.elasticity * sums.x_last, sums.last.astype(float)
    days = forecast_arrays(n, s1, s2, shift, params)
    post, since = posterior_of(n, s1, s2, shift, params), today - last
    due, remind, slip, lapse = (
        last + np.rint(np.minimum(each, FARTHEST)) for each in (days.due, days.remind, days.slip, days.lapse)
    )
    chances = (p_buy(post, since, within, params.a, params.b) for within in (28.0, 90.0))
    own = np.exp(sums.y / np.maximum(n, 1))
    variance = np.maximum(sums.yy - sums.y**2 / np.maximum(n, 1), 0) / np.maximum(n - 1, 1)
    alive = p_alive(post, since, params.a, params.b)
    return n, last, days.cycle, due, remind, slip, lapse, alive, *chances, own, own * np.sqrt(variance)


def _row(name: str, category: str, one: _Figures, as_of: date, language: str) -> Row:
    reason = words(
        {
            "purchases": int(one.n) + 1,
            "days": round(one.own) if one.n else None,
            "spread": round(one.spread) if one.n > 1 else None,
            "due_at": _noon(one.due).isoformat(),
            "overdue": one.due <= as_of.toordinal(),
            "percent": round(100 * one.in_28),
        },
        language,
        UTC,
    )
    dates = ("" if each != each else _day(each) for each in (one.due, one.remind, one.slip, one.lapse))
    chances = (f"{each:.4f}" for each in (one.alive, one.in_28, one.in_90))
    return (name, category, int(one.n), _day(one.last), f"{one.cycle:.1f}", *dates, *chances, reason)


def _day(ordinal: float) -> str:
    return date.fromordinal(int(ordinal)).isoformat()


def _noon(ordinal: float) -> datetime:
    return datetime.combine(date.fromordinal(int(ordinal)), time(12), UTC)
