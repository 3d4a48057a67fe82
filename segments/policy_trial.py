"""Tries thresholds before they are put in force: how many friends would move, from which rung to which."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from segments import policies, shop
from segments.ladder_facts import FACTS, MOMENTS, LadderColumns, micros
from segments.ladder_policies import GrowthPolicy, LadderPolicies, StagePolicy
from segments.ladders import LADDERS, LadderName, judge
from segments.micros import as_micros, floats
from segments.models import Cycle, Facts, Friend
from segments.policy_relearning import product_facts, regular_until
from segments.purchase_history import EVERYTHING

BUYERS = 10_000
"""Friends judged together; with their facts about 20 MB."""

Moves = Mapping[LadderName, Mapping[tuple[str, str], int]]


@dataclass(frozen=True)
class Trial:
    """What a policy would do. Friends who never bought are left out: no threshold is about them."""

    buyers: int
    moved: int
    """Friends who would move on at least one ladder."""
    moves: Moves = field(default_factory=dict[LadderName, Mapping[tuple[str, str], int]])
    """By ladder, how many would go from the one rung to the other."""


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
    before: Mapping[LadderName, Sequence[str]],
    columns: LadderColumns,
    rules: LadderPolicies,
    now: datetime,
) -> int:
    """Count the moves of one batch; return how many friends made any."""
    anywhere = np.zeros(len(columns), dtype=np.bool_)
    for name, standing in judge(columns, rules, micros(now)).standings.items():
        ladder = LADDERS[name]
        here = ladder.codes(before[name]) != standing.rungs
        for index in np.flatnonzero(here).tolist():
            moves[name][before[name][index], str(ladder.rungs[int(standing.rungs[index])])] += 1
        anywhere |= here
    return int(np.count_nonzero(anywhere))


def _relearned(
    session: Session, ids: Sequence[int], before: LadderPolicies, rules: LadderPolicies
) -> dict[str, Any]:
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


_ELSEWHERE = {
    "followed": Friend.followed_at.is_not(None),
    "reaction_count": Facts.message_count + Facts.tap_count,
    "due_at": Cycle.due_at,
    "slip_at": Cycle.slip_at,
    "lapse_at": Cycle.lapse_at,
}


def _read() -> Any:
    chosen: list[Any] = [Facts.friend_id]
    for name in FACTS:
        column: Any = _ELSEWHERE[name] if name in _ELSEWHERE else getattr(Facts, name)
        chosen.append(as_micros(column) if name in MOMENTS else column)
    chosen += [getattr(Facts, ladder.rung_column) for ladder in LADDERS.values()]
    return (
        select(*chosen)
        .join(Friend, Friend.id == Facts.friend_id)
        .outerjoin(Cycle, and_(Cycle.friend_id == Facts.friend_id, Cycle.category == EVERYTHING))
        .where(Facts.friend_id > bindparam("after"), Facts.purchase_count > 0)
        .order_by(Facts.friend_id)
        .limit(bindparam("batch"))
    )


_BUYERS = _read()


def _batches(
    session: Session, size: int
) -> Iterator[tuple[Sequence[int], LadderColumns, Mapping[LadderName, Sequence[str]]]]:
    """Give the ids of all buyers with their facts and the rungs on which they stand."""
    session.flush()
    after = 0
    while rows := session.connection().execute(_BUYERS, {"after": after, "batch": size}).fetchall():
        ids, *values = zip(*rows, strict=True)
        facts, rungs = values[: len(FACTS)], values[len(FACTS) :]
        columns = {name: _column(name, each) for name, each in zip(FACTS, facts, strict=True)}
        yield ids, LadderColumns(**columns), dict(zip(LADDERS, rungs, strict=True))
        after = ids[-1]


def _column(name: str, values: Sequence[Any]) -> Any:
    if name in MOMENTS:
        return floats(values)
    return np.array(values, dtype=np.bool_ if name == "followed" else np.int64)
