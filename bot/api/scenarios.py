"""Scenarios for the shop's other systems: listed, shown with their figures, paused, resumed, started for a friend."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask import jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot import operators
from bot.api.access import blueprint, json_body, keyed, parsed, source
from bot.api.scenario_shapes import (
    EnrolmentIn,
    EnrolmentOut,
    ExitOut,
    FriendsOut,
    ScenarioDetail,
    ScenarioFiguresOut,
    ScenarioOut,
    ScenariosOut,
    StepFiguresOut,
)
from bot.services import current_services
from scheduler import enrolments, scenario_edits, scenario_figures, scenario_files, scenarios
from scheduler.models import Enrolment, EnrolmentState, Scenario, Step
from scheduler.scenario_figures import Exit, StepFigures
from segments.errors import NotFound
from segments.models import Friend


@blueprint.get("/scenarios")
@keyed
def list_scenarios() -> ResponseReturnValue:
    """Return every scenario with how many friends are where."""
    with current_services().database.reading() as session:
        friends = scenario_figures.friends_of_all(session)
        everyone = select(Scenario).options(selectinload(Scenario.steps)).order_by(Scenario.id)
        found = session.scalars(everyone).all()
        rows = [ScenarioOut(**_row(each, friends.get(each.id, {}))) for each in found]
    return _json(ScenariosOut(scenarios=rows))


@blueprint.get("/scenarios/<int:scenario_id>")
@keyed
def show_scenario(scenario_id: int) -> ResponseReturnValue:
    """Return one scenario with its steps."""
    with current_services().database.reading() as session:
        answer = _detail(session, scenario_id)
    return _json(answer)


@blueprint.get("/scenarios/<int:scenario_id>/figures")
@keyed
def scenario_figures_of(scenario_id: int) -> ResponseReturnValue:
    """Return how friends fare in a scenario, step by step."""
    services = current_services()
    with services.database.reading() as session:
        scenario = scenario_edits.load(session, scenario_id)
        found = scenario_figures.figures(session, scenario, services.clock.now())
        answer = ScenarioFiguresOut(
            entered=found.entered,
            friends=_friends(found.friends),
            exits=[_exit(each) for each in found.exits],
            steps=[_step(each, found.steps[each.id]) for each in scenario.steps],
        )
    return _json(answer)


@blueprint.post("/scenarios/<int:scenario_id>/pause")
@keyed
def pause_scenario(scenario_id: int) -> ResponseReturnValue:
    """Hold everybody in it where they are, and let nobody in; twice is no trouble."""
    return _turn(scenario_id, active=False)


@blueprint.post("/scenarios/<int:scenario_id>/resume")
@keyed
def resume_scenario(scenario_id: int) -> ResponseReturnValue:
    """Let it go on; twice is no trouble."""
    return _turn(scenario_id, active=True)


@blueprint.post("/scenarios/<int:scenario_id>/enrolments")
@keyed
def enrol_friend(scenario_id: int) -> ResponseReturnValue:
    """Start a scenario for a friend, by its own rules: whom it is for, and whether again."""
    wanted, services = parsed(EnrolmentIn, json_body()), current_services()
    now = services.clock.now()
    cause = f"api:{wanted.cause or uuid4().hex}"
    with services.database.begin() as session:
        scenario = scenario_edits.load(session, scenario_id)
        if session.get(Friend, wanted.friend_id) is None:
            raise NotFound("friend_unknown", friend_id=wanted.friend_id)
        made = enrolments.enrol(session, scenario, wanted.friend_id, cause, {"event": "api"}, now)
        before = None if made else _started_before(session, scenario_id, wanted.friend_id, cause)
    return _json(EnrolmentOut(entered=made is not None, enrolment_id=made.id if made else before))


def _turn(scenario_id: int, *, active: bool) -> ResponseReturnValue:
    services = current_services()
    now = services.clock.now()
    with services.database.begin() as session:
        if scenario_edits.load(session, scenario_id).active is not active:
            (scenarios.resume if active else scenarios.pause)(session, scenario_id)
            action = "scenario_resumed" if active else "scenario_paused"
            operators.note(session, source(), action, str(scenario_id), now)
        session.flush()
        answer = _detail(session, scenario_id)
    return _json(answer)


def _started_before(session: Session, scenario_id: int, friend_id: int, cause: str) -> int | None:
    mine = (
        Enrolment.scenario_id == scenario_id,
        Enrolment.friend_id == friend_id,
        Enrolment.cause == cause,
    )
    return session.scalar(select(Enrolment.id).where(*mine))


def _detail(session: Session, scenario_id: int) -> ScenarioDetail:
    scenario = scenario_edits.load(session, scenario_id)
    friends = scenario_figures.friends_of(session, scenario_id)
    definition = scenario_files.export(session, scenario_id)
    return ScenarioDetail(**_row(scenario, friends), version=scenario.version, definition=definition)


def _row(scenario: Scenario, friends: Mapping[EnrolmentState, int]) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "key": scenario.key,
        "name": scenario.name,
        "name_en": scenario.name_en,
        "active": scenario.active,
        "steps": sum(step.removed_at is None for step in scenario.steps),
        "friends": _friends(friends),
        "created_at": scenario.created_at,
    }


def _friends(found: Mapping[EnrolmentState, int]) -> FriendsOut:
    return FriendsOut(
        inside=found.get(EnrolmentState.ACTIVE, 0),
        completed=found.get(EnrolmentState.COMPLETED, 0),
        goal=found.get(EnrolmentState.GOAL, 0),
        left=found.get(EnrolmentState.LEFT, 0),
    )


def _step(step: Step, found: StepFigures) -> StepFiguresOut:
    return StepFiguresOut(
        id=step.id,
        kind=step.kind.value,
        name=step.name,
        active=step.active,
        removed=step.removed_at is not None,
        waiting=found.waiting,
        passed=dict(found.passed),
        deliveries={state.value: count for state, count in found.deliveries.items()},
        tapped=found.tapped,
        block_percent=round(100 * found.rate.blocked / (found.rate.accepted or 1), 2),
        blocked=found.rate.blocked,
        exits=[_exit(each) for each in found.exits],
        at_goal=dict(found.at_goal),
    )


def _exit(found: Exit) -> ExitOut:
    return ExitOut(state=found.state.value, reason=found.reason, friends=found.friends)


def _json(answer: BaseModel) -> ResponseReturnValue:
    return jsonify(answer.model_dump(mode="json"))
