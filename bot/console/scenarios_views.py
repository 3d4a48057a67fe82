"""What the scenario pages show: scenarios with their steps, who is inside, what came of the messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, selectinload

from bot import step_words
from scheduler import block_rates, scenario_edits
from scheduler.block_rates import Rate
from scheduler.models import (
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Message,
    Scenario,
    Step,
    StepKind,
)
from scheduler.scenario_flow import Flow, arms_of


@dataclass(frozen=True)
class ArmRow:
    """One arm of a branch or split: whether steps stand in it, and how its friends fared."""

    name: str
    label: str
    is_empty: bool
    entered: int = 0
    at_goal: int = 0


@dataclass(frozen=True)
class StepRow:
    """One step with its message's name and what came of its deliveries."""

    step: Step
    message_name: str | None
    deliveries: Mapping[DeliveryState, int]
    number: str = ""
    depth: int = 0
    waiting: int = 0
    details: Sequence[str] = ()
    rate: Rate | None = None
    arms: Sequence[ArmRow] = ()


@dataclass(frozen=True)
class ScenarioRow:
    """One scenario with its steps and how many friends stand where."""

    scenario: Scenario
    steps: Sequence[StepRow]
    friends: Mapping[EnrolmentState, int]

    def name(self, language: str) -> str:
        """Return its name; in Japanese where it has no other."""
        return name_of(self.scenario, language)


def name_of(scenario: Scenario, language: str) -> str:
    """Return what a scenario is called in `language`."""
    return scenario.name_en if language == "en" and scenario.name_en else scenario.name


def everything(session: Session) -> list[ScenarioRow]:
    """Return all scenarios in the order of their making."""
    scenarios = session.scalars(select(Scenario).options(selectinload(Scenario.steps)).order_by(Scenario.id))
    names = _message_names(session)
    friends, deliveries = _friends(session), _deliveries(session)
    return [
        ScenarioRow(
            each,
            [
                StepRow(
                    placed.step,
                    names.get(placed.step.message_id),
                    deliveries.get(placed.step.id, {}),
                    placed.number,
                    placed.depth,
                )
                for placed in Flow(each.steps).placed()
            ],
            friends.get(each.id, {}),
        )
        for each in scenarios
    ]


@dataclass(frozen=True)
class Page:
    """One scenario as its own page shows it."""

    row: ScenarioRow
    alarms: Sequence[str]
    standing: int


def one(session: Session, scenario_id: int, now: datetime, language: str) -> Page:
    """Return one scenario with who stands where; raises NotFound (scenario_unknown)."""
    scenario = scenario_edits.load(session, scenario_id)
    flow, standing = Flow(scenario.steps), scenario_edits.standing(session, scenario_id)
    names, deliveries = _message_names(session), _deliveries(session)
    rows = [
        StepRow(
            placed.step,
            names.get(placed.step.message_id),
            deliveries.get(placed.step.id, {}),
            placed.number,
            placed.depth,
            standing.get(placed.step.id, 0),
            step_words.detail_words(session, placed.step, language),
            block_rates.rate_of(session, placed.step, now) if placed.step.message_id is not None else None,
            _arms(session, flow, placed.step, language),
        )
        for placed in flow.placed()
    ]
    alarms = [each for each in block_rates.alarms(session) if each[0].id == scenario_id]
    told = [step_words.alarm_words(*each, language) for each in alarms]
    row = ScenarioRow(scenario, rows, _friends(session).get(scenario_id, {}))
    return Page(row, told, sum(standing.values()))


def _arms(session: Session, flow: Flow, step: Step, language: str) -> list[ArmRow]:
    taken = Enrolment.arms[str(step.id)].as_string()
    counted: dict[str, tuple[int, int]] = {}
    if step.kind is StepKind.SPLIT:
        at_goal = func.sum(case((Enrolment.state == EnrolmentState.GOAL, 1), else_=0))
        mine = (Enrolment.scenario_id == step.scenario_id, taken.is_not(None))
        rows = session.execute(select(taken, func.count(), at_goal).where(*mine).group_by(taken))
        counted = {str(arm): (count, int(goals or 0)) for arm, count, goals in rows}
    return [
        ArmRow(
            arm, step_words.arm_words(arm, language), not flow.in_arm(step, arm), *counted.get(arm, (0, 0))
        )
        for arm in arms_of(step)
    ]


def alarms(session: Session, language: str) -> list[tuple[int, str]]:
    """Return the steps that paused themselves: their scenario's id, and why."""
    return [(each[0].id, step_words.alarm_words(*each, language)) for each in block_rates.alarms(session)]


def _message_names(session: Session) -> dict[int | None, str]:
    used = select(Message.id, Message.name).join(Step, Step.message_id == Message.id)
    return dict(session.execute(used.distinct()).all())


def _friends(session: Session) -> dict[int, dict[EnrolmentState, int]]:
    counted = select(Enrolment.scenario_id, Enrolment.state, func.count())
    found: dict[int, dict[EnrolmentState, int]] = {}
    for scenario_id, state, count in session.execute(
        counted.group_by(Enrolment.scenario_id, Enrolment.state)
    ):
        found.setdefault(scenario_id, {})[state] = count
    return found


def _deliveries(session: Session) -> dict[int, dict[DeliveryState, int]]:
    counted = select(Delivery.step_id, Delivery.state, func.count()).where(Delivery.step_id.is_not(None))
    found: dict[int, dict[DeliveryState, int]] = {}
    for step_id, state, count in session.execute(counted.group_by(Delivery.step_id, Delivery.state)):
        found.setdefault(step_id or 0, {})[state] = count
    return found


def waiting_at(session: Session, step_id: int) -> int:
    """Count the friends whose next step this is."""
    waiting = (Enrolment.next_step_id == step_id) & (Enrolment.state == EnrolmentState.ACTIVE)
    return session.scalar(select(func.count()).select_from(Enrolment).where(waiting)) or 0


def uses_of(session: Session, message_id: int) -> int:
    """Count the steps that say a message."""
    return session.scalar(select(func.count()).select_from(Step).where(Step.message_id == message_id)) or 0
