"""Scenarios: enrolments whose next step has come are claimed, and the step is taken."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.orm import Session

from scheduler.enrolments import end, end_many, enrol, enter_many, leave_all
from scheduler.models import Enrolment, EnrolmentState, Scenario, Step
from scheduler.newer import is_of_newer
from scheduler.step_book import StepBook
from scheduler.step_deliveries import Ground, Member
from scheduler.step_round import Round
from scheduler.steps import take
from segments import shop
from segments.db import UtcDateTime
from segments.errors import NotFound

__all__ = ["advance", "end", "end_many", "enrol", "enter_many", "leave_all", "pause", "resume"]

log = structlog.get_logger(__name__)

BATCH = 500
SECOND_TRY = timedelta(minutes=15)
"""When an enrolment whose step broke is tried again."""
NEWER_TRY = timedelta(minutes=1)
"""When one is tried again that only a newer version can take further."""

# Built once: asked at every tick, and building them takes longer than asking.
_IS_DUE = (
    Enrolment.state == EnrolmentState.ACTIVE,
    Enrolment.next_at <= bindparam("now", type_=UtcDateTime()),
)
_DUE = (
    select(Enrolment.id)
    .where(*_IS_DUE)
    .order_by(Enrolment.next_at)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(Enrolment)
    .where(Enrolment.id.in_(bindparam("ids", expanding=True)), *_IS_DUE)
    .values(next_at=bindparam("second_try", type_=UtcDateTime()))
    .returning(
        Enrolment.id,
        Enrolment.scenario_id,
        Enrolment.friend_id,
        Enrolment.cause,
        Enrolment.context,
        Enrolment.entered_at,
        Enrolment.next_step_id,
        Enrolment.due_at,
        Enrolment.arms,
    )
    .execution_options(synchronize_session=False)
)


def advance(session: Session, now: datetime, limit: int = BATCH) -> int:
    """Take the due step of at most `limit` enrolments; return how many were looked at, 0 when none is due.

    Each is claimed by moving its `next_at`, so that two processes never take a step twice. What breaks for
    one friend is logged, undone and tried again later; the others go on.
    """
    members = _claim(session, now, limit)
    shared = Round(session, shop.load(session), StepBook(session))
    for step_id, at_step in groupby(members, key=lambda member: member.next_step_id):
        _take_safely(shared, step_id, list(at_step), now)
    return len(members)


def _claim(session: Session, now: datetime, limit: int) -> list[Member]:
    ids = session.scalars(_DUE, {"now": now, "most": limit}).all()
    if not ids:
        return []
    claimed = session.execute(_CLAIM, {"ids": ids, "now": now, "second_try": now + SECOND_TRY})
    members = [Member(*row) for row in claimed]
    return sorted(members, key=lambda member: (member.next_step_id or 0, member.friend_id, member.id))


def _take_safely(shared: Round, step_id: int | None, members: Sequence[Member], now: datetime) -> None:
    """Take a step for all at once; when that breaks, one by one, to find the one it breaks for."""
    try:
        with shared.session.begin_nested():
            _take(shared, step_id, members, now)
    except Exception as error:
        if is_of_newer(error):
            _leave_to_newer(shared.session, step_id, members, now)
            return
        if len(members) == 1:
            log.exception("step_failed", step=step_id, enrolment=members[0].id)
            return
        log.warning("step_taken_one_by_one", step=step_id, enrolments=len(members), exc_info=True)
        for member in members:
            _take_safely(shared, step_id, [member], now)


def _leave_to_newer(session: Session, step_id: int | None, members: Sequence[Member], now: datetime) -> None:
    """Let a step of a kind that this version does not know be taken by a worker that does."""
    log.warning("step_of_a_newer_version", step=step_id, enrolments=len(members))
    these = Enrolment.id.in_([member.id for member in members])
    left = update(Enrolment).where(these).values(next_at=now + NEWER_TRY)
    session.execute(left.execution_options(synchronize_session=False))


def _take(shared: Round, step_id: int | None, members: Sequence[Member], now: datetime) -> None:
    step = shared.session.get(Step, step_id) if step_id is not None else None
    if step is None:  # it was deleted while friends waited for it
        shared.book.complete([member.id for member in members], now)
        return
    take(Ground(shared, step.scenario, step, now), members)


def pause(session: Session, scenario_id: int) -> None:
    """Switch a scenario off: who is in it waits where they are, nobody new enters."""
    _scenario(session, scenario_id).active = False


def resume(session: Session, scenario_id: int) -> None:
    """Switch a scenario on again; who waited is looked at by the next tick."""
    _scenario(session, scenario_id).active = True
    held: tuple[Any, ...] = (
        Enrolment.scenario_id == scenario_id,
        Enrolment.state == EnrolmentState.ACTIVE,
        Enrolment.next_at > Enrolment.due_at,
    )
    session.execute(
        update(Enrolment)
        .where(*held)
        .values(next_at=Enrolment.due_at)
        .execution_options(synchronize_session=False)
    )


def _scenario(session: Session, scenario_id: int) -> Scenario:
    found = session.get(Scenario, scenario_id)
    if found is None:
        raise NotFound("scenario_unknown", scenario_id=scenario_id)
    return found
