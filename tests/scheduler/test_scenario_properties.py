"""What holds for every scenario there can be: nobody is stuck, nobody goes in circles, a kill repeats nothing."""

import json
from datetime import date, datetime, timedelta
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import scenario_files, scenarios
from scheduler.enrolments import Start, enter_many
from scheduler.models import Delivery, Enrolment, EnrolmentState, Scenario, Step
from scheduler.step_settings import LONGEST_DAYS
from segments import coupons, shop
from segments.db import Database
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.scheduler import scenario_trees

MOST_LOOKS = 2000
Told = list[tuple[str, str, str | None, datetime]]


def made(session: Session, tree: dict[str, Any]) -> Scenario:
    scenario = scenario_files.create(session, json.dumps(tree), "test", NOW)
    scenario.active = True
    session.flush()
    return scenario


def entered(session: Session, scenario: Scenario) -> None:
    buyer = a_friend(session, facts={"purchase_count": 2, "first_purchase_at": NOW - timedelta(days=300)})
    kept = a_friend(session, birthday=date(1992, 2, 29), facts={"stage": "trial"})
    coupons.grant(session, "referral_newcomer", kept.id, "test", NOW)
    context = {"ends_at": (NOW + timedelta(days=12)).isoformat()}
    starts = [Start(each.id, "test", context, NOW) for each in (buyer, kept, a_friend(session))]
    assert enter_many(session, scenario, starts, NOW, shop.load(session)) == 3


def lived(session: Session, *, killed: bool) -> Told:
    """Let everybody go through to the end, and tell what became of each step."""
    now = NOW
    for _ in range(MOST_LOOKS):
        if killed:
            with session.begin_nested() as lost:
                scenarios.advance(session, now)
                lost.rollback()
        scenarios.advance(session, now)
        waiting = select(Enrolment.next_at).where(Enrolment.state == EnrolmentState.ACTIVE)
        moments = session.scalars(waiting).all()
        if not moments:
            break
        assert None not in moments, "stuck: nobody would ever look again"
        upcoming = min(moment for moment in moments if moment is not None)
        assert upcoming > now or scenarios.advance(session, now) > 0
        now = max(now, upcoming)
        assert now < NOW + timedelta(days=LONGEST_DAYS)
    else:
        raise AssertionError("it goes on for ever")
    rows = session.execute(
        select(Step.name, Delivery.state, Delivery.reason, Delivery.created_at)
        .join(Step, Step.id == Delivery.step_id)
        .order_by(Delivery.enrolment_id, Delivery.created_at, Step.position)
    )
    return [(name, state.value, reason, at) for name, state, reason, at in rows]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=scenario_trees.scenarios())
def test_everyone_comes_to_an_end_and_a_kill_repeats_and_loses_nothing(
    database: Database, tree: dict[str, Any]
) -> None:
    told: list[Told] = []
    with database.begin() as session:
        # Once for both lives: arms are drawn by the scenario's id, and PostgreSQL gives no id twice.
        entered(session, made(session, tree))
        for killed in (False, True):
            with session.begin_nested() as life:
                told.append(lived(session, killed=killed))
                life.rollback()
            session.expire_all()
        session.rollback()
    assert told[0] == told[1]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=scenario_trees.scenarios())
def test_a_scenario_written_to_a_file_is_read_back_as_the_same(
    sqlite: Database, tree: dict[str, Any]
) -> None:
    with sqlite.begin() as session:
        first = made(session, tree)
        text = scenario_files.export(session, first.id)
        again = scenario_files.create(session, json.dumps(text), "test", NOW)
        assert without_ids(scenario_files.export(session, again.id)) == without_ids(text)
        # Over itself it changes nothing: no step is added, none is taken out.
        before = [(step.id, step.removed_at) for step in first.steps]
        scenario_files.replace(session, first.id, json.dumps(text), "test", NOW)
        assert scenario_files.export(session, first.id) == text
        session.expire_all()
        assert sorted((step.id, step.removed_at) for step in first.steps) == sorted(before)
        session.rollback()


def without_ids(told: Any) -> Any:
    if isinstance(told, dict):
        entries = cast("dict[str, Any]", told)
        return {name: without_ids(value) for name, value in entries.items() if name != "id"}
    return [without_ids(each) for each in cast("list[Any]", told)] if isinstance(told, list) else told
