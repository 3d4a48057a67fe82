"""What one friend is still to get: deliveries that wait, and the next steps of their scenarios."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from scheduler.models import (
    Broadcast,
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Message,
    MessageVersion,
    Scenario,
    Step,
)

SHOWN = 20


@dataclass(frozen=True)
class Coming:
    """One message to come; a step may still turn out not to fit the friend."""

    at: datetime | None
    """Not before then; None = as soon as its turn comes."""
    source: str
    """The broadcast or scenario it belongs to; "" for a message of its own."""
    message: str
    reason: str | None
    """Why it waits."""


def coming(session: Session, friend_id: int, language: str) -> Sequence[Coming]:
    """Return what a friend is to get, the next first."""
    found = [*_deliveries(session, friend_id), *_steps(session, friend_id, language)]
    return sorted(found, key=lambda each: each.at.timestamp() if each.at else 0.0)[:SHOWN]


def _deliveries(session: Session, friend_id: int) -> list[Coming]:
    wanted = (
        select(Delivery.not_before, Broadcast.name, Message.name, Delivery.reason)
        .outerjoin(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .outerjoin(MessageVersion, MessageVersion.id == Delivery.message_version_id)
        .outerjoin(Message, Message.id == MessageVersion.message_id)
        .where(Delivery.friend_id == friend_id, Delivery.state == DeliveryState.QUEUED)
        .order_by(Delivery.id)
    )
    return [
        Coming(at, source or "", "" if source else message or "", reason)
        for at, source, message, reason in session.execute(wanted.limit(SHOWN))
    ]


def _steps(session: Session, friend_id: int, language: str) -> list[Coming]:
    wanted = (
        select(Enrolment.next_at, _named(language), Message.name)
        .join(Step, Step.id == Enrolment.next_step_id)
        .join(Scenario, Scenario.id == Enrolment.scenario_id)
        .join(Message, Message.id == Step.message_id)
        .where(Enrolment.friend_id == friend_id, Enrolment.state == EnrolmentState.ACTIVE)
        .where(Scenario.active, Step.active, Step.removed_at.is_(None))
        # Left to itself, SQLite goes through everybody who waits for any step.
        .with_hint(Enrolment, "INDEXED BY ix_enrolments_friend_id", "sqlite")
        .order_by(Enrolment.next_at)
    )
    return [Coming(at, source, message, None) for at, source, message in session.execute(wanted.limit(SHOWN))]


def _named(language: str) -> ColumnElement[str]:
    if language == "en":
        return func.coalesce(func.nullif(Scenario.name_en, ""), Scenario.name)
    return func.coalesce(Scenario.name, "")
