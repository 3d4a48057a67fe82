"""Who enters a scenario, how often, and how it ends for them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from scheduler.enrolments import end, enrol, leave_all
from scheduler.models import Delivery, DeliveryState, Enrolment, EnrolmentState, Reentry, Scenario
from scheduler.reasons import Reason
from scheduler.scenarios import advance
from segments.db import Database
from tests.builders import a_friend, a_scenario
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("reentry", "again_after", "enters"),
    [
        (Reentry.NEVER, 400 * DAY, False),
        (Reentry.ALWAYS, timedelta(), True),
        (Reentry.AFTER_INTERVAL, 30 * DAY - timedelta(seconds=1), False),
        (Reentry.AFTER_INTERVAL, 30 * DAY, True),
    ],
)
def test_a_friend_enters_again_as_the_scenario_allows(
    database: Database, reentry: Reentry, again_after: timedelta, enters: bool
) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, reentry=reentry, reentry_interval=30 * DAY)
        friend = a_friend(session)
        assert enrol(session, scenario, friend.id, "event:1", {}, NOW)
        second = enrol(session, scenario, friend.id, "event:2", {}, NOW + again_after)
        assert (second is not None) == enters


def test_the_same_cause_starts_a_scenario_once(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, reentry=Reentry.ALWAYS)
        friend = a_friend(session)
        assert enrol(session, scenario, friend.id, "event:1", {}, NOW)
        assert enrol(session, scenario, friend.id, "event:1", {}, NOW) is None
        assert session.scalar(select(func.count()).select_from(Enrolment)) == 1


def test_nobody_enters_what_is_switched_off_empty_or_not_for_them(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        off = a_scenario(session, active=False)
        others = a_scenario(session, condition={"is": "stage", "stages": ["regular"]})
        empty = a_scenario(session)
        empty.steps.clear()
        session.flush()
        assert [enrol(session, each, friend.id, "event:1", {}, NOW) for each in (off, others, empty)] == [
            None
        ] * 3


def test_delays_count_from_the_moment_of_the_cause(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {"delay": 2 * DAY})
        enrolment = enrol(session, scenario, a_friend(session).id, "event:1", {}, NOW, entered_at=NOW - DAY)
        assert enrolment
        assert (enrolment.entered_at, enrolment.next_at, enrolment.due_at) == (
            NOW - DAY,
            NOW + DAY,
            NOW + DAY,
        )


def test_a_cause_in_the_future_counts_as_now(database: Database) -> None:
    with database.begin() as session:
        enrolment = enrol(
            session, a_scenario(session), a_friend(session).id, "event:1", {}, NOW, entered_at=NOW + DAY
        )
        assert enrolment
        assert enrolment.entered_at == NOW


def test_an_end_is_final_and_withdraws_what_was_queued(database: Database) -> None:
    with database.begin() as session:
        enrolment = enrol(
            session, a_scenario(session, {}, {"delay": DAY}), a_friend(session).id, "event:1", {}, NOW
        )
        assert enrolment
        advance(session, NOW)
        assert end(session, enrolment, EnrolmentState.LEFT, Reason.STOPPED, NOW)
        assert not end(session, enrolment, EnrolmentState.GOAL, Reason.GOAL, NOW)
        assert (enrolment.state, enrolment.end_reason, enrolment.next_at) == (
            EnrolmentState.LEFT,
            "stopped",
            None,
        )
        delivery = session.scalars(select(Delivery)).one()
        assert (delivery.state, delivery.reason) == (DeliveryState.CANCELLED, "scenario_ended")


def test_an_end_reaches_a_scenario_whose_last_message_still_waits(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        enrolment = enrol(session, a_scenario(session), friend.id, "event:1", {}, NOW)
        assert enrolment
        advance(session, NOW)
        session.refresh(enrolment)
        assert enrolment.state is EnrolmentState.COMPLETED
        assert leave_all(session, friend.id, Reason.BLOCKED, NOW) == 1
        assert leave_all(session, friend.id, Reason.BLOCKED, NOW) == 0
        assert session.scalars(select(Delivery)).one().state is DeliveryState.CANCELLED


def test_two_causes_at_once_let_a_friend_in_once_where_once_is_the_rule(database: Database) -> None:
    with database.begin() as session:
        scenario_id, friend_id = a_scenario(session, reentry=Reentry.NEVER).id, a_friend(session).id
    ready = Barrier(4, timeout=30)

    def enters(number: int) -> bool:
        ready.wait()
        with database.begin() as session:
            scenario = session.get_one(Scenario, scenario_id)
            return enrol(session, scenario, friend_id, f"event:{number}", {}, NOW) is not None

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(enters, range(4))) == [False, False, False, True]
