"""Friends going through scenarios step by step."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import scenarios
from scheduler.enrolments import enrol
from scheduler.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    MessageVersion,
    Purpose,
    Scenario,
    Step,
)
from segments import events
from segments.db import Database
from segments.models import CouponGrant, CustomerEvent, EventKind, Facts, Friend, FriendTag, ProductKind
from tests.builders import a_friend, a_message, a_product, a_scenario
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
"""14:30 in Tokyo."""
TOKYO = ZoneInfo("Asia/Tokyo")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def entered(session: Session, scenario: Scenario, friend: Friend | None = None, **context: Any) -> Enrolment:
    enrolment = enrol(session, scenario, (friend or a_friend(session)).id, "test", context, NOW)
    assert enrolment
    return enrolment


def advance(session: Session, now: datetime) -> int:
    """Advance until nothing is due, and forget what was loaded."""
    total = 0
    while handled := scenarios.advance(session, now):
        total += handled
    session.expire_all()
    return total


def sent(session: Session) -> list[tuple[DeliveryState, str | None]]:
    rows = session.scalars(select(Delivery).order_by(Delivery.id))
    return [(row.state, row.reason) for row in rows]


def test_steps_follow_each_other_by_their_delays_and_times_of_day(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {"delay": HOUR}, {"delay": 2 * DAY, "at_time": time(18)})
        enrolment = entered(session, scenario)
        assert advance(session, NOW + HOUR - timedelta(seconds=1)) == 0
        # A tick that comes a little late does not push the rest back.
        assert advance(session, NOW + HOUR + timedelta(minutes=3)) == 1
        evening = datetime(2026, 11, 23, 18, tzinfo=TOKYO)
        assert enrolment.next_at == evening
        assert advance(session, evening) == 1
        assert (enrolment.state, enrolment.end_reason) == (EnrolmentState.COMPLETED, "completed")
        assert sent(session) == [(DeliveryState.QUEUED, None)] * 2


def test_what_is_queued_can_be_found_by_the_delivery_floor(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {"purpose": Purpose.SALES, "valid_for": DAY})
        enrolment = entered(session, scenario)
        advance(session, NOW)
        delivery = session.scalars(select(Delivery)).one()
        assert (delivery.kind, delivery.purpose) == (DeliveryKind.STEP, Purpose.SALES)
        assert (delivery.not_before, delivery.expires_at) == (NOW, NOW + DAY)
        assert (delivery.enrolment_id, delivery.step_id) == (enrolment.id, scenario.steps[0].id)
        assert delivery.message_version_id


def test_quiet_hours_hold_a_step_and_not_those_after_it(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {"delay": 9 * HOUR}, {"delay": DAY})  # 23:30
        enrolment = entered(session, scenario)
        advance(session, NOW + 9 * HOUR)
        assert sent(session) == []
        morning = datetime(2026, 11, 22, 9, tzinfo=TOKYO)
        assert enrolment.next_at == morning
        advance(session, morning)
        assert sent(session) == [(DeliveryState.QUEUED, None)]
        assert enrolment.due_at == NOW + 9 * HOUR + DAY


def test_a_refused_step_is_recorded_with_its_reason_and_the_next_one_comes(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, facts={"suppressed_at": NOW})
        scenario = a_scenario(session, {"purpose": Purpose.SALES}, {"purpose": Purpose.CARE})
        entered(session, scenario, friend)
        advance(session, NOW)
        assert sent(session) == [(DeliveryState.SKIPPED, "suppressed"), (DeliveryState.QUEUED, None)]


def test_a_step_too_late_to_make_sense_is_skipped(database: Database) -> None:
    with database.begin() as session:
        entered(session, a_scenario(session, {"valid_for": DAY}))
        advance(session, NOW + DAY)
        assert sent(session) == [(DeliveryState.SKIPPED, "expired")]


def test_a_step_for_others_is_skipped_and_a_scenario_for_others_is_left(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, facts={"stage": "trial"})
        regulars = {"is": "stage", "stages": ["regular"]}
        scenario = a_scenario(
            session, {"condition": regulars}, {"delay": DAY}, condition={"is": "stage", "stages": ["trial"]}
        )
        enrolment = entered(session, scenario, friend)
        advance(session, NOW)
        assert sent(session) == [(DeliveryState.SKIPPED, "condition")]
        session.execute(update(Facts).values(stage="existing"))
        advance(session, NOW + DAY)
        assert (enrolment.state, enrolment.end_reason) == (EnrolmentState.LEFT, "condition")
        assert len(sent(session)) == 1


@pytest.mark.parametrize("what", ["scenario", "step"])
def test_a_pause_holds_and_a_long_one_does_not_end_in_a_burst(database: Database, what: str) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {}, {"delay": DAY})
        enrolment = entered(session, scenario)
        paused = scenario if what == "scenario" else scenario.steps[0]
        paused.active = False
        session.flush()
        assert advance(session, NOW) == 1
        assert sent(session) == []
        later = NOW + 5 * DAY
        paused.active = True
        session.flush()
        scenarios.resume(session, scenario.id)
        assert advance(session, later) == 1
        assert sent(session) == [(DeliveryState.QUEUED, None)]
        assert enrolment.next_at == later + DAY


def test_nobody_new_enters_a_paused_scenario_and_a_resumed_one_goes_on_at_once(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {"delay": HOUR})
        enrolment = entered(session, scenario)
        scenarios.pause(session, scenario.id)
        session.flush()
        assert enrol(session, scenario, a_friend(session).id, "test", {}, NOW) is None
        advance(session, NOW + HOUR)
        scenarios.resume(session, scenario.id)
        session.refresh(enrolment)
        assert enrolment.next_at == NOW + HOUR


def test_a_goal_reached_before_its_news_was_read_still_ends_the_scenario(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        enrolment = entered(session, a_scenario(session, goal={"event": "purchased"}), friend)
        events.append(session, EventKind.PURCHASED, friend.id, NOW)
        session.flush()
        advance(session, NOW)
        assert (enrolment.state, enrolment.end_reason) == (EnrolmentState.GOAL, "goal")
        assert sent(session) == []


def test_a_step_that_was_deleted_ends_the_scenario(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session)
        enrolment = entered(session, scenario)
        session.delete(session.get_one(Step, scenario.steps[0].id))
        session.flush()
        session.expire_all()
        advance(session, NOW)
        assert enrolment.state is EnrolmentState.COMPLETED


def test_a_step_taken_again_neither_sends_nor_gives_twice(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {"effects": {"coupon": "referral_newcomer"}}, {"delay": DAY})
        enrolment = entered(session, scenario)
        advance(session, NOW)
        enrolment.next_step_id, enrolment.next_at = scenario.steps[0].id, NOW
        session.flush()
        advance(session, NOW)
        assert len(sent(session)) == 1
        assert len(session.scalars(select(CouponGrant)).all()) == 1


def test_a_step_may_do_something_without_a_message(database: Database) -> None:
    with database.begin() as session:
        enrolment = entered(session, a_scenario(session, {"message_id": None, "effects": {"tag": "新規"}}))
        advance(session, NOW)
        assert session.scalars(select(FriendTag)).one().set_by.startswith("step:")
        assert (enrolment.state, sent(session)) == (EnrolmentState.COMPLETED, [])


def test_a_trial_offer_ends_with_the_last_second_of_its_last_day(database: Database) -> None:
    with database.begin() as session:
        a_product(session, kind=ProductKind.TRIAL, code="T1")
        friend = a_friend(session, facts={"free_item_claimed_at": NOW})
        scenario = a_scenario(
            session, {"delay": 9 * HOUR, "purpose": Purpose.SALES, "effects": {"trial_offer": {"days": 7}}}
        )
        enrolment = entered(session, scenario, friend, order_id="A")
        # Held by the night: the seven days begin when the friend can read of them.
        advance(session, NOW + 9 * HOUR)
        assert session.get_one(Facts, friend.id).trial_offered_at is None
        morning = datetime(2026, 11, 22, 9, tzinfo=TOKYO)
        advance(session, morning)
        facts = session.get_one(Facts, friend.id)
        assert facts.trial_offered_at == morning
        assert facts.trial_offer_ends_at == datetime(2026, 11, 29, 23, 59, 59, tzinfo=TOKYO)
        assert facts.review_at == facts.trial_offer_ends_at
        assert enrolment.context == {"order_id": "A", "trial_product": "T1"}
        assert session.scalars(select(CustomerEvent.kind)).all().count(EventKind.TRIAL_OFFERED) == 1


def test_without_a_trial_product_nothing_is_promised(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        entered(session, a_scenario(session, {"effects": {"trial_offer": {"days": 7}}}), friend)
        advance(session, NOW)
        assert sent(session) == [(DeliveryState.SKIPPED, "no_trial_product")]
        assert session.get_one(Facts, friend.id).trial_offer_ends_at is None


def test_a_refused_step_has_no_effects(database: Database) -> None:
    with database.begin() as session:
        entered(session, a_scenario(session, {"effects": {"tag": "新規"}}), a_friend(session, blocked_at=NOW))
        advance(session, NOW)
        assert sent(session) == [(DeliveryState.SKIPPED, "blocked")]
        assert session.scalars(select(FriendTag)).all() == []


def test_what_breaks_for_one_scenario_is_tried_later_and_holds_up_no_other(database: Database) -> None:
    with database.begin() as session:
        broken = [
            entered(session, a_scenario(session, {"effects": {"coupon": "no such coupon"}})) for _ in range(2)
        ]
        fine = entered(session, a_scenario(session))
        advance(session, NOW)
        assert [each.state for each in (*broken, fine)] == [
            EnrolmentState.ACTIVE,
            EnrolmentState.ACTIVE,
            EnrolmentState.COMPLETED,
        ]
        assert all(each.next_at and each.next_at > NOW for each in broken)
        assert len(sent(session)) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_two_processes_share_the_work_and_take_no_step_twice(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session)
        for _ in range(10):
            entered(session, scenario)
    with database.begin() as first, database.begin() as second:
        assert scenarios.advance(first, NOW, limit=6) == 6
        assert scenarios.advance(second, NOW, limit=6) == 4
        assert scenarios.advance(second, NOW, limit=6) == 0
    with database.begin() as session:
        assert len(sent(session)) == 10
        assert scenarios.advance(session, NOW) == 0


def test_the_newest_version_of_a_message_goes_out(database: Database) -> None:
    with database.begin() as session:
        message = a_message(session, "古い")
        scenario = a_scenario(session, {"message_id": message.id})
        session.add(MessageVersion(message_id=message.id, version=2, content={"ja": []}, created_at=NOW))
        entered(session, scenario)
        advance(session, NOW)
        version_id = session.scalars(select(Delivery.message_version_id)).one()
        assert session.get_one(MessageVersion, version_id).version == 2


def test_friends_at_different_steps_are_taken_in_one_go(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {}, {"delay": DAY})
        early = [entered(session, scenario) for _ in range(3)]
        advance(session, NOW)
        late = [entered(session, scenario) for _ in range(3)]
        assert scenarios.advance(session, NOW + DAY) == 6
        session.expire_all()
        assert [each.state for each in early] == [EnrolmentState.COMPLETED] * 3
        assert [each.next_step_id for each in late] == [scenario.steps[1].id] * 3
