"""Targets: set, changed and dropped on record; measured as the reports count; judged by the straight way."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from scheduler import campaign_days, target_course, targets
from scheduler.aim_figures import Measures
from scheduler.models import Broadcast, Delivery, DeliveryKind, DeliveryState, Purpose
from scheduler.target_course import Course
from scheduler.targets import Aim, Target
from segments import buying_months, day_counts, events, friends
from segments.db import Database
from segments.errors import Invalid
from segments.models import EventKind, Policy, Referral
from tests.builders import a_friend, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

TODAY = date(2026, 11, 21)
CHRISTMAS = date(2026, 12, 25)


def test_a_target_is_set_changed_and_dropped_and_every_change_stays(database: Database) -> None:
    with database.begin() as session:
        assert targets.in_force(session) == {}
        first = Target(0.3, CHRISTMAS, TODAY, 0.2)
        second = Target(0.35, CHRISTMAS, TODAY, None)
        targets.choose(session, Aim.F2, first, "operator:1", NOW)
        targets.choose(session, Aim.F2, second, "operator:2", NOW)
        targets.choose(session, Aim.ORDER_COST, Target(500, CHRISTMAS, TODAY, 800), "operator:1", NOW)
        assert targets.in_force(session)[Aim.F2] == second
        assert targets.drop(session, Aim.F2, "operator:1", NOW)
        assert not targets.drop(session, Aim.F2, "operator:1", NOW)
        assert list(targets.in_force(session)) == [Aim.ORDER_COST]
        found = [(each.by, each.target) for each in targets.versions(session, Aim.F2)]
        assert found == [("operator:1", None), ("operator:2", second), ("operator:1", first)]
        assert len(session.scalars(select(Policy.id)).all()) == 4


@pytest.mark.parametrize(
    ("aim", "value", "until", "code"),
    [
        (Aim.F2, 0.0, CHRISTMAS, "target_value"),
        (Aim.F2, 1.01, CHRISTMAS, "target_value"),
        (Aim.REFERRALS, 1_000_000, CHRISTMAS, "target_value"),
        (Aim.BLOCKS, 0.02, TODAY, "target_day"),
        (Aim.BLOCKS, 0.02, TODAY + timedelta(days=1101), "target_day"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(
    sqlite: Database, aim: Aim, value: float, until: date, code: str
) -> None:
    with sqlite.begin() as session, pytest.raises(Invalid, match=code):
        targets.choose(session, aim, Target(value, until, TODAY, None), "operator:1", NOW)


UNTIL, BEGAN = date(2026, 12, 1), date(2026, 11, 1)


@pytest.mark.parametrize(
    ("value", "today", "course", "expected"),
    [
        (0.30, date(2026, 11, 16), Course.REACHED, None),
        (0.25, date(2026, 11, 16), Course.ON_COURSE, 0.25),
        (0.24, date(2026, 11, 16), Course.BEHIND, 0.25),
        (0.20, BEGAN, Course.ON_COURSE, 0.20),
        (0.30, date(2026, 12, 2), Course.MET, None),
        (0.29, date(2026, 12, 2), Course.MISSED, None),
        (None, date(2026, 11, 16), Course.UNKNOWN, None),
    ],
)
def test_a_target_is_judged_by_the_straight_way_from_where_it_began(
    value: float | None, today: date, course: Course, expected: float | None
) -> None:
    found = target_course.judge(Aim.F2, Target(0.3, UNTIL, BEGAN, 0.2), value, today)
    assert found.course is course
    assert found.expected == (pytest.approx(expected) if expected is not None else None)


def test_where_less_is_better_the_way_goes_down() -> None:
    target, today = Target(500, UNTIL, BEGAN, 900), date(2026, 11, 16)
    assert target_course.judge(Aim.ORDER_COST, target, 700, today).course is Course.ON_COURSE
    assert target_course.judge(Aim.ORDER_COST, target, 701, today).course is Course.BEHIND
    assert target_course.judge(Aim.ORDER_COST, target, 500, today).course is Course.REACHED


def test_without_a_figure_at_the_beginning_only_its_end_can_be_told() -> None:
    target, today = Target(0.3, UNTIL, BEGAN, None), date(2026, 11, 16)
    assert target_course.judge(Aim.F2, target, 0.1, today).course is Course.UNKNOWN
    assert target_course.judge(Aim.F2, target, 0.3, today).course is Course.REACHED
    assert target_course.judge(Aim.F2, target, 0.1, date(2026, 12, 2)).course is Course.MISSED


def test_figures_are_counted_over_their_days_as_the_reports_count(database: Database) -> None:
    with database.begin() as session:
        one, two = a_friend(session), a_friend(session)
        for friend, days in ((one, 200), (one, 150), (two, 200), (two, 5)):
            a_purchase(session, friend, bought_at=days_ago(days), amount_yen=1000)
        for friend, days in ((one, 3), (two, 100)):
            newcomer = a_friend(session)
            session.add(Referral(referrer_id=friend.id, newcomer_id=newcomer.id, entered_at=days_ago(days)))
        for kind in (EventKind.SATISFIED, EventKind.SATISFIED, EventKind.DISSATISFIED):
            events.append(session, kind, one.id, days_ago(2))
        broadcast = Broadcast(name="秋", created_at=days_ago(9))
        session.add(broadcast)
        session.flush()
        for friend in (one, two):
            session.add(
                Delivery(
                    friend_id=friend.id, kind=DeliveryKind.BROADCAST, purpose=Purpose.CARE,
                    broadcast_id=broadcast.id, state=DeliveryState.ACCEPTED,
                    created_at=days_ago(6), ended_at=days_ago(6),
                )
            )  # fmt: skip
        friends.block(session, one, days_ago(4))
        session.flush()
        buying_months.keep(session, buying_months.measure(session, NOW), NOW)
    day_counts.refresh(database, NOW)
    campaign_days.count(database, NOW)
    with database.reading() as session:
        measures = Measures(session, NOW)
        assert measures.of(Aim.F2, TODAY) == 0.5, "one came back within 90 days, two are judged"
        assert measures.of(Aim.REPEAT, TODAY) == 1.0
        assert measures.of(Aim.REFERRALS, TODAY) == 1
        assert measures.of(Aim.SATISFACTION, TODAY) == pytest.approx(2 / 3)
        assert measures.of(Aim.BLOCKS, TODAY) == 0.5
        cost = measures.of(Aim.ORDER_COST, TODAY)
        assert cost is not None
        assert cost >= 0
        assert measures.of(Aim.SATISFACTION, TODAY - timedelta(days=30)) is None


def test_nothing_is_measured_where_nothing_happened(sqlite: Database) -> None:
    with sqlite.reading() as session:
        measures = Measures(session, NOW)
        assert [measures.of(aim, TODAY) for aim in Aim] == [None, None, 0, None, None, None]
