"""Enrolments: who goes through which scenario, from its start to one of its ends."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, String, and_, cast, exists, literal, or_, select, update
from sqlalchemy.orm import Session

from scheduler import bulk, heading
from scheduler.heading import Heading, Place, Placed
from scheduler.matching import condition_of, matching
from scheduler.models import (
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Reentry,
    Scenario,
    Step,
)
from scheduler.passed_steps import write_passed
from scheduler.reasons import Reason
from scheduler.scenario_flow import Flow
from scheduler.step_timing import Arriving
from segments import shop
from segments.models import CustomerEvent, EventKind, Friend
from segments.shop import Shop
from segments.upsert import insert_ignore


def enrol(
    session: Session,
    scenario: Scenario,
    friend_id: int,
    cause: str,
    context: dict[str, Any],
    now: datetime,
    *,
    entered_at: datetime | None = None,
) -> Enrolment | None:
    """Start a scenario for a friend; None when it is switched off, empty, not for them, or not again.

    The same `cause` starts it once. Delays count from `entered_at`, the moment of the cause (`now` when None).
    """
    start = Start(friend_id, cause, context, entered_at or now)
    if not enter(session, scenario, start, now, shop.load(session)):
        return None
    mine = and_(
        Enrolment.scenario_id == scenario.id, Enrolment.friend_id == friend_id, Enrolment.cause == cause
    )
    return session.scalars(select(Enrolment).where(mine)).one()


class Start(NamedTuple):
    """What starts a scenario for a friend."""

    friend_id: int
    cause: str
    context: dict[str, Any]
    at: datetime


def enter(session: Session, scenario: Scenario, start: Start, now: datetime, settings: Shop) -> bool:
    """Do what `enrol` does, telling only whether the friend entered."""
    return enter_many(session, scenario, [start], now, settings) == 1


def enter_many(
    session: Session, scenario: Scenario, starts: Sequence[Start], now: datetime, settings: Shop
) -> int:
    """Let many in at once, a handful of queries however many they are; return how many entered."""
    flow = Flow(scenario.steps)
    if not scenario.active or flow.first is None or not starts:
        return 0
    fits = matching(session, scenario.condition, {start.friend_id for start in starts}, now, settings)
    if fits and (goal := condition_of(scenario.goal)) is not None:
        fits -= matching(session, goal, fits, now, settings)  # They are where it would lead them.
    left: list[Start] = [start for start in starts if start.friend_id in fits]
    entered = 0
    while left:  # one start a friend and round: the first of two may keep the second out
        round_: dict[int, Start] = {start.friend_id: start for start in reversed(left)}
        free = _may_enter(session, scenario, sorted(round_), now)
        entered += _insert(session, scenario, flow, [round_[id_] for id_ in free], now, settings)
        left = [start for start in left if round_[start.friend_id] is not start]
    return entered


def _insert(
    session: Session, scenario: Scenario, flow: Flow, starts: Sequence[Start], now: datetime, settings: Shop
) -> int:
    arriving = [
        Arriving(number, start.friend_id, min(start.at, now), start.context)
        for number, start in enumerate(starts)
    ]
    headings = [Heading(each, flow.first) for each in arriving]
    placed = heading.place(session, flow, headings, now, settings)
    rows = [_row(scenario, starts[each.id], each.base, placed.places.get(each.id), now) for each in arriving]
    entered = insert_ignore(session, Enrolment, rows)
    if entered and placed.passed:
        _write_passed(session, scenario, starts, placed, now)
    return entered


def _row(
    scenario: Scenario, start: Start, entered_at: datetime, place: Place | None, now: datetime
) -> dict[str, Any]:
    return {
        "scenario_id": scenario.id,
        "friend_id": start.friend_id,
        "cause": start.cause,
        "context": start.context,
        "arms": {},
        "entered_at": entered_at,
        "state": EnrolmentState.ACTIVE if place else EnrolmentState.COMPLETED,
        "end_reason": None if place else Reason.COMPLETED,
        "ended_at": None if place else now,
        "next_step_id": place.step_id if place else None,
        "next_at": place.due if place else None,
        "due_at": place.due if place else None,
    }


def _write_passed(
    session: Session, scenario: Scenario, starts: Sequence[Start], placed: Placed, now: datetime
) -> None:
    """Write down as skipped what the newcomers pass over at once; the rows' ids are known only now."""
    causes = {start.cause for start in starts}
    mine = (Enrolment.scenario_id == scenario.id, Enrolment.cause.in_(causes))
    rows = session.execute(select(Enrolment.friend_id, Enrolment.cause, Enrolment.id).where(*mine))
    ids = {(friend_id, cause): id_ for friend_id, cause, id_ in rows}
    passed = [
        (ids[start.friend_id, start.cause], start.friend_id, each.step)
        for each in placed.passed
        if each.step is not None
        for start in [starts[each.who.id]]
    ]
    write_passed(session, passed, now)


