"""What an operator changes in a scenario: whether a step runs, when it is due, what it says."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from scheduler import riding
from scheduler.models import Enrolment, EnrolmentState, MessageVersion, Step
from scheduler.step_settings import LONGEST_DAYS
from segments.errors import Conflict, Invalid, NotFound

LONGEST = timedelta(days=LONGEST_DAYS)
"""Of a delay and of a validity."""


@dataclass(frozen=True)
class Timing:
    """When a step is due after the one before it, how long it still makes sense then, and may wait for a reply."""

    delay: timedelta
    at_time: time | None
    """Time of day in the shop's zone; None = as soon as the delay is over."""
    valid_for: timedelta | None
    rides_for: timedelta | None
    """How long its message waits for a free reply; None = it is pushed at once."""


def timing_of(step: Step) -> Timing:
    """Return when a step is due as it stands."""
    return Timing(step.delay, step.at_time, step.valid_for, step.rides_for)


def step_of(session: Session, step_id: int) -> Step:
    """Return a step; raises NotFound (step_unknown)."""
    step = session.get(Step, step_id)
    if step is None:
        raise NotFound("step_unknown", step_id=step_id)
    return step


def newest(session: Session, message_id: int) -> MessageVersion:
    """Return the version a message goes out in; raises NotFound (message_unknown)."""
    versions = select(MessageVersion).where(MessageVersion.message_id == message_id)
    found = session.scalars(versions.order_by(MessageVersion.version.desc()).limit(1)).first()
    if found is None:
        raise NotFound("message_unknown", key=message_id)
    return found


def newest_of(session: Session, message_ids: Collection[int]) -> list[MessageVersion]:
    """Return the versions that messages go out in; of one without a version, none."""
    newest = select(func.max(MessageVersion.id)).where(MessageVersion.message_id.in_(message_ids))
    versions = select(MessageVersion).where(MessageVersion.id.in_(newest.group_by(MessageVersion.message_id)))
    return list(session.scalars(versions))


def pause(session: Session, step_id: int) -> Step:
    """Switch one step off: who reaches it waits there."""
    step = step_of(session, step_id)
    step.active = False
    return step


def resume(session: Session, step_id: int, now: datetime) -> Step:
    """Switch a step on again; who waited at it is looked at by the next tick.

    One that had paused itself is judged by the blocks after this moment: what stopped it must not stop it again.
    """
    step = step_of(session, step_id)
    if step.alarm is not None:
        step.alarm, step.rate_from = None, now
    step.active = True
    waited = (
        Enrolment.next_step_id == step_id,
        Enrolment.scenario_id == step.scenario_id,
        Enrolment.state == EnrolmentState.ACTIVE,
        Enrolment.next_at > Enrolment.due_at,
    )
    session.execute(
        update(Enrolment)
        .where(*waited)
        .values(next_at=Enrolment.due_at)
        .execution_options(synchronize_session=False)
    )
    return step


def retime(session: Session, step_id: int, timing: Timing) -> bool:
    """Set when a step is due; tell whether that is new. Friends who wait for it already keep their date.

    A message that already waits for a reply keeps its time, too.
    Raises Invalid: delay_invalid, valid_for_invalid, rides_for_invalid, step_without_message.
    """
    if not timedelta() <= timing.delay <= LONGEST:
        raise Invalid("delay_invalid", days=LONGEST.days)
    if timing.valid_for is not None and not timedelta() < timing.valid_for <= LONGEST:
        raise Invalid("valid_for_invalid", days=LONGEST.days)
    step = step_of(session, step_id)
    riding.check(timing.rides_for, has_message=step.message_id is not None)
    if timing == timing_of(step):
        return False
    step.delay, step.at_time, step.valid_for = timing.delay, timing.at_time, timing.valid_for
    step.rides_for = timing.rides_for
    return True


def let_ride(session: Session, step_id: int, rides_for: timedelta | None) -> None:
    """Let a step's message wait so long for a reply, or push it at once with None; what waits already keeps its time.

    Raises NotFound (step_unknown) and Invalid: rides_for_invalid, step_without_message.
    """
    retime(session, step_id, replace(timing_of(step_of(session, step_id)), rides_for=rides_for))
    session.flush()


def reword(
    session: Session, version: MessageVersion, content: dict[str, Any], by: str, now: datetime
) -> MessageVersion:
    """Add a version of the message after `version`, which was the newest when `content` was made from it.

    The same content adds nothing. Raises Conflict (message_changed) when somebody was faster.
    """
    if content == version.content:
        return version
    last = select(func.max(MessageVersion.version)).where(MessageVersion.message_id == version.message_id)
    if session.scalar(last) != version.version:
        raise Conflict("message_changed")
    added = MessageVersion(
        message_id=version.message_id,
        version=version.version + 1,
        content=content,
        created_at=now,
        created_by=by,
    )
    session.add(added)
    session.flush()
    return added
