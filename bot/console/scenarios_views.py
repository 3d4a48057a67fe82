"""What the scenario pages show: scenarios with their steps, who is inside, what came of the messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from scheduler.models import Delivery, DeliveryState, Enrolment, EnrolmentState, Message, Scenario, Step


@dataclass(frozen=True)
class StepRow:
    """One step with its message's name and what came of its deliveries."""

    step: Step
    message_name: str | None
    deliveries: Mapping[DeliveryState, int]


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
            [StepRow(step, names.get(step.message_id), deliveries.get(step.id, {})) for step in each.steps],
            friends.get(each.id, {}),
        )
        for each in scenarios
    ]


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
