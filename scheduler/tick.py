"""The clock's work: what became due by time alone, in small transactions."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from scheduler import (
    broadcasts,
    chunks,
    collecting,
    date_starts,
    decision_rows,
    heartbeats,
    kill_switch,
    plan_jobs,
    quota,
    releasing,
    replies,
    reply_settling,
    scenarios,
    triggers,
)
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import GatewayError
from scheduler.newer import is_of_newer
from segments import members_filling, members_looking, members_time, points, review, trust

log = structlog.get_logger(__name__)

ROUNDS = 200
"""Transactions a part may take in one tick: a flood of one kind must not starve the others."""
FEW_ROUNDS = 20
"""The same for parts that read much and may wait: an import touches everybody, a new segment asks of everybody."""

Part = Callable[[Session], int]
"""Handles some of what is due in one transaction and returns how much; 0 when nothing is left."""


@dataclass(frozen=True)
class NamedPart:
    """A part of the tick and the name it goes by in the log."""

    name: str
    run: Part
    rounds: int = ROUNDS


Wanted = Callable[[str], bool]
"""Says by a part's name whether its next transaction may find anything."""


def _always(_part: str) -> bool:
    return True


def tick(dispatcher: Dispatcher, wanted: Wanted = _always) -> dict[str, int]:
    """Do everything that is due; return how much of each kind. One part's failure stops no other.

    `wanted` is asked before each transaction: a rehearsal, which ticks thousands of times, knows a cheaper way to
    tell that nothing is due.
    """
    with dispatcher.database.begin() as session:
        heartbeats.beat(session, "tick", "tick", dispatcher.clock.now())
    done = {part.name: _until_nothing_is_left(dispatcher, part, wanted) for part in _parts(dispatcher)}
    busy = {name: count for name, count in done.items() if count}
    if busy:
        log.info("tick", **busy)
    return done


def _parts(dispatcher: Dispatcher) -> list[NamedPart]:
    now, queue = dispatcher.clock.now, dispatcher.queue
    return [
        NamedPart("reviewed", lambda session: review.review_due(session, now())),
        NamedPart("points_expired", lambda session: points.expire(session, now())),
        NamedPart("questions_overdue", lambda session: trust.charge_overdue(session, now())),
        NamedPart("time_passed", lambda session: members_time.pass_time(session, now()), FEW_ROUNDS),
        NamedPart("looked_again", lambda session: members_looking.look_again(session, now()), FEW_ROUNDS),
        NamedPart("filled", lambda session: members_filling.fill(session, now()), FEW_ROUNDS // 4),
        NamedPart("events", lambda session: triggers.read_events(session, now())),
        NamedPart("dates", lambda session: date_starts.start_due(session, now())),
        NamedPart("steps", _unless_stopped(lambda session: scenarios.advance(session, now()))),
        NamedPart("broadcasts", lambda session: broadcasts.start_due(session, queue, now())),
        NamedPart("replanned", lambda session: plan_jobs.sweep_plans(session, queue)),
        NamedPart("let_go", lambda session: releasing.release(session, now())),
        NamedPart(
            "collected", _unless_stopped(lambda session: collecting.collect_due(session, queue, now()))
        ),
        NamedPart("swept", _unless_stopped(lambda session: chunks.sweep(session, queue, now()))),
        NamedPart("finished", lambda session: chunks.finish_broadcasts(session, now())),
        NamedPart("decisions_pruned", lambda session: decision_rows.prune(session, now()), FEW_ROUNDS // 4),
        NamedPart("uncertain_replies", lambda session: replies.uncertain_leftovers(session, now())),
        NamedPart("settled_riders", lambda session: reply_settling.settle(session, now())),
    ]


def _unless_stopped(run: Part) -> Part:
    """Hold a part while the kill switch is on: what is due stays due."""
    return lambda session: 0 if kill_switch.is_stopped(session) else run(session)


def _until_nothing_is_left(dispatcher: Dispatcher, part: NamedPart, wanted: Wanted) -> int:
    total = 0
    for _ in range(part.rounds):
        if not wanted(part.name):
            break
        try:
            with dispatcher.database.begin() as session:
                count = part.run(session)
        except Exception as error:  # whatever broke, the other parts of the tick are still due
            if is_of_newer(error):
                log.warning("rows_of_a_newer_version", part=part.name, left=str(error).split(". Enum")[0])
            else:
                log.exception("tick_part_failed", part=part.name)
            return total
        total += count
        if count == 0:
            break
    return total


def ask_quota(dispatcher: Dispatcher) -> None:
    """Ask LINE what is used this month, and keep the answer; a failure is logged and asked again later."""
    try:
        answer = dispatcher.gateway.quota()
    except GatewayError as error:
        log.warning("quota_unknown", error=type(error).__name__, status=error.status)
        return
    with dispatcher.database.begin() as session:
        quota.note_use(session, answer, dispatcher.clock.now())
