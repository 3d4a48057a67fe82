"""Tables of scenarios: steps that follow an event in a friend's life."""

from datetime import date, datetime, time, timedelta
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


class StepKind(StrEnum):
    """What a step does for a friend who has come to it."""

    MESSAGE = "message"
    ACTION = "action"
    """Effects without a message: a tag, a coupon."""
    WAIT = "wait"
    WAIT_UNTIL = "wait_until"
    """Waits until the condition holds, up to a latest time."""
    BRANCH = "branch"
    """Goes into one of two arms, by the condition."""
    SPLIT = "split"
    """Goes into an arm drawn by lot, always the same for a friend."""
    GOAL = "goal"
    """Who matches the condition has reached the goal; the others go on."""
    END = "end"


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
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What scheduler.scenario_settings.ScenarioSettings reads: who leaves, which block rate stops a step."""
    dates_through: Mapped[date | None]
    """The last day whose starts by date were seen to; None before the first."""
    dates_after: Mapped[int] = mapped_column(BigId, default=0)
    """The friend id up to which the day after `dates_through` was seen to."""
    version: Mapped[int] = mapped_column(default=1)
    """Raised by every change of its making: whoever edits an older one is told."""
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
    """Its order among the steps of its line (scheduler.scenario_flow); no two of a scenario have the same."""
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("steps.id", ondelete="CASCADE"))
    """The branch or split in one of whose arms it stands; None on the main line."""
    arm: Mapped[str] = mapped_column(String(64), default="")
    """`yes` or `no` of a branch, an arm's name of a split."""
    kind: Mapped[StepKind] = mapped_column(default=StepKind.MESSAGE)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What scheduler.step_settings reads: weekdays, best hour, count-back, and what its kind needs."""
    name: Mapped[str] = mapped_column(String(128), default="")
    delay: Mapped[timedelta] = mapped_column(Interval)
    """Counted from the step before it, or from the start."""
    at_time: Mapped[time | None] = mapped_column(Time)
    """Time of day in the shop's zone, on the day the delay leads to (or after a delay of hours); None = at once."""
    condition: Mapped[dict[str, Any] | None]
    """Of a message or action: skipped, with a reason, for friends who do not match; else what its kind asks."""
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    purpose: Mapped[Purpose] = mapped_column(default=Purpose.CARE)
    effects: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What sending it means: `{"trial_offer": {"days": 7}}`, `{"coupon": "welcome"}`, `{"tag": "…"}`."""
    valid_for: Mapped[timedelta | None] = mapped_column(Interval)
    """How long after its due time the message still makes sense; then it is skipped as expired."""
    rides_for: Mapped[timedelta | None] = mapped_column(Interval)
    """How long after its due time the message waits for a free reply to go with; None = it is pushed at once."""
    active: Mapped[bool] = mapped_column(default=True)
    alarm: Mapped[dict[str, Any] | None]
    """Why it paused itself (scheduler.block_rates.Alarm); None when an operator did, or nobody."""
    rate_from: Mapped[datetime | None]
    """Since when its block rate is counted: its last resumption; None = ever since."""
    removed_at: Mapped[datetime | None]
    """Since when it is taken out: who stands at it passes on when it would have come, nobody else comes to it."""
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
    arms: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The arm taken at each split, by the step's id as text."""
    entered_at: Mapped[datetime]
    state: Mapped[EnrolmentState] = mapped_column(default=EnrolmentState.ACTIVE)
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(64))
    ended_step_id: Mapped[int | None] = mapped_column(BigId)
    """The step it waited for when it ended; a number only. None when it was through all of them."""
    next_step_id: Mapped[int | None] = mapped_column(ForeignKey("steps.id", ondelete="SET NULL"))
    next_at: Mapped[datetime | None]
    """When to look at it again: `due_at`, or later while quiet hours or a pause hold it."""
    due_at: Mapped[datetime | None]
    """When the next step is due; the delay of the step after it counts from here."""

    __table_args__ = (
        UniqueConstraint("scenario_id", "friend_id", "cause"),
        # The steps are in it for the forecast, which counts who waits for which and how long.
        Index("ix_enrolments_state_next_at", "state", "next_at", "next_step_id"),
        # How many friends stand where, for the page of scenarios.
        Index("ix_enrolments_scenario_id_state", "scenario_id", "state"),
        Index("ix_enrolments_next_step_id", "next_step_id"),
    )


class StepPass(Base):
    """How many friends went on together from a step on a day of the shop's calendar, by one arm.

    Rows are only added: one that several added to would have two processes wait for each other.
    """

    __tablename__ = "step_passes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("steps.id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    arm: Mapped[str] = mapped_column(String(64), default="")
    """The way they took at a branch or split; empty behind steps of other kinds."""
    friends: Mapped[int]


class StepBlock(Base):
    """A friend blocked us soon after a step's message: what its block rate is counted from."""

    __tablename__ = "step_blocks"

    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    step_id: Mapped[int] = mapped_column(ForeignKey("steps.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    """When the friend blocked us."""

    __table_args__ = (Index("ix_step_blocks_step_id_at", "step_id", "at"),)
