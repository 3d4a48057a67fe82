"""Which due messages wait a little for another to the same friend, so that both leave as one push."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from scheduler import bulk, bundling
from scheduler.candidates import for_step
from scheduler.due_deliveries import BUNDLED, WAITING, Due
from scheduler.house import house_of
from scheduler.models import Delivery, Enrolment, EnrolmentState, Purpose, Scenario, Step
from scheduler.reasons import Reason
from scheduler.verdicts import Allowed, may_send

MARGIN = timedelta(minutes=1)
"""How long before its last moment a message must be able to leave after it has waited."""


def put_off(session: Session, due: Sequence[Due], now: datetime) -> set[int]:
    """Let messages wait for another that comes within the policy's window; return their ids.

    Each waits once at most, none whose latest time or whose waking hours would pass, and none that answers at once
    to what a friend did: then all of that friend's go now.
    """
    window = bundling.policy(session).window
    ready = _patient(session, [each for each in due if each.kind in BUNDLED]) if window else {}
    coming = _coming(session, ready, now, now + window) if ready else {}
    is_open = _open(session, coming, now)
    moments: dict[datetime, list[int]] = {}
    for friend_id, moment in coming.items():
        theirs = ready[friend_id]
        if friend_id in is_open and all(_can_wait(each, moment) for each in theirs):
            moments.setdefault(moment, []).extend(each.id for each in theirs)
    for moment, ids in moments.items():
        waits = update(Delivery).where(bulk.among(session, Delivery.id, ids))
        values = {"not_before": moment, "reason": Reason.BUNDLING}
        session.execute(waits.values(values).execution_options(synchronize_session=False))
    return {id_ for ids in moments.values() for id_ in ids}


def _can_wait(each: Due, moment: datetime) -> bool:
    return each.expires_at is None or moment + MARGIN < each.expires_at


def _patient(session: Session, due: Sequence[Due]) -> dict[int, list[Due]]:
    """Return, by friend, the deliveries of those friends of whom nothing is urgent or has waited before."""
    steps = {each.step_id for each in due} - {None}
    at_once = select(Step.id).where(Step.id.in_(steps), Step.delay == timedelta(), Step.at_time.is_(None))
    urgent = set(session.scalars(at_once)) if steps else set[int]()
    hurried = {each.friend_id for each in due if each.step_id in urgent or each.reason == Reason.BUNDLING}
    by_friend: dict[int, list[Due]] = {}
    for each in due:
        if each.friend_id not in hurried:
            by_friend.setdefault(each.friend_id, []).append(each)
    return by_friend


def _coming(
    session: Session, friends: Collection[int], now: datetime, until: datetime
) -> dict[int, datetime]:
    """Return when the next message is due to each of `friends` to whom one is before `until`."""
    found: dict[int, datetime] = {}
    for query in (_queued(session, friends, now, until), _steps(session, friends, now, until)):
        for friend_id, moment in session.execute(query):
            if moment is not None:
                found[friend_id] = min(moment, found.get(friend_id, moment))
    return found


def _queued(
    session: Session, friends: Collection[int], now: datetime, until: datetime
) -> Select[int, datetime | None]:
    """Return what stands ready for later, but for what waits for a reply."""
    return select(Delivery.friend_id, Delivery.not_before).where(
        *WAITING,
        bulk.among(session, Delivery.friend_id, friends),
        Delivery.not_before > now,
        Delivery.not_before <= until,
        Delivery.rides_from.is_(None),
    )


def _steps(
    session: Session, friends: Collection[int], now: datetime, until: datetime
) -> Select[int, datetime | None]:
    """Return the steps that come due with a message that does not wait for a reply."""
    return (
        select(Enrolment.friend_id, Enrolment.next_at)
        .join(Step, Step.id == Enrolment.next_step_id)
        .join(Scenario, Scenario.id == Step.scenario_id)
        .where(
            bulk.among(session, Enrolment.friend_id, friends),
            Enrolment.state == EnrolmentState.ACTIVE,
            Enrolment.next_at > now,
            Enrolment.next_at <= until,
            Step.message_id.is_not(None),
            Step.rides_for.is_(None),
            Step.active,
            Step.removed_at.is_(None),
            Scenario.active,
        )
    )


def _open(session: Session, coming: dict[int, datetime], now: datetime) -> set[int]:
    """Return those to whom a message may still go at the moment it would wait for: no quiet hours, no closed day."""
    asked = for_step(session, list(coming), Purpose.CARE, house_of(session, now)) if coming else {}
    return {id_ for id_, at in coming.items() if isinstance(may_send(asked[id_], at), Allowed)}
