"""Who is on the way through a scenario, page by page, and what came of a step's messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.console import scenario_picture, scenarios_views
from scheduler import scenario_edits, scenario_figures
from scheduler.models import Enrolment, EnrolmentState, Scenario, Step
from scheduler.reasons import reason_words
from segments.errors import NotFound
from segments.models import Friend

PAGE = 50


@dataclass(frozen=True)
class Person:
    """One friend on the way."""

    enrolment_id: int
    friend_id: int
    name: str
    step_id: int | None
    entered_at: datetime
    next_at: datetime | None


@dataclass(frozen=True)
class People:
    """A page of friends, and where the next begins."""

    scenario: Scenario
    step: Step | None
    """The step they all wait for; None = wherever they stand."""
    rows: Sequence[Person]
    after: int | None
    steps: Mapping[int, str]
    """The scenario's steps by what they are called."""
    waiting: Mapping[int, int]
    refused: Sequence[tuple[str, int]]
    """Why the step's message did not go out, and how often."""


def people(session: Session, scenario_id: int, step_id: int, after: int, language: str) -> People:
    """Return who waits for a step, or with step 0 who is inside. Raises NotFound (scenario_unknown, step_unknown)."""
    scenario = scenario_edits.load(session, scenario_id)
    step = next((each for each in scenario.steps if each.id == step_id), None)
    if step_id and step is None:
        raise NotFound("step_unknown", step_id=step_id)
    mine = (
        (Enrolment.next_step_id == step.id,)
        if step
        else (Enrolment.scenario_id == scenario_id, Enrolment.state == EnrolmentState.ACTIVE)
    )
    rows = session.execute(
        select(Enrolment, Friend.display_name)
        .join(Friend, Friend.id == Enrolment.friend_id)
        .where(*mine, Enrolment.id > after)
        .order_by(Enrolment.id)
        .limit(PAGE + 1)
    ).all()
    found = [_person(enrolment, name) for enrolment, name in rows]
    refused = scenario_figures.skipped(session, step.id) if step and step.message_id else []
    return People(
        scenario,
        step,
        found[:PAGE],
        found[PAGE - 1].enrolment_id if len(found) > PAGE else None,
        scenario_picture.names_of(session, scenario_id, language),
        scenario_figures.waiting_at(session, [each.id for each in scenario.steps]),
        [(reason_words(reason, language), count) for reason, count in refused],
    )


@dataclass(frozen=True)
class Inside:
    """One friend's way through a scenario, to be ended by hand."""

    enrolment: Enrolment
    scenario: Scenario
    friend_name: str
    name: str


def inside(session: Session, enrolment_id: int, language: str) -> Inside:
    """Return a friend on the way; raises NotFound (enrolment_unknown) for one who is so no longer."""
    found = session.get(Enrolment, enrolment_id)
    if found is None or found.state is not EnrolmentState.ACTIVE:
        raise NotFound("enrolment_unknown", enrolment_id=enrolment_id)
    scenario = scenario_edits.load(session, found.scenario_id)
    friend = session.get_one(Friend, found.friend_id)
    return Inside(found, scenario, friend.display_name, scenarios_views.name_of(scenario, language))


def _person(enrolment: Enrolment, name: str) -> Person:
    return Person(
        enrolment.id,
        enrolment.friend_id,
        name,
        enrolment.next_step_id,
        enrolment.entered_at,
        enrolment.next_at,
    )
