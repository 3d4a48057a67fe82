"""How good are the purchase-cycle forecasts? Fitted before a cut-off day, judged by what came after it.

Reads a CSV (customer, date, and perhaps quantity, category, amount) or, by white space, CDNOW's master file
(customer YYYYMMDD cds dollars). Beside the model stand a customer's own mean gap, the shop's median gap, and
the rule "gone when silent for twice the own mean gap"; intervals are 95 %, by resampling customers.
"""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray
from scipy import stats  # pyright: ignore[reportMissingTypeStubs] -- scipy ships none

from segments.cycle import CycleParams, forecast_arrays, p_buy, posterior_of
from segments.cycle_csv import read_lines
from segments.cycle_history import Floats, Ints, PurchaseDays, gaps_of, purchase_days, sums_of, until
from segments.cycle_learn import learn
from segments.imports import ImportOptions

RESAMPLES = 200
CYCLES = (14, 90)
"""Days: forecasts of purchases are judged for cycles of this length."""

Bools = NDArray[np.bool_]
_stats: Any = stats


class Judged(NamedTuple):
    """Customers with a repeat purchase before the cut-off, what is said of them and what they did."""

    in_28: Floats
    in_90: Floats
    own: Floats
    """Mean of the own gaps, in days."""
    since: Floats
    wait: Floats
    """Days from the cut-off to the next purchase; inf when none came."""


