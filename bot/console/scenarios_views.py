"""What the list of scenarios shows: each with its steps in brief and how many friends are where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from bot import step_words
from scheduler import block_rates
from scheduler.models import Enrolment, EnrolmentState, Message, Scenario, Step
from scheduler.scenario_flow import Flow


@dataclass(frozen=True)
class StepRow:
    """One step: where it stands, what it is called, when it comes."""

    step: Step
    title: str
    timing: str
    depth: int


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


def everything(session: Session, language: str) -> list[ScenarioRow]:
    """Return all scenarios in the order of their making."""
    query = select(Scenario).options(selectinload(Scenario.steps)).order_by(Scenario.id)
    scenarios = session.scalars(query).all()
    names = message_names(session, [step for each in scenarios for step in each.steps])
    friends = _friends(session)
    return [
        ScenarioRow(
            each,
            [
                StepRow(
                    placed.step,
                    title_of(placed.step, names, language),
                    step_words.timing_words(placed.step, language),
                    placed.depth,
                )
                for placed in Flow(each.steps).placed()
            ],
            friends.get(each.id, {}),
        )
        for each in scenarios
    ]


def title_of(step: Step, messages: Mapping[int | None, str], language: str) -> str:
    """Return what a step is called: by its name, its message's or what it does."""
    return step.name or messages.get(step.message_id) or step_words.kind_words(step.kind, language)


def alarms(session: Session, language: str) -> list[tuple[int, str]]:
    """Return the steps that paused themselves: their scenario's id, and why."""
    return [(each[0].id, step_words.alarm_words(*each, language)) for each in block_rates.alarms(session)]


def message_names(session: Session, steps: Sequence[Step]) -> dict[int | None, str]:
    """Return what the messages of some steps are called, by their ids."""
    used = {step.message_id for step in steps if step.message_id is not None}
    return dict(session.execute(select(Message.id, Message.name).where(Message.id.in_(used))).all())


def _friends(session: Session) -> dict[int, dict[EnrolmentState, int]]:
    counted = select(Enrolment.scenario_id, Enrolment.state, func.count())
    found: dict[int, dict[EnrolmentState, int]] = {}
    for scenario_id, state, count in session.execute(
        counted.group_by(Enrolment.scenario_id, Enrolment.state)
    ):
        found.setdefault(scenario_id, {})[state] = count
    return found


def uses_of(session: Session, message_id: int) -> int:
    """Count the steps that say a message."""
    return session.scalar(select(func.count()).select_from(Step).where(Step.message_id == message_id)) or 0
