"""Tables of scenarios: steps that follow an event in a friend's life."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Interval, String, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler.models.messages import Purpose
from segments.db import Base, BigId


class Reentry(StrEnum):
    """Whether a friend may go through a scenario again."""

    NEVER = "never"
    ALWAYS = "always"
    AFTER_INTERVAL = "after_interval"


class Scenario(Base):
    """A series of steps that a trigger starts for one friend."""

    __tablename__ = "scenarios"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Names a ready scenario; None for an operator's own."""
    name: Mapped[str] = mapped_column(String(128))
    name_en: Mapped[str] = mapped_column(String(128), default="")
    active: Mapped[bool] = mapped_column(default=True)
    trigger: Mapped[dict[str, Any]]
    """What starts it: `{"event": "purchased", "where": {…}}` or `{"date": "birthday", "days_before": 7}`."""
    condition: Mapped[dict[str, Any] | None]
    """Who may enter; checked again before each step: who no longer matches leaves."""
    goal: Mapped[dict[str, Any] | None]
    """An event that ends it early, e.g. `{"event": "purchased"}`."""
    reentry: Mapped[Reentry] = mapped_column(default=Reentry.NEVER)
    reentry_interval: Mapped[timedelta | None] = mapped_column(Interval)
    created_at: Mapped[datetime]
    steps: Mapped[list["Step"]] = relationship(
        back_populates="scenario", cascade="all, delete-orphan", order_by="Step.position"
    )


class Step(Base):
    """One thing that happens in a scenario: wait, ask the condition, say the message, have the effects."""

    __tablename__ = "steps"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenarios.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(128), default="")
    delay: Mapped[timedelta] = mapped_column(Interval)
    """Counted from the step before it, or from the start."""
    at_time: Mapped[time | None] = mapped_column(Time)
    """Time of day in the shop's zone, on the day the delay leads to (or after a delay of hours); None = at once."""
    condition: Mapped[dict[str, Any] | None]
    """The step is skipped, with a reason, for friends who do not match."""
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    purpose: Mapped[Purpose] = mapped_column(default=Purpose.CARE)
    effects: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What sending it means: `{"trial_offer": {"days": 7}}`, `{"coupon": "welcome"}`, `{"tag": "…"}`."""
    valid_for: Mapped[timedelta | None] = mapped_column(Interval)
    """How long after its due time the message still makes sense; then it is skipped as expired."""
    active: Mapped[bool] = mapped_column(default=True)
    scenario: Mapped[Scenario] = relationship(back_populates="steps")

    __table_args__ = (UniqueConstraint("scenario_id", "position"),)


class EnrolmentState(StrEnum):
    """Where a friend stands in a scenario."""

    ACTIVE = "active"
    COMPLETED = "completed"
    GOAL = "goal"
    LEFT = "left"


class Enrolment(Base):
    """One friend going through one scenario once."""

    __tablename__ = "enrolments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenarios.id", ondelete="CASCADE"))
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), index=True)
    cause: Mapped[str] = mapped_column(String(64))
    """What started it, e.g. `event:123`: the same cause starts it once."""
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Facts of the cause that messages and conditions may name, e.g. the product bought."""
    entered_at: Mapped[datetime]
    state: Mapped[EnrolmentState] = mapped_column(default=EnrolmentState.ACTIVE)
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(64))
    next_step_id: Mapped[int | None] = mapped_column(ForeignKey("steps.id", ondelete="SET NULL"))
    next_at: Mapped[datetime | None]
    """When to look at it again: `due_at`, or later while quiet hours or a pause hold it."""
    due_at: Mapped[datetime | None]
    """When the next step is due; the delay of the step after it counts from here."""

    __table_args__ = (
        UniqueConstraint("scenario_id", "friend_id", "cause"),
        Index("ix_enrolments_state_next_at", "state", "next_at"),
        # How many friends stand where, for the page of scenarios.
        Index("ix_enrolments_scenario_id_state", "scenario_id", "state"),
    )