def _may_enter(
    session: Session, scenario: Scenario, friend_ids: Sequence[int], now: datetime
) -> Sequence[int]:
    """Return those who may enter, by the rule of re-entry."""
    if scenario.reentry is Reentry.ALWAYS or not friend_ids:
        return friend_ids
    # Locked, so that two causes read by two processes at once do not both find no earlier enrolment.
    these = bulk.among(session, Friend.id, friend_ids)
    session.execute(select(Friend.id).where(these).order_by(Friend.id).with_for_update(key_share=True))
    been = kept_out(session, scenario, friend_ids, now)
    return [friend_id for friend_id in friend_ids if friend_id not in been]


SENT = exists().where(
    Delivery.enrolment_id == Enrolment.id,
    Delivery.state.in_([DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN]),
)
"""Whether anything was sent of an enrolment."""
_TAKEN_BACK = exists().where(
    CustomerEvent.friend_id == Enrolment.friend_id,
    CustomerEvent.kind == EventKind.COMPLAINT_WITHDRAWN,
    Enrolment.cause == literal("event:") + cast(CustomerEvent.id, String),
)


def kept_out(session: Session, scenario: Scenario, friend_ids: Sequence[int], now: datetime) -> set[int]:
    """Return those who have been in the scenario and may not enter again, or not yet."""
    if scenario.reentry is Reentry.ALWAYS:
        return set()
    earlier = [Enrolment.scenario_id == scenario.id, bulk.among(session, Enrolment.friend_id, friend_ids)]
    if scenario.trigger.get("event") == EventKind.COMPLAINED:
        # What a mistake began and nothing was sent of keeps nobody out of the real thing.
        earlier.append(or_(SENT, ~_TAKEN_BACK))
    if scenario.reentry is Reentry.AFTER_INTERVAL:
        earlier.append(Enrolment.entered_at > now - (scenario.reentry_interval or timedelta()))
    return set(session.scalars(select(Enrolment.friend_id).where(*earlier)))


def arms_before(session: Session, step: Step, friend_ids: Collection[int]) -> dict[int, str]:
    """Return the arm of a split that friends took when they came to it last, of those who did."""
    taken = Enrolment.arms[str(step.id)].as_string()
    rows = session.execute(
        select(Enrolment.friend_id, taken)
        .where(bulk.among(session, Enrolment.friend_id, friend_ids))
        .where(Enrolment.scenario_id == step.scenario_id, taken.is_not(None))
        .order_by(Enrolment.id)
    )
    return dict(rows.all())


def end(session: Session, enrolment: Enrolment, state: EnrolmentState, reason: str, now: datetime) -> bool:
    """End one enrolment; False when it had ended before."""
    ended = end_many(session, Enrolment.id == enrolment.id, state, reason, now)
    session.refresh(enrolment)
    return ended == 1


def end_many(
    session: Session, which: ColumnElement[bool], state: EnrolmentState, reason: str, now: datetime
) -> int:
    """End the open enrolments among `which`, and withdraw what they had queued; return how many.

    Open is also one that is through its steps while the last message still waits for quiet hours to pass.
    """
    waiting = exists().where(Delivery.enrolment_id == Enrolment.id, Delivery.state == DeliveryState.QUEUED)
    is_open = or_(
        Enrolment.state == EnrolmentState.ACTIVE, and_(Enrolment.state == EnrolmentState.COMPLETED, waiting)
    )
    ended = session.scalars(
        update(Enrolment)
        .where(which, is_open)
        .values(state=state, end_reason=reason, ended_at=now, ended_step_id=Enrolment.next_step_id)
        .values(next_step_id=None, next_at=None, due_at=None)
        .returning(Enrolment.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        _withdraw(session, ended, now)
    return len(ended)


def _withdraw(session: Session, enrolment_ids: Collection[int], now: datetime) -> None:
    # What is in a chunk already is refused by eligibility, which asks the enrolment.
    session.execute(
        update(Delivery)
        .where(
            Delivery.enrolment_id.in_(enrolment_ids),
            Delivery.state == DeliveryState.QUEUED,
            Delivery.chunk_id.is_(None),
        )
        .values(state=DeliveryState.CANCELLED, reason=Reason.SCENARIO_ENDED, ended_at=now)
        .execution_options(synchronize_session=False)
    )


def leave_all(session: Session, friend_id: int, reason: Reason, now: datetime) -> int:
    """Take a friend out of every scenario, because they blocked us or opted out; return how many."""
    return end_many(session, Enrolment.friend_id == friend_id, EnrolmentState.LEFT, reason, now)
