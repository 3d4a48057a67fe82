"""Times what a shop does all day, at two sizes by turns: one purchase, a tick of the clock, counts, new dates."""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from statistics import median
from time import perf_counter, process_time

import numpy as np
from sqlalchemy import select, update

from benchmarks.segment_questions import QUESTIONS, by_hand
from benchmarks.segment_world import NOW, PRODUCTS
from segments import audience, cycle_refresh, policies, purchases
from segments.conditions import parse
from segments.cycle import CycleParams, forecast_arrays
from segments.db import Database
from segments.models import Cycle, Facts
from segments.purchases import NewItem, NewPurchase
from segments.review import review_due

PURCHASES, ROUNDS, DUE = 300, 7, 1000
COUNTS = 5
STREAMED = 50_000


def prepare(database: Database) -> None:
    """Have all that is due done, so that only what a round makes due is measured."""
    with database.begin() as session:
        session.execute(update(Facts).where(Facts.review_at <= NOW).values(review_at=None))
        late = Cycle.remind_at <= NOW, Cycle.reminded_at.is_(None)
        session.execute(update(Cycle).where(*late).values(reminded_at=NOW))


def purchase_ms(shops: Sequence[tuple[Database, int]], seed: int) -> list[tuple[float, float]]:
    """Return, for each shop and its number of friends, the median milliseconds of one purchase, and those of CPU.

    The shops take turns, so that what else the machine does meets them alike; the first few are not counted.
    """
    rng, times = random.Random(seed), [list[tuple[float, float]]() for _ in shops]
    for number in range(PURCHASES + 30):
        for (database, friends), measured in zip(shops, times, strict=True):
            order = NewPurchase(
                f"BENCH-{seed}-{number}",
                NOW - timedelta(minutes=rng.randint(1, 60)),
                2000,
                (NewItem(f"P{rng.randint(2, PRODUCTS):03}"),),
                friend_id=rng.randint(1, friends),
            )
            measured.append(_timed(lambda made=order, shop=database: _buy(shop, made)))
    return [(_middle(each[30:], 0), _middle(each[30:], 1)) for each in times]


def tick_ms(shops: Sequence[tuple[Database, int]], seed: int) -> list[tuple[float, float]]:
    """Return, for each shop, the median milliseconds of a tick with 1,000 friends due, and those of CPU."""
    rng, times = random.Random(seed), [list[tuple[float, float]]() for _ in shops]
    for _ in range(ROUNDS + 1):
        for (database, friends), measured in zip(shops, times, strict=True):
            with database.begin() as session:
                due = rng.sample(range(1, friends + 1), DUE)
                session.execute(update(Facts).where(Facts.friend_id.in_(due)).values(review_at=NOW))
            measured.append(_timed(lambda shop=database: _tick(shop)))
    return [(_middle(each[1:], 0), _middle(each[1:], 1)) for each in times]


def count_seconds(database: Database) -> list[tuple[float, float]]:
    """Return of each question the median seconds of audience.count and of SQL by hand; raise if they disagree."""
    found: list[tuple[float, float]] = []
    for question in QUESTIONS:
        condition = parse({"is": "all", "of": question.parts})
        statement = by_hand(question, sqlite=database.is_sqlite)
        ours, theirs = list[float](), list[float]()
        with database.reading() as session:
            for _ in range(COUNTS):
                began = perf_counter()
                count = audience.count(session, condition, NOW)
                ours.append(perf_counter() - began)
                began = perf_counter()
                by_sql = session.execute(statement).scalar_one()
                theirs.append(perf_counter() - began)
                if count != by_sql:
                    message = f"{count} friends, by hand {by_sql}: {question.sql}"
                    raise AssertionError(message)
        found.append((median(ours[1:]), median(theirs[1:])))
    return found


def refresh_seconds(database: Database) -> tuple[float, float, int]:
    """Return the seconds of the numbers of one cycle a friend, those of writing all cycles, and how many these are."""
    params = CycleParams(m=3.9)
    numeric = _numbers(database, params)
    with database.begin() as session:
        policies.save(session, policies.CYCLE, params.to_json(), "benchmark", NOW)
        cycle_refresh.start_over(session, NOW)
    began = perf_counter()
    rows = cycle_refresh.refresh_dates(database, NOW)
    return numeric, perf_counter() - began, rows


def _numbers(database: Database, params: CycleParams) -> float:
    query = select(Cycle.n, Cycle.s1, Cycle.s2).where(Cycle.category == "")
    with database.reading() as session:
        rows = session.execute(query.execution_options(yield_per=STREAMED)).partitions()
        n, s1, s2 = np.concatenate([np.array(part, dtype=np.float64) for part in rows]).T
    began = perf_counter()
    forecast_arrays(n, s1, s2, np.zeros(len(n)), params)
    return perf_counter() - began


def _buy(database: Database, order: NewPurchase) -> None:
    with database.begin() as session:
        purchases.record(session, order, NOW, "till")


def _tick(database: Database) -> None:
    handled = 1
    while handled:
        with database.begin() as session:
            handled = review_due(session, NOW)


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    began, cpu = perf_counter(), process_time()
    work()
    return perf_counter() - began, process_time() - cpu


def _middle(times: Sequence[tuple[float, float]], which: int) -> float:
    return 1000 * median(each[which] for each in times)
