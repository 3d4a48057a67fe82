"""How friends fare in one scenario, step by step: who waits, who went on, what came of messages, who dropped out and why."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from scheduler import block_rates, step_passes
from scheduler.block_rates import Rate
from scheduler.models import (
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Scenario,
    Step,
    StepKind,
)
from segments.models import LinkTap

NONE_YET = Rate(0, 0)


@dataclass(frozen=True)
class Exit:
    """Friends who were done with a scenario before its end, all for one reason."""

    state: EnrolmentState
    reason: str
    friends: int


@dataclass(frozen=True)
class StepFigures:
    """One step's figures."""

    waiting: int = 0
    passed: Mapping[str, int] = field(default_factory=dict[str, int])
    """Friends who went on, by arm; under "" behind a step without arms."""
    deliveries: Mapping[DeliveryState, int] = field(default_factory=dict[DeliveryState, int])
    rate: Rate = NONE_YET
    """Of the last 90 days."""
    tapped: int = 0
    """Messages with a tap on a tracked link."""
    exits: tuple[Exit, ...] = ()
    """Who dropped out while they waited for it."""
    at_goal: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of a split: friends of each arm who reached the goal."""

    @property
    def went_on(self) -> int:
        """Friends who went on, whichever way."""
        return sum(self.passed.values())

    @property
    def dropped(self) -> int:
        """Friends who left, those who reached the goal not counted."""
        return sum(each.friends for each in self.exits if each.state is EnrolmentState.LEFT)


@dataclass(frozen=True)
class ScenarioFigures:
    """A scenario's figures: of friends as a whole, and step by step."""

    friends: Mapping[EnrolmentState, int]
    steps: Mapping[int, StepFigures]
    exits: tuple[Exit, ...]
    """Everybody who dropped out or reached the goal, by reason, most first."""

    @property
    def inside(self) -> int:
        """Friends on their way."""
        return self.friends.get(EnrolmentState.ACTIVE, 0)

    @property
    def entered(self) -> int:
        """Friends who ever started."""
        return sum(self.friends.values())


def figures(session: Session, scenario: Scenario, now: datetime) -> ScenarioFigures:
    """Return how a scenario stands; a handful of queries, however many its steps."""
    ids = [step.id for step in scenario.steps]
    said = [step for step in scenario.steps if step.message_id is not None]
    waiting, passed = waiting_at(session, ids), step_passes.passed(session, ids)
    states, rates = _deliveries(session, ids), block_rates.rates_of(session, said, now)
    tapped, exits = _tapped(session, ids), _exits(session, scenario.id)
    goals = _goals_by_arm(session, scenario)
    steps = {
        id_: StepFigures(
            waiting=waiting.get(id_, 0),
            passed=passed.get(id_, {}),
            deliveries=states.get(id_, {}),
            rate=rates.get(id_, NONE_YET),
            tapped=tapped.get(id_, 0),
            exits=exits.get(id_, ()),
            at_goal=goals.get(id_, {}),
        )
        for id_ in ids
    }
    return ScenarioFigures(_friends(session, scenario.id), steps, _together(exits.values()))


def waiting_at(session: Session, step_ids: Collection[int]) -> dict[int, int]:
    """Return how many friends wait for each step: who has ended waits for none."""
    counted = select(Enrolment.next_step_id, func.count()).where(Enrolment.next_step_id.in_(step_ids))
    return {id_: count for id_, count in session.execute(counted.group_by(Enrolment.next_step_id)) if id_}


def skipped(session: Session, step_id: int) -> list[tuple[str, int]]:
    """Return why a step's message did not go out, and to how many, most first."""
    not_sent = (DeliveryState.SKIPPED, DeliveryState.FAILED, DeliveryState.UNCERTAIN)
    mine = (Delivery.step_id == step_id, Delivery.state.in_(not_sent))
    count = func.count()
    rows = session.execute(select(Delivery.reason, count).where(*mine).group_by(Delivery.reason))
    return sorted(((reason or "", friends) for reason, friends in rows), key=lambda each: -each[1])


