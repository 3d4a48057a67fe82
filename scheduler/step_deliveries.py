"""The deliveries of one scenario step: written queued, or skipped with the reason, once for each enrolment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import mail_instead, reply_carry
from scheduler.candidates import quiet_hours
from scheduler.models import Delivery, DeliveryKind, DeliveryState, MessageVersion, Scenario, Step
from scheduler.scenario_flow import Flow
from scheduler.verdicts import Allowed, Refused, Verdict
from segments.shop import Shop
from segments.upsert import insert_ignore


class Member(NamedTuple):
    """One claimed enrolment."""

    id: int
    scenario_id: int
    friend_id: int
    cause: str
    context: dict[str, Any]
    entered_at: datetime
    next_step_id: int | None
    due_at: datetime | None
    arms: Mapping[str, str] = MappingProxyType({})
    """The arm taken at each split, by the step's id as text."""


@dataclass(frozen=True)
class Ground:
    """What holds for everyone at the step."""

    session: Session
    scenario: Scenario
    step: Step
    settings: Shop
    now: datetime

    @cached_property
    def flow(self) -> Flow:
        """How its steps follow each other."""
        return Flow(self.scenario.steps)

    @cached_property
    def version_id(self) -> int | None:
        """The newest version of the step's message; None when it has none."""
        newest = select(MessageVersion.id).where(MessageVersion.message_id == self.step.message_id)
        return self.session.scalar(newest.order_by(MessageVersion.version.desc()).limit(1))


def newest_version(ground: Ground) -> int | None:
    """Return the id of the version that the step's message goes out in; None when it has none."""
    return ground.version_id


def expiry(ground: Ground, member: Member) -> datetime | None:
    """Return when the step's message stops making sense for a friend."""
    if ground.step.valid_for is None:
        return None
    return (member.due_at or ground.now) + ground.step.valid_for


def write_deliveries(ground: Ground, members: Sequence[Member], verdicts: dict[int, Verdict]) -> list[Member]:
    """Write a delivery each, queued or skipped; return those whose message now leaves for the first time."""
    had = _who_had_it(ground, members)
    new = [member for member in members if member.id not in had]
    if ground.step.message_id is not None:
        version_id = newest_version(ground)
        insert_ignore(
            ground.session, Delivery, [_delivery(ground, each, verdicts[each.id], version_id) for each in new]
        )
        if not ground.step.effects:  # What it promises could not be given by mail.
            refused = [each.id for each in new if isinstance(verdicts[each.id], Refused)]
            mail_instead.of_steps(ground.session, ground.step.id, refused, ground.now)
    return [member for member in new if isinstance(verdicts[member.id], Allowed)]


def _who_had_it(ground: Ground, members: Sequence[Member]) -> set[int]:
    ids = [member.id for member in members]
    rows = select(Delivery.enrolment_id).where(
        Delivery.enrolment_id.in_(ids), Delivery.step_id == ground.step.id
    )
    return {id_ for id_ in ground.session.scalars(rows) if id_ is not None}


def _delivery(ground: Ground, member: Member, verdict: Verdict, version_id: int | None) -> dict[str, Any]:
    skipped = isinstance(verdict, Refused)
    expires_at = expiry(ground, member)
    return {
        "friend_id": member.friend_id,
        "kind": DeliveryKind.STEP,
        "purpose": ground.step.purpose,
        "enrolment_id": member.id,
        "step_id": ground.step.id,
        "message_version_id": version_id,
        "state": DeliveryState.SKIPPED if skipped else DeliveryState.QUEUED,
        "reason": verdict.reason if isinstance(verdict, Refused) else None,
        "created_at": ground.now,
        "not_before": _pushed_at(ground, expires_at),
        "rides_from": ground.now if ground.step.rides_for else None,
        "expires_at": expires_at,
        "ended_at": ground.now if skipped else None,
    }


def _pushed_at(ground: Ground, expires_at: datetime | None) -> datetime:
    """Return when the message is pushed: now, or when it has waited in vain for a reply to ride on."""
    wait = ground.step.rides_for
    if not wait:
        return ground.now
    quiet, zone = quiet_hours(ground.settings), ground.settings.zone
    return reply_carry.push_at(ground.now, wait, expires_at, quiet, zone)
