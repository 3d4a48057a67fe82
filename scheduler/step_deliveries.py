"""The deliveries of one scenario step: written queued, or skipped with the reason, once for each enrolment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from scheduler import reply_carry
from scheduler.house import quiet_hours
from scheduler.models import DeliveryKind, DeliveryState, Scenario, Step
from scheduler.scenario_flow import Flow
from scheduler.silence import next_moment
from scheduler.step_book import StepBook
from scheduler.step_round import Round
from scheduler.verdicts import Allowed, Refused, Verdict
from segments.shop import Shop


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

    shared: Round
    scenario: Scenario
    step: Step
    now: datetime

    @property
    def session(self) -> Session:
        """The transaction."""
        return self.shared.session

    @property
    def settings(self) -> Shop:
        """The shop's settings."""
        return self.shared.settings

    @property
    def book(self) -> StepBook:
        """Where it is written down what comes of the step."""
        return self.shared.book

    @cached_property
    def flow(self) -> Flow:
        """How its steps follow each other."""
        return Flow(self.scenario.steps)


def newest_version(ground: Ground) -> int | None:
    """Return the id of the version that the step's message goes out in; None when it has none."""
    message_id = ground.step.message_id
    if message_id is None:
        return None
    return ground.shared.version_of(message_id, (step.message_id for step in ground.scenario.steps))


def expiry(ground: Ground, member: Member) -> datetime | None:
    """Return when the step's message stops making sense for a friend."""
    if ground.step.valid_for is None:
        return None
    return (member.due_at or ground.now) + ground.step.valid_for


def write_deliveries(ground: Ground, members: Sequence[Member], verdicts: dict[int, Verdict]) -> list[Member]:
    """Write a delivery each, queued or skipped; return those whose message now leaves for the first time."""
    if ground.step.message_id is None:
        ids = [member.id for member in members]
        new = set(ids) - ground.book.who_had(ground.step.id, ids)
    else:
        new = _write(ground, members, verdicts)
    return [each for each in members if each.id in new and isinstance(verdicts[each.id], Allowed)]


def _write(ground: Ground, members: Sequence[Member], verdicts: dict[int, Verdict]) -> set[int]:
    """Write them; return the enrolments that had none of this step before."""
    version_id = newest_version(ground)
    new = ground.book.deliver([_delivery(ground, each, verdicts[each.id], version_id) for each in members])
    if not ground.step.effects:  # What it promises could not be given by mail.
        refused = [each.id for each in members if each.id in new and isinstance(verdicts[each.id], Refused)]
        ground.book.mail(ground.step, refused, ground.now)
    return new


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
    latest = reply_carry.push_at(ground.now, wait, expires_at, quiet, zone)
    # What closed days would hold beyond its validity does not wait at all: now it may leave.
    return latest if expires_at is None or leaves_at(ground, latest) < expires_at else ground.now


def leaves_at(ground: Ground, moment: datetime) -> datetime:
    """Return when a message that is pushed at `moment` may leave by the clock alone: quiet hours and closed days hold it."""
    house = ground.shared.house(ground.now)
    return next_moment(moment, house.quiet, ground.settings.zone, house.open_days(DeliveryKind.STEP))[0]
