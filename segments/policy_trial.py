"""Tries thresholds before they are put in force: how many friends would move, from which rung to which."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple, cast

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import policies, shop
from segments.buyer_numbers import NEVER, buyers
from segments.ladder_facts import FACTS, MOMENTS, LadderColumns, micros
from segments.ladder_policies import GrowthPolicy, LadderPolicies, StagePolicy
from segments.ladders import LADDERS, LadderName, judge
from segments.models import Facts
from segments.policy_relearning import product_facts, regular_until
from segments.purchase_columns import Ints

BUYERS = 10_000
"""Friends judged together; with their facts about 20 MB."""

BUYERS_A_SECOND, PURCHASES_A_SECOND, LINES_A_SECOND = 100_000, 200_000, 100_000
"""As measured on one slow core."""

Moves = Mapping[LadderName, Mapping[tuple[str, str], int]]


@dataclass(frozen=True)
class Trial:
    """What a policy would do. Friends who never bought are left out: no threshold is about them."""

    buyers: int
    moved: int
    """Friends who would move on at least one ladder."""
    moves: Moves = field(default_factory=dict[LadderName, Mapping[tuple[str, str], int]])
    """By ladder, how many would go from the one rung to the other."""


class Effort(NamedTuple):
    """What a trial has to look at."""

    buyers: int
    purchases: int
    """Those that are read again; 0 when the facts on record say enough."""
    takes: timedelta
    """About how long it takes on one slow core."""


def effort_of(session: Session, policy: policies.AnyLadderPolicy) -> Effort:
    """Return what trying a policy would look at; one query."""
    before = policies.ladder_policies(session)
    rules = replace(before, **{policies.name_of(policy): policy})
    bought = select(func.count(), func.coalesce(func.sum(Facts.purchase_count), 0))
    buyers, purchases = session.execute(bought.where(Facts.purchase_count > 0)).one()
    seconds = buyers / BUYERS_A_SECOND
    habits, window = (
        _habits(before.growth) != _habits(rules.growth),
        _window(before.stages) != _window(rules.stages),
    )
    seconds += purchases / LINES_A_SECOND if habits else purchases / PURCHASES_A_SECOND if window else 0
    return Effort(buyers, int(purchases) if habits or window else 0, timedelta(seconds=seconds))


def try_out(
    session: Session,
    policy: policies.AnyLadderPolicy,
    now: datetime,
    progress: Callable[[int], None] = lambda _done: None,
    *,
    batch: int = BUYERS,
) -> Trial:
    """Return which moves saving `policy` would make by the reviews that follow; nothing is written.

    Everybody is judged as they stand on record, batch by batch in constant memory; `progress` hears how many
    friends are done. Raises Invalid("policy_invalid").
    """
    checked = type(policy).from_json(policy.to_json())
    before = policies.ladder_policies(session)
    rules = replace(before, **{policies.name_of(checked): checked})
    done = moved = 0
    moves = {name: Counter[tuple[str, str]]() for name in LADDERS}
    for ids, columns, rungs in _batches(session, batch):
        seen = replace(columns, **_relearned(session, ids, before, rules))
        moved += _tally(moves, rungs, seen, rules, now)
        done += len(ids)
        progress(done)
    return Trial(done, moved, {name: dict(counted) for name, counted in moves.items() if counted})


def _tally(
    moves: Mapping[LadderName, Counter[tuple[str, str]]],
    before: Mapping[LadderName, Ints],
    columns: LadderColumns,
    rules: LadderPolicies,
    now: datetime,
) -> int:
    """Count the moves of one batch; return how many friends made any."""
    anywhere = np.zeros(len(columns), dtype=np.bool_)
    for name, standing in judge(columns, rules, micros(now)).standings.items():
        rungs, here = LADDERS[name].rungs, before[name] != standing.rungs
        steps = before[name][here] * len(rungs) + standing.rungs[here]
        for step, count in enumerate(np.bincount(steps).tolist()):
            if count:
                start, end = divmod(step, len(rungs))
                moves[name][str(rungs[start]), str(rungs[end])] += count
        anywhere |= here
    return int(np.count_nonzero(anywhere))


def _relearned(session: Session, ids: Ints, before: LadderPolicies, rules: LadderPolicies) -> dict[str, Any]:
    """Learn anew from the purchases what the changed thresholds have a say in; most have none."""
    learned: dict[str, Any] = {}
    if _window(before.stages) != _window(rules.stages):
        learned["regular_until"] = regular_until(session, ids, rules.stages)
    if _habits(before.growth) != _habits(rules.growth):
        learned |= product_facts(session, ids, rules.growth, shop.load(session).zone)
    return learned


def _window(policy: StagePolicy) -> tuple[int, int, int | None]:
    return policy.regular_purchases, policy.regular_window_days, policy.regular_spend_yen


def _habits(policy: GrowthPolicy) -> tuple[int, float]:
    return policy.settling_purchases, policy.subscription_grace


def _batches(session: Session, size: int) -> Iterator[tuple[Ints, LadderColumns, Mapping[LadderName, Ints]]]:
    """Give the ids of all buyers with their facts and the codes of the rungs on which they stand."""
    session.flush()
    query, after = buyers(session), 0
    while True:
        with session.connection().execute(query, {"after": after, "batch": size}) as result:
            # Whole numbers all: the driver's own tuples become an array without an object in between.
            numbers = chain.from_iterable(cast("Iterable[tuple[int, ...]]", result.cursor))
            ids, *values = np.fromiter(numbers, np.int64).reshape(-1, 1 + len(FACTS) + len(LADDERS)).T
        if not len(ids):
            return
        facts, rungs = values[: len(FACTS)], values[len(FACTS) :]
        columns = {name: _column(name, each) for name, each in zip(FACTS, facts, strict=True)}
        yield ids, LadderColumns(**columns), dict(zip(LADDERS, rungs, strict=True))
        after = int(ids[-1])


def _column(name: str, values: Ints) -> Any:
    if name in MOMENTS:
        return np.where(values == NEVER, np.nan, values)
    return values != 0 if name == "followed" else values