def friends_of_all(session: Session) -> dict[int, dict[EnrolmentState, int]]:
    """Return, by scenario, how many friends stand where."""
    counted = select(Enrolment.scenario_id, Enrolment.state, func.count())
    found: dict[int, dict[EnrolmentState, int]] = {}
    for scenario_id, state, count in session.execute(
        counted.group_by(Enrolment.scenario_id, Enrolment.state)
    ):
        found.setdefault(scenario_id, {})[state] = count
    return found


def friends_of(session: Session, scenario_id: int) -> dict[EnrolmentState, int]:
    """Return how many friends of one scenario stand where."""
    return _friends(session, scenario_id)


def _friends(session: Session, scenario_id: int) -> dict[EnrolmentState, int]:
    counted = select(Enrolment.state, func.count()).where(Enrolment.scenario_id == scenario_id)
    return dict(session.execute(counted.group_by(Enrolment.state)).all())


def _deliveries(session: Session, step_ids: Collection[int]) -> dict[int, dict[DeliveryState, int]]:
    counted = select(Delivery.step_id, Delivery.state, func.count()).where(Delivery.step_id.in_(step_ids))
    found: dict[int, dict[DeliveryState, int]] = {}
    for step_id, state, count in session.execute(counted.group_by(Delivery.step_id, Delivery.state)):
        found.setdefault(step_id or 0, {})[state] = count
    return found


def _tapped(session: Session, step_ids: Collection[int]) -> dict[int, int]:
    # From the taps, which are few: a step's messages may be many. The sum keeps SQLite from beginning at the steps.
    of_steps: ColumnElement[bool] = (Delivery.step_id + 0).in_(step_ids)
    counted = select(Delivery.step_id, func.count(Delivery.id.distinct())).select_from(LinkTap)
    rows = session.execute(
        counted.join(Delivery, Delivery.id == LinkTap.delivery_id)
        .where(LinkTap.delivery_id.is_not(None), of_steps)
        .group_by(Delivery.step_id)
    )
    return {step_id or 0: count for step_id, count in rows}


def _exits(session: Session, scenario_id: int) -> dict[int | None, tuple[Exit, ...]]:
    gone = (EnrolmentState.LEFT, EnrolmentState.GOAL)
    mine = (Enrolment.scenario_id == scenario_id, Enrolment.state.in_(gone))
    what = (Enrolment.ended_step_id, Enrolment.state, Enrolment.end_reason)
    found: dict[int | None, tuple[Exit, ...]] = {}
    for step_id, state, reason, count in session.execute(
        select(*what, func.count()).where(*mine).group_by(*what).order_by(func.count().desc())
    ):
        found[step_id] = (*found.get(step_id, ()), Exit(state, reason or "", count))
    return found


def _together(found: Collection[tuple[Exit, ...]]) -> tuple[Exit, ...]:
    counted: dict[tuple[EnrolmentState, str], int] = {}
    for each in (one for some in found for one in some):
        counted[each.state, each.reason] = counted.get((each.state, each.reason), 0) + each.friends
    exits = [Exit(state, reason, friends) for (state, reason), friends in counted.items()]
    return tuple(sorted(exits, key=lambda each: -each.friends))


def _goals_by_arm(session: Session, scenario: Scenario) -> dict[int, dict[str, int]]:
    splits = [step for step in scenario.steps if step.kind is StepKind.SPLIT and step.removed_at is None]
    return {step.id: _goals_of(session, step) for step in splits}


def _goals_of(session: Session, split: Step) -> dict[str, int]:
    taken = Enrolment.arms[str(split.id)].as_string()
    mine = (Enrolment.scenario_id == split.scenario_id, Enrolment.state == EnrolmentState.GOAL)
    rows = session.execute(select(taken, func.count()).where(*mine, taken.is_not(None)).group_by(taken))
    return {str(arm): count for arm, count in rows}
