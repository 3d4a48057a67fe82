"""A scenario as a picture: its steps in the order in which friends come to them, each with how many stand where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot import step_words
from bot.console.scenarios_views import message_names, title_of
from scheduler import block_rates, scenario_edits, scenario_figures
from scheduler.models import DeliveryState, EnrolmentState, Scenario, Step
from scheduler.reasons import Reason, reason_words
from scheduler.scenario_figures import Exit, ScenarioFigures, StepFigures
from scheduler.scenario_flow import Flow, arms_of

NOT_SENT = (DeliveryState.SKIPPED, DeliveryState.FAILED, DeliveryState.UNCERTAIN)
WAITING = (DeliveryState.QUEUED, DeliveryState.SENDING)


@dataclass(frozen=True)
class Arm:
    """One way out of a branch or split, with the steps on it."""

    name: str
    label: str
    entered: int
    at_goal: int
    nodes: Sequence["Node"]


@dataclass(frozen=True)
class Node:
    """One step as it is drawn."""

    step: Step
    number: str
    title: str
    timing: str
    details: Sequence[str]
    message_name: str | None
    figures: StepFigures
    arms: Sequence[Arm]

    @property
    def sent(self) -> int:
        """Messages that LINE took."""
        return self.figures.deliveries.get(DeliveryState.ACCEPTED, 0)

    @property
    def not_sent(self) -> int:
        """Messages that did not go out."""
        return sum(self.figures.deliveries.get(state, 0) for state in NOT_SENT)

    @property
    def queued(self) -> int:
        """Messages on their way."""
        return sum(self.figures.deliveries.get(state, 0) for state in WAITING)

    @property
    def block_percent(self) -> float | None:
        """The share of its messages of the last 90 days that cost a friend; None before any."""
        rate = self.figures.rate
        return 100 * rate.blocked / rate.accepted if rate.accepted else None


@dataclass(frozen=True)
class Left:
    """Why friends dropped out or were done early, in words."""

    words: str
    friends: int
    is_goal: bool


@dataclass(frozen=True)
class Picture:
    """One scenario as its page shows it."""

    scenario: Scenario
    nodes: Sequence[Node]
    figures: ScenarioFigures
    left: Sequence[Left]
    alarms: Sequence[str]


def draw(session: Session, scenario_id: int, now: datetime, language: str) -> Picture:
    """Return a scenario's picture; raises NotFound (scenario_unknown)."""
    scenario = scenario_edits.load(session, scenario_id)
    flow, figures = Flow(scenario.steps), scenario_figures.figures(session, scenario, now)
    steps = [placed.step for placed in flow.placed()]
    drawing = _Drawing(
        flow,
        figures,
        {placed.step.id: placed.number for placed in flow.placed()},
        message_names(session, steps),
        step_words.details_of(session, steps, language),
        language,
    )
    alarms = [each for each in block_rates.alarms(session) if each[0].id == scenario_id]
    return Picture(
        scenario,
        drawing.nodes(flow.main),
        figures,
        [_left(each, language) for each in figures.exits],
        [step_words.alarm_words(*each, language) for each in alarms],
    )


@dataclass(frozen=True)
class _Drawing:
    flow: Flow
    figures: ScenarioFigures
    numbers: Mapping[int, str]
    messages: Mapping[int | None, str]
    details: Mapping[int, Sequence[str]]
    language: str

    def nodes(self, steps: Sequence[Step]) -> list[Node]:
        """Return the steps of one line, with what hangs below them."""
        return [self._node(step) for step in steps]

    def _node(self, step: Step) -> Node:
        figures, message = self.figures.steps[step.id], self.messages.get(step.message_id)
        return Node(
            step=step,
            number=self.numbers[step.id],
            title=title_of(step, self.messages, self.language),
            timing=step_words.timing_words(step, self.language),
            details=self.details.get(step.id, ()),
            message_name=message,
            figures=figures,
            arms=[self._arm(step, arm, figures) for arm in arms_of(step)],
        )

    def _arm(self, step: Step, arm: str, figures: StepFigures) -> Arm:
        label = step_words.arm_words(arm, self.language)
        nodes = self.nodes(self.flow.in_arm(step, arm))
        return Arm(arm, label, figures.passed.get(arm, 0), figures.at_goal.get(arm, 0), nodes)


def _left(gone: Exit, language: str) -> Left:
    reason = gone.reason or Reason.CAMPAIGN_CANCELLED
    return Left(reason_words(reason, language), gone.friends, gone.state is EnrolmentState.GOAL)


def names_of(session: Session, scenario_id: int, language: str) -> dict[int, str]:
    """Return the steps of a scenario that friends may stand at, in order, by what they are called."""
    scenario = scenario_edits.load(session, scenario_id)
    placed = list(Flow(scenario.steps).placed())
    messages = message_names(session, [each.step for each in placed])
    return {each.step.id: f"{each.number}. {title_of(each.step, messages, language)}" for each in placed}
