"""What one friend would get of a scenario, and when: the real engine runs ahead of the clock, and everything is undone.

Only time moves: what the friend does meanwhile is not known, so conditions are asked of the friend as they are today.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import scenario_edits, scenarios
from scheduler.enrolments import Start, enter_many
from scheduler.matching import matching
from scheduler.models import Delivery, DeliveryState, Enrolment, EnrolmentState, Scenario, Step, StepKind
from scheduler.scenario_flow import Flow
from segments import shop
from segments.errors import NotFound
from segments.models import Friend

CAUSE = "trial"
MOST_LOOKS = 500
"""Looks at one friend: waits look again every hour, so that those of many weeks are cut short."""


@dataclass(frozen=True)
class Moment:
    """One thing that would happen to the friend."""

    at: datetime
    number: str
    """The step's number, as on the page."""
    step_id: int
    kind: StepKind
    name: str
    outcome: str
    """`sent`, `skipped`, `done`, `waits`, `arm`, `left`, `paused`."""
    detail: str = ""
    """The reason of a skip or of leaving, the arm's name."""


@dataclass(frozen=True)
class Trial:
    """The way of one friend through a scenario."""

    moments: list[Moment]
    end: str
    """`completed`, `goal`, `left`, `not_for_them`, `empty`, `paused` or `goes_on`."""
    end_reason: str = ""
    ends_at: datetime | None = None


def run(session: Session, scenario_id: int, friend_id: int, now: datetime) -> Trial:
    """Return what the friend would get if the scenario started for them now.

    Nothing is kept: the caller's transaction is undone to where it was. Raises NotFound (scenario_unknown,
    friend_unknown).
    """
    scenario = scenario_edits.load(session, scenario_id)
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    with session.begin_nested() as undone:
        trial = _run(session, scenario, friend_id, now)
        undone.rollback()
    session.expire_all()
    return trial


def _run(session: Session, scenario: Scenario, friend_id: int, now: datetime) -> Trial:
    settings = shop.load(session)
    flow = Flow(scenario.steps)
    if flow.first is None:
        return Trial([], "empty")
    if not matching(session, scenario.condition, [friend_id], now, settings):
        return Trial([], "not_for_them")
    # A scenario that is not started yet can be tried as well, by a friend who has been through it too.
    scenario.active, scenario.reentry = True, type(scenario.reentry).ALWAYS
    session.flush()
    context = {"at": now.isoformat()}
    enter_many(session, scenario, [Start(friend_id, CAUSE, context, now)], now, settings)
    mine = (Enrolment.scenario_id == scenario.id, Enrolment.friend_id == friend_id, Enrolment.cause == CAUSE)
    enrolment = session.scalars(select(Enrolment).where(*mine)).one()
    return _follow(session, scenario, enrolment, now)


def _follow(session: Session, scenario: Scenario, enrolment: Enrolment, now: datetime) -> Trial:
    numbers = {placed.step.id: placed.number for placed in Flow(scenario.steps).placed()}
    moments = [*_passed(_deliveries(session, enrolment), numbers, set(), now)]
    for _ in range(MOST_LOOKS):
        if enrolment.state is not EnrolmentState.ACTIVE or enrolment.next_at is None:
            return Trial(moments, enrolment.state.value, enrolment.end_reason or "", enrolment.ended_at)
        step = session.get_one(Step, enrolment.next_step_id)
        at = max(enrolment.next_at, now)
        if not step.active:
            moments.append(Moment(at, numbers.get(step.id, ""), step.id, step.kind, step.name, "paused"))
            return Trial(moments, "paused")
        at = _wait_cut_short(enrolment, step, moments, at)
        seen = {moment.step_id for moment in moments}
        scenarios.advance_one(session, enrolment.id, at)
        session.refresh(enrolment)
        written = _deliveries(session, enrolment)
        moments += _passed(written, numbers, seen | {step.id}, at)
        outcome, detail = _outcome(session, written, enrolment, step)
        if outcome:
            number = numbers.get(step.id, "")
            moments.append(Moment(at, number, step.id, step.kind, step.name, outcome, detail))
    return Trial(moments, "goes_on")


def _wait_cut_short(enrolment: Enrolment, step: Step, moments: list[Moment], at: datetime) -> datetime:
    """Return when to look next: after the first look at a wait, straight at its latest time."""
    waited = any(moment.step_id == step.id and moment.outcome == "waits" for moment in moments)
    if step.kind is not StepKind.WAIT_UNTIL or not waited or enrolment.due_at is None:
        return at
    return enrolment.due_at + timedelta(days=float(step.settings.get("latest_days") or 0))


def _passed(
    written: Sequence[tuple[Delivery, Step]], numbers: dict[int, str], known: set[int], at: datetime
) -> Iterator[Moment]:
    """Yield the steps passed over for want of a date: their skipped deliveries."""
    for delivery, step in written:
        if step.id not in known and delivery.state is DeliveryState.SKIPPED:
            number = numbers.get(step.id, "")
            yield Moment(at, number, step.id, step.kind, step.name, "skipped", delivery.reason or "")


def _outcome(
    session: Session, written: Sequence[tuple[Delivery, Step]], enrolment: Enrolment, step: Step
) -> tuple[str, str]:
    if enrolment.next_step_id == step.id:
        held = step.kind is StepKind.WAIT_UNTIL
        return ("waits", "") if held else ("", "")
    if enrolment.state in {EnrolmentState.LEFT, EnrolmentState.GOAL}:
        return "left", enrolment.end_reason or ""
    for delivery, said in written:
        if said.id == step.id:
            skipped = delivery.state is DeliveryState.SKIPPED
            return ("skipped", delivery.reason or "") if skipped else ("sent", "")
    arm = enrolment.arms.get(str(step.id))
    if arm is None and step.kind is StepKind.BRANCH and enrolment.next_step_id is not None:
        following = session.get_one(Step, enrolment.next_step_id)
        arm = following.arm if following.parent_id == step.id else None
    return ("arm", str(arm)) if arm is not None else ("done", "")


def _deliveries(session: Session, enrolment: Enrolment) -> list[tuple[Delivery, Step]]:
    rows = session.execute(
        select(Delivery, Step)
        .join(Step, Step.id == Delivery.step_id)
        .where(Delivery.enrolment_id == enrolment.id)
        .order_by(Delivery.id)
    )
    return [(delivery, step) for delivery, step in rows]
