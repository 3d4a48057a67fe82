"""How friends fare in a scenario, counted where they stand: on their way, gone on, dropped out and why."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import block_rates, enrolments, scenario_figures, scenarios, step_passes
from scheduler.block_rates import Rate
from scheduler.enrolments import enrol
from scheduler.models import (
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Scenario,
    Step,
    StepKind,
    StepPass,
)
from scheduler.reasons import Reason
from scheduler.scenario_figures import Exit
from segments.db import Database
from segments.models import Friend, Link, LinkTap
from tests.builders import a_friend, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW

LATER = NOW + timedelta(minutes=1)
REGULARS = {"is": "stage", "stages": ["regular"]}


def a_forked(session: Session) -> Scenario:
    """Add a scenario of a message, a branch with a wait in its `yes`, and a second message two days later."""
    made = a_scenario(
        session,
        {},
        {"kind": StepKind.BRANCH, "condition": REGULARS, "message_id": None},
        {"delay": timedelta(days=2)},
    )
    inside = {"parent_id": made.steps[1].id, "arm": "yes", "delay": timedelta(days=1)}
    session.add(Step(scenario_id=made.id, position=4, kind=StepKind.WAIT, **inside))
    session.flush()
    session.refresh(made)
    return made


def entered(session: Session, scenario: Scenario, *stages: str) -> list[Friend]:
    friends = [a_friend(session, facts={"stage": stage}) for stage in stages]
    for friend in friends:
        assert enrol(session, scenario, friend.id, "test", {}, NOW)
    while scenarios.advance(session, LATER):
        pass
    return friends


def test_friends_are_counted_where_they_stand_and_on_the_way_they_took(database: Database) -> None:
    with database.begin() as session:
        made = a_forked(session)
        friends = entered(session, made, "regular", "existing", "existing")
        first, fork, last, inner = (step.id for step in sorted(made.steps, key=lambda each: each.position))
        enrolments.leave_all(session, friends[1].id, Reason.BLOCKED, LATER)
        told = scenario_figures.figures(session, made, LATER)
        assert (told.entered, told.inside) == (3, 2)
        assert told.steps[first].passed == {"": 3}
        assert told.steps[fork].passed == {"yes": 1, "no": 2}
        assert (told.steps[inner].waiting, told.steps[last].waiting) == (1, 1)
        assert told.steps[last].exits == (Exit(EnrolmentState.LEFT, "blocked", 1),)
        assert told.exits == (Exit(EnrolmentState.LEFT, "blocked", 1),)
        assert told.steps[last].dropped == 1


def test_passes_of_one_day_add_up(database: Database) -> None:
    with database.begin() as session:
        made = a_forked(session)
        for _ in range(2):
            entered(session, made, "existing")
        told = scenario_figures.figures(session, made, LATER)
        assert told.steps[made.steps[0].id].went_on == 2


def test_passes_of_past_days_are_put_together_and_add_up_to_the_same(database: Database) -> None:
    with database.begin() as session:
        made = a_forked(session)
        for _ in range(3):
            entered(session, made, "existing")
        ids = [step.id for step in made.steps]
        today, before = NOW.date(), step_passes.passed(session, ids)
        assert step_passes.fold(session, today) == step_passes.fold(session, today + timedelta(days=1)) == 0
        assert step_passes.fold(session, today + timedelta(days=2)) == 4
        assert step_passes.passed(session, ids) == before
        assert session.scalar(select(func.count()).select_from(StepPass)) == 2


def test_what_came_of_a_steps_messages_is_counted(database: Database) -> None:
    with database.begin() as session:
        made = a_forked(session)
        entered(session, made, "existing", "existing", "existing")
        said = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        for delivery in said[:2]:
            delivery.state, delivery.ended_at = DeliveryState.ACCEPTED, LATER
        said[2].state, said[2].reason = DeliveryState.SKIPPED, "contact_ceiling"
        link = Link(name="autumn", url="https://example.com/", created_at=NOW)
        session.add(link)
        session.flush()
        for _ in range(2):
            session.add(
                LinkTap(link_id=link.id, friend_id=said[0].friend_id, delivery_id=said[0].id, at=LATER)
            )
        session.flush()
        block_rates.note_blocks(session, [(said[0].friend_id, LATER + timedelta(hours=1))], LATER)
        step = made.steps[0]
        told = scenario_figures.figures(session, made, LATER + timedelta(hours=2)).steps[step.id]
        assert told.deliveries == {DeliveryState.ACCEPTED: 2, DeliveryState.SKIPPED: 1}
        assert (told.tapped, told.rate) == (1, Rate(2, 1))
        assert told.rate == block_rates.rate_of(session, step, LATER + timedelta(hours=2))
        assert scenario_figures.skipped(session, step.id) == [("contact_ceiling", 1)]


def test_where_somebody_left_is_remembered(database: Database) -> None:
    with database.begin() as session:
        made = a_forked(session)
        (friend,) = entered(session, made, "existing")
        enrolments.leave_all(session, friend.id, Reason.OPTED_OUT, LATER)
        gone = session.scalars(select(Enrolment)).one()
        assert (gone.ended_step_id, gone.next_step_id) == (made.steps[2].id, None)
