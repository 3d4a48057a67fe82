"""Steps that pause themselves because too many friends block us after them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import block_rates, scenarios, step_changes, triggers
from scheduler.enrolments import enrol
from scheduler.models import Delivery, DeliveryState, Scenario, Step, StepBlock
from segments import events
from segments.db import Database
from segments.models import EventKind
from tests.builders import a_friend, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW

DAY = timedelta(days=1)
LIMIT = {"block_limit": {"percent": 10.0, "within_days": 3, "least": 10}}


def heard(session: Session, scenario: Scenario, count: int) -> list[int]:
    """Let friends get the scenario's step, accepted now; return their ids."""
    ids = [a_friend(session).id for _ in range(count)]
    for id_ in ids:
        assert enrol(session, scenario, id_, "test", {}, NOW)
    while scenarios.advance(session, NOW):
        pass
    session.execute(update(Delivery).values(state=DeliveryState.ACCEPTED, ended_at=NOW))
    return ids


def block(session: Session, friend_ids: list[int], at: datetime) -> None:
    for id_ in friend_ids:
        events.append(session, EventKind.BLOCKED, id_, at)
    session.flush()
    triggers.read_events(session, at)
    session.expire_all()


def a_limited(session: Session, **settings: Any) -> Scenario:
    return a_scenario(session, {}, {"delay": DAY}, settings=LIMIT | settings)


def test_a_step_over_its_limit_pauses_itself_and_tells_and_the_others_go_on(database: Database) -> None:
    with database.begin() as session:
        scenario = a_limited(session)
        ids = heard(session, scenario, 20)
        block(session, ids[:2], NOW + DAY)
        first, second = scenario.steps
        # Two of twenty are ten per cent: not above the limit.
        assert (first.active, block_rates.alarms(session)) == (True, [])
        block(session, ids[2:3], NOW + DAY)
        assert (first.active, second.active, scenario.active) == (False, True, True)
        told = block_rates.alarms(session)
        assert [(step.id, alarm.blocked, alarm.accepted) for _, step, alarm in told] == [(first.id, 3, 20)]
        assert told[0][2].percent == 15


def test_a_resumed_step_is_judged_by_what_comes_after(database: Database) -> None:
    with database.begin() as session:
        scenario = a_limited(session)
        ids = heard(session, scenario, 20)
        block(session, ids[:3], NOW + DAY)
        step = scenario.steps[0]
        step_changes.resume(session, step.id, NOW + DAY)
        session.flush()
        block(session, ids[3:9], NOW + 2 * DAY)
        assert (step.active, step.alarm) == (True, None)
        assert block_rates.rate_of(session, step, NOW + 2 * DAY) == block_rates.Rate(0, 0)


@pytest.mark.parametrize(
    ("count", "late", "settings"),
    [
        (9, timedelta(), {}),  # too few to mean anything
        (20, 3 * DAY, {}),  # too long after the step to blame it
        (20, timedelta(), {"block_limit": None}),
    ],
)
def test_a_step_is_not_paused_without_good_reason(
    database: Database, count: int, late: timedelta, settings: dict[str, Any]
) -> None:
    with database.begin() as session:
        scenario = a_limited(session, **settings)
        block(session, heard(session, scenario, count), NOW + late)
        assert all(step.active for step in scenario.steps)


def test_a_block_counts_once_however_often_its_news_is_read(database: Database) -> None:
    with database.begin() as session:
        scenario = a_limited(session)
        ids = heard(session, scenario, 30)
        for _ in range(3):
            block(session, ids[:2], NOW + timedelta(hours=1))
        assert len(session.scalars(select(StepBlock)).all()) == 2
        assert scenario.steps[0].active


def test_a_steps_own_limit_comes_before_its_scenarios(database: Database) -> None:
    with database.begin() as session:
        own = {"block_limit": {"percent": 90.0, "within_days": 1, "least": 1}}
        scenario = a_scenario(session, {"settings": own}, settings=LIMIT)
        ids = heard(session, scenario, 20)
        block(session, ids[:10], NOW + timedelta(hours=1))
        assert session.get_one(Step, scenario.steps[0].id).active
