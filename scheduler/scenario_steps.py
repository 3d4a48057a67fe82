"""Putting steps into a scenario, changing, moving and taking them out while friends are inside.

Friends keep the step they wait for and its date. What is changed, added, moved or taken out counts from where they
stand on: a step put before theirs does not come to them, one taken out lets them pass on at the time it would have
come, and no step ever says its message twice to one friend. What a step taken out has queued is cancelled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler import scenario_drafts, step_removals
from scheduler.models import Scenario, Step
from scheduler.scenario_drafts import StepDraft
from scheduler.scenario_edits import claimed, standing
from scheduler.scenario_flow import DEEPEST, MOST, Flow, arms_of, in_force, line_of
from segments.errors import Invalid, NotFound


@dataclass(frozen=True)
class Spot:
    """Where a step stands: behind `after`, or first on the main line or in an arm."""

    after: int | None = None
    parent: int | None = None
    """The branch or split whose arm it begins; None with `after`, or for the main line."""
    arm: str = ""


@dataclass(frozen=True)
class Removal:
    """What taking a step out means."""

    standing: int
    """Friends who wait for it, or for a step in one of its arms."""
    following: Step | None
    """Where they go on to; None = the scenario is over for them."""
    inside: int
    """Steps in its arms, which go with it."""
    unsent: int
    """Messages of all these that wait to be sent, and are cancelled."""


def add_step(session: Session, scenario_id: int, draft: StepDraft, spot: Spot) -> Step:
    """Put a step in; who is past that spot does not get it. Raises Invalid, NotFound (step_unknown, arm_unknown)."""
    scenario = claimed(session, scenario_id, None)
    if len(in_force(scenario.steps)) >= MOST:
        raise Invalid("scenario_too_long", most=MOST)
    parent_id, arm = _line_at(scenario, spot)
    values = scenario_drafts.step_values(session, draft)
    top = max((step.position for step in scenario.steps), default=0)
    step = Step(scenario_id=scenario.id, position=top + 1, parent_id=parent_id, arm=arm, **values)
    session.add(step)
    session.flush()
    others = sorted(scenario.steps, key=lambda each: each.position)
    others = [each for each in others if each.id != step.id]
    place = _place(others, spot)
    _put_in_order(session, scenario, [*others[:place], step, *others[place:]])
    return step


def change_step(session: Session, step_id: int, draft: StepDraft, now: datetime) -> Step:
    """Change a step of the same kind; who waits for it keeps the date. An arm that is gone takes its steps with it.

    Raises Invalid, and NotFound (step_unknown).
    """
    step = _step(session, step_id)
    if draft.kind is not step.kind:
        raise Invalid("step_kind_fixed")
    arms = set(arms_of(step))
    for name, value in scenario_drafts.step_values(session, draft).items():
        setattr(step, name, value)
    flow = Flow(step.scenario.steps)
    gone = [each for arm in arms - set(arms_of(step)) for each in flow.in_arm(step, arm)]
    step_removals.take_out(session, _with_arms(flow, gone), now)
    return step


def unsent_by_arm(session: Session, step: Step) -> dict[str, int]:
    """Return how many messages wait to be sent that are cancelled with each arm; arms without any are left out."""
    flow = Flow(step.scenario.steps)
    found: dict[str, int] = {}
    for arm in arms_of(step):
        inside = [each.id for each in _with_arms(flow, flow.in_arm(step, arm))]
        if count := sum(step_removals.unsent(session, inside).values()):
            found[arm] = count
    return found


def move_step(session: Session, step_id: int, *, up: bool) -> bool:
    """Change places with the step before or after it on the same line; tell whether there was one.

    Raises NotFound (step_unknown).
    """
    step = _step(session, step_id)
    line = Flow(step.scenario.steps).siblings(step)
    here = line.index(step)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(line):
        return False
    order = sorted(step.scenario.steps, key=lambda each: each.position)
    first, second = order.index(step), order.index(line[there])
    order[first], order[second] = order[second], order[first]
    _put_in_order(session, step.scenario, order)
    return True


def place_step(session: Session, step_id: int, spot: Spot) -> None:
    """Put a step, with its arms, at another spot. Raises NotFound, and Invalid (step_inside_itself)."""
    step = _step(session, step_id)
    inside = {each.id for each in Flow(step.scenario.steps).inside(step)} | {step.id}
    if inside & {spot.after, spot.parent}:
        raise Invalid("step_inside_itself")
    step.parent_id, step.arm = _line_at(step.scenario, spot)
    others = sorted(step.scenario.steps, key=lambda each: each.position)
    others = [each for each in others if each.id != step.id]
    place = _place(others, spot)
    _put_in_order(session, step.scenario, [*others[:place], step, *others[place:]])


def removal(session: Session, step_id: int) -> Removal:
    """Return what taking a step out would mean; raises NotFound (step_unknown)."""
    step = _there(session, step_id)
    flow = Flow(step.scenario.steps)
    inside = flow.inside(step)
    counted = standing(session, step.scenario_id)
    gone = [each.id for each in (step, *inside)]
    waiting = sum(counted.get(id_, 0) for id_ in gone)
    unsent = sum(step_removals.unsent(session, gone).values())
    return Removal(waiting, flow.after(step), len(inside), unsent)


def remove_step(session: Session, step_id: int, now: datetime) -> int:
    """Take a step out, with what stands in its arms; who waits for it passes on when it would have come.

    Return how many messages that waited to be sent were cancelled. Raises NotFound (step_unknown).
    """
    step = _step(session, step_id)
    return step_removals.take_out(session, _with_arms(Flow(step.scenario.steps), [step]), now)


def _there(session: Session, step_id: int) -> Step:
    step = session.get(Step, step_id)
    if step is None or step.removed_at is not None:
        raise NotFound("step_unknown", step_id=step_id)
    return step


def _step(session: Session, step_id: int) -> Step:
    step = _there(session, step_id)
    claimed(session, step.scenario_id, None)
    return step


def _line_at(scenario: Scenario, spot: Spot) -> tuple[int | None, str]:
    there = {step.id: step for step in in_force(scenario.steps)}
    asked = spot.after or spot.parent
    if asked is not None and asked not in there:
        raise NotFound("step_unknown", step_id=asked)
    if spot.after is not None:
        return line_of(there[spot.after])
    if spot.parent is None:
        return None, ""
    parent = there[spot.parent]
    if spot.arm not in arms_of(parent):
        raise NotFound("arm_unknown", arm=spot.arm)
    if Flow(scenario.steps).depth(parent) >= DEEPEST:
        raise Invalid("scenario_too_deep", deepest=DEEPEST)
    return parent.id, spot.arm


def _place(others: Sequence[Step], spot: Spot) -> int:
    anchor = spot.after or spot.parent
    return next((number for number, each in enumerate(others, start=1) if each.id == anchor), 0)


def _put_in_order(session: Session, scenario: Scenario, order: Sequence[Step]) -> None:
    """Number steps anew, above all numbers in use: at no moment have two the same."""
    top = max(step.position for step in order)
    for number, step in enumerate(order, start=top + 1):
        step.position = number
    session.flush()
    session.expire(scenario, ["steps"])


def _with_arms(flow: Flow, steps: Iterable[Step]) -> list[Step]:
    return [each for step in steps for each in (step, *flow.inside(step))]