def main() -> None:
    """Read, fit, judge; print a table and, last, the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("purchases", type=Path)
    parser.add_argument("--cutoff", type=date.fromisoformat, required=True, help="last day of the past")
    parser.add_argument("--end", type=date.fromisoformat, required=True, help="last day of the future")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    first_day = asked.cutoff.toordinal() + 1
    days = until(_read(asked.purchases), asked.end.toordinal() + 1)
    past, began = until(days, first_day), perf_counter()
    if not (sums_of(past, 1.0).n > 0).any() or len(past.day) == len(days.day):
        parser.error("nobody bought twice before the cut-off, or nobody bought after it")
    params = learn(past, first_day, seed=asked.seed)
    print(f"fit in {perf_counter() - began:.1f} s: {_shown(params)}")
    figures = _judge_customers(_judged(days, past, first_day, params), np.random.default_rng(asked.seed))
    figures |= _judge_dates(days, past, first_day, params, np.random.default_rng(asked.seed))
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def _read(path: Path) -> PurchaseDays:
    with path.open("rb") as file:
        head = file.readline()
    if b"," in head or b"\t" in head or b";" in head:
        lines = read_lines(path, ImportOptions(), lambda _done: None)
        print(f"{len(lines.day):,} lines, {len(lines.refused):,} left out")
        return purchase_days(lines.customer, lines.day, lines.quantity, len(lines.customers))
    rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    rows = [row for row in rows if len(row) >= 2 and row[1].isdigit()]
    number = {name: place for place, name in enumerate(dict.fromkeys(row[0] for row in rows))}
    day = {text: date.fromisoformat(text).toordinal() for text in {row[1] for row in rows}}
    return purchase_days(
        np.array([number[row[0]] for row in rows], dtype=np.int64),
        np.array([day[row[1]] for row in rows], dtype=np.int64),
        np.array([float(row[2]) if len(row) > 2 else 1.0 for row in rows]),
        len(number),
    )


def _shown(params: CycleParams) -> str:
    numbers = {name: round(value, 3) for name, value in params.to_json().items() if isinstance(value, float)}
    return f"{numbers}, shape {'measured' if params.shape else 'as the model has it'}"


def _judged(days: PurchaseDays, past: PurchaseDays, first_day: int, params: CycleParams) -> Judged:
    sums = sums_of(past, params.usual_quantity)
    later, wait = days.day >= first_day, np.full(days.customers, np.inf)
    np.minimum.at(wait, days.customer[later], days.day[later].astype(float) - first_day)
    repeated = sums.n > 0
    sums, wait = sums.of(repeated), wait[repeated]
    n, s1, s2 = sums.states(params.elasticity)
    post = posterior_of(n, s1, s2, params.elasticity * sums.x_last, params)
    since = (first_day - sums.last).astype(float)
    in_28, in_90 = (p_buy(post, since, within, params.a, params.b) for within in (28.0, 90.0))
    return Judged(in_28, in_90, (sums.last - sums.first) / n, since, wait)


def _judge_customers(one: Judged, rng: np.random.Generator) -> dict[str, float]:
    print(f"{len(one.wait):,} customers had bought again; {np.mean(one.wait < 28):.1%} buy within 28 days")
    measures: dict[str, Callable[[Judged], float]] = {
        "auc28": lambda some: _auc(some.in_28, some.wait < 28),
        "auc28_own_mean": lambda some: _auc(-some.since / some.own, some.wait < 28),
        "auc28_near_own_mean": lambda some: _auc(-np.abs(some.since - some.own), some.wait < 28),
        "auc28_global_median": lambda some: _auc(-some.since, some.wait < 28),
        "ece28": lambda some: _calibration_error(some.in_28, some.wait < 28),
        "ece90": lambda some: _calibration_error(some.in_90, some.wait < 90),
        "lapse_precision": _lapse_precision,
        "lapse_precision_rule": lambda some: _gone(some, _silent(some)),
    }
    print(f"the rule flags {_silent(one).sum():,}")
    figures = {name: measure(one) for name, measure in measures.items()}
    samples = [rng.integers(0, len(one.wait), len(one.wait)) for _ in range(RESAMPLES)]
    again = [Judged(*(each[sample] for each in one)) for sample in samples]
    for name, measure in measures.items():
        _print(name, figures[name], [measure(some) for some in again])
    return figures


def _judge_dates(
    days: PurchaseDays, past: PurchaseDays, first_day: int, params: CycleParams, rng: np.random.Generator
) -> dict[str, float]:
    """After each later purchase but the last, how often is the next within three days of what is said?

    Judged are those whose cycle, as the model has it, is 14 to 90 days long, with a gap of their own.
    """
    gaps = gaps_of(days, params)
    first = np.zeros(days.customers, dtype=np.int64)
    first[days.customer[::-1]] = days.day[::-1]
    begin = gaps.end - gaps.days
    dates = forecast_arrays(gaps.n, gaps.s1, gaps.s2, gaps.shift, params)
    chosen = (gaps.n > 0) & (begin >= first_day) & (dates.cycle >= CYCLES[0]) & (dates.cycle <= CYCLES[1])
    middle = float(np.median(gaps_of(past, params).days))
    said = {
        "within3d": dates.remind,
        "within3d_due": dates.due,
        "within3d_own_mean": (begin - first[gaps.customer]) / np.maximum(gaps.n, 1),
        "within3d_global_median": np.full(len(begin), middle),
    }
    hits = {name: (np.abs(gaps.days - each) <= 3)[chosen] for name, each in said.items()}
    if not chosen.any():
        print("no later gaps to judge dates by")
        return {}
    distinct: Any = np.unique(gaps.customer[chosen], return_inverse=True)
    who: Ints = distinct[1]
    print(f"{chosen.sum():,} later gaps, of cycles of {CYCLES[0]}–{CYCLES[1]} days")
    customers = int(who.max()) + 1
    drawn = [rng.integers(0, customers, customers) for _ in range(RESAMPLES)]
    weights = [np.bincount(each, minlength=customers) for each in drawn]
    for name, hit in hits.items():
        _print(name, float(hit.mean()), [float(np.average(hit, weights=each[who])) for each in weights])
    return {name: float(hit.mean()) for name, hit in hits.items()}


def _auc(score: Floats, bought: Bools) -> float:
    ranks, buyers = _stats.rankdata(score), int(bought.sum())
    return float((ranks[bought].sum() - buyers * (buyers + 1) / 2) / buyers / (len(bought) - buyers))


def _calibration_error(chance: Floats, bought: Bools) -> float:
    """Return the mean over tenths of customers of |predicted − observed|."""
    tenths = np.array_split(np.argsort(chance, kind="stable"), 10)
    return float(np.mean([abs(chance[each].mean() - bought[each].mean()) for each in tenths]))


def _silent(some: Judged) -> Bools:
    return some.since > 2 * some.own


def _gone(some: Judged, flagged: Any) -> float:
    return float(np.isinf(some.wait[flagged]).mean())


def _lapse_precision(some: Judged) -> float:
    """Flag as many as the rule does: those least likely to buy within 90 days."""
    return _gone(some, np.argsort(some.in_90, kind="stable")[: _silent(some).sum()])


def _print(name: str, value: float, again: list[float]) -> None:
    low, high = np.percentile(again, [2.5, 97.5])
    print(f"{name:24} {value:8.4f}   95 % {low:.4f} – {high:.4f}")


if __name__ == "__main__":
    main()
