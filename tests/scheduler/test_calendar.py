"""The calendar: what went out on which day, what will and to how many, what it costs, what else the day brings."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import broadcasts, calendar, drafts, kept_forecast, quota
from scheduler.calendar_days import Day
from scheduler.drafts import Draft
from scheduler.enrolments import enrol
from scheduler.models import Broadcast, CampaignDay, Enrolment, EnrolmentState, Scenario
from segments import coupons, shop
from segments.coupons import CouponTerms
from segments.db import Database
from segments.shop import Shop
from tests.asking import asked_of
from tests.builders import a_friend, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.queue import FakeQueue

FIRST = date(2026, 11, 1)
TEXT = {"ja": [{"type": "text", "text": "こんにちは"}]}


def on(session: Session, day: int) -> Day:
    return calendar.month(session, FIRST, NOW).days[day - 1]


def a_broadcast(session: Session, days: int, name: str = "週末") -> None:
    made = drafts.create(session, Draft(name, TEXT, condition={"is": "everyone"}), now=NOW, by="test")
    broadcasts.schedule(session, FakeQueue(), made.id, NOW + timedelta(days=days), NOW, "test")


def test_a_scheduled_broadcast_stands_on_its_day_with_whom_it_would_reach(database: Database) -> None:
    with database.begin() as session:
        a_friend(session)
        a_friend(session, blocked_at=days_ago(1))
        a_broadcast(session, 3)
        day = on(session, 24)
        assert [(each.broadcast and each.broadcast.name, each.messages) for each in day.entries] == [
            ("週末", 1)
        ]
        assert (day.expected, day.sent, on(session, 23).entries) == (1, 0, [])


def test_steps_stand_on_the_days_on_which_friends_come_to_them(database: Database) -> None:
    with database.begin() as session:
        made = a_scenario(session, {"delay": timedelta(days=2)}, {"delay": timedelta(days=3)})
        for _ in range(4):
            assert enrol(session, made, a_friend(session).id, "test", {}, NOW)
        steps = {each.step.id: each.messages for each in on(session, 23).entries if each.step}
        assert round(steps[made.steps[0].id]) == 4
        assert round(on(session, 26).entries[-1].messages) == 4


def test_a_paused_scenario_sends_nothing(database: Database) -> None:
    with database.begin() as session:
        made = a_scenario(session, {"delay": timedelta(days=2)})
        assert enrol(session, made, a_friend(session).id, "test", {}, NOW)
        made.active = False
        assert not any(day.entries for day in calendar.month(session, FIRST, NOW).days)


def test_who_starts_by_date_is_told_and_gets_the_step_on_its_day(database: Database) -> None:
    with database.begin() as session:
        a_friend(session, birthday=date(1990, 11, 27))
        a_friend(session, birthday=date(1970, 11, 27))
        a_friend(session, birthday=date(1990, 11, 27), blocked_at=days_ago(1))
        made = a_scenario(
            session, {"delay": timedelta(days=1)}, trigger={"date": "birthday", "days_before": 2}
        )
        starts = [(scenario.id, friends) for scenario, friends in on(session, 25).starts]
        assert starts == [(made.id, 2)]
        assert [round(each.messages) for each in on(session, 26).entries] == [2]


def test_coupons_that_end_and_closed_days_are_told(database: Database) -> None:
    with database.begin() as session:
        shop.save(session, Shop(closed_weekdays=(2,)), NOW)
        coupons.define(session, "welcome", CouponTerms("初回クーポン", "Welcome", 500, 5), NOW)
        for used in (False, True):
            granted = coupons.grant(session, "welcome", a_friend(session).id, f"test-{used}", NOW)
        coupons.redeem(session, granted.code, "test", NOW)
        ending = [
            (day.day.day, day.coupons) for day in calendar.month(session, FIRST, NOW).days if day.coupons
        ]
        assert [coupon for _day, coupon in ending] == [[("初回クーポン", 1)]]
        assert [day.day.day for day in calendar.month(session, FIRST, NOW).days if day.is_closed] == [
            4,
            11,
            18,
            25,
        ]


def test_past_days_show_what_went_out(database: Database) -> None:
    with database.begin() as session:
        scenario: Scenario = a_scenario(session)
        key = {"day": date(2026, 11, 10), "broadcast_id": 0, "scenario_id": scenario.id}
        figures = {"accepted": 30, "billed": 25, "taps": 4, "blocks": 1, "orders": 0, "yen": 0}
        session.add(CampaignDay(**key, **figures))
        session.flush()
        day = on(session, 10)
        assert (day.sent, day.expected) == (30, 0)
        assert [(each.scenario, each.taps, each.blocks) for each in day.entries] == [(scenario, 4, 1)]


def test_a_day_costs_what_it_adds_to_the_bill(database: Database) -> None:
    with database.begin() as session:
        quota.choose_plan(session, "standard", NOW)
        key = {"day": date(2026, 11, 10), "broadcast_id": 0, "scenario_id": a_scenario(session).id}
        figures = {"accepted": 30_000, "billed": 30_000, "taps": 0, "blocks": 0, "orders": 0, "yen": 0}
        session.add(CampaignDay(**key, **figures))
        a_friend(session)
        a_broadcast(session, 3)
        told = calendar.month(session, FIRST, NOW)
        assert told.days[9].yen == 0
        assert told.days[23].yen == told.yen > 0


def test_who_starts_by_date_this_month_gets_later_steps_in_the_next_one(database: Database) -> None:
    with database.begin() as session:
        a_friend(session, birthday=date(1990, 11, 29))
        made = a_scenario(
            session, {"delay": timedelta()}, {"delay": timedelta(days=5)}, trigger={"date": "birthday"}
        )
        december = calendar.month(session, date(2026, 12, 1), NOW)
        told = [(day.day, [each.step for each in day.entries]) for day in december.days if day.entries]
        assert told == [(date(2026, 12, 4), [made.steps[1]])]
        assert not any(day.starts for day in december.days)


def test_counts_are_those_kept_a_moment_ago_and_made_anew_when_nobody_keeps_them(database: Database) -> None:
    with database.begin() as session:
        made = a_scenario(session, {"delay": timedelta(days=2)})
        assert enrol(session, made, a_friend(session).id, "test", {}, NOW)
        kept_forecast.keep(session, NOW - timedelta(minutes=5))
        assert enrol(session, made, a_friend(session).id, "test", {}, NOW)
        kept = calendar.month(session, FIRST, NOW)
        assert (kept.days[22].expected, kept.counted_at) == (1, NOW - timedelta(minutes=5))
        later = NOW + timedelta(hours=1)
        anew = calendar.month(session, FIRST, later)
        assert (anew.days[22].expected, anew.counted_at) == (2, later)


def test_a_scenario_that_is_paused_after_the_counting_sends_nothing_at_once(database: Database) -> None:
    with database.begin() as session:
        made = a_scenario(session, {"delay": timedelta(days=2)})
        assert enrol(session, made, a_friend(session).id, "test", {}, NOW)
        kept_forecast.keep(session, NOW)
        assert on(session, 23).expected == 1
        made.active = False
        assert on(session, 23).expected == 0


def test_a_broadcast_is_counted_anew_when_it_is_for_others_than_at_the_counting(database: Database) -> None:
    with database.begin() as session:
        for _ in range(2):
            a_friend(session)
        a_friend(session, facts={"stage": "trial"})
        a_broadcast(session, 3)
        kept_forecast.keep(session, NOW)
        a_friend(session)
        assert on(session, 24).expected == 3
        broadcast = session.scalars(select(Broadcast)).one()
        broadcast.condition = {"is": "stage", "stages": ["trial"]}
        assert on(session, 24).expected == 1
        a_broadcast(session, 4, "あとから")
        assert on(session, 25).expected == 4


def test_past_months_foresee_nothing(database: Database) -> None:
    with database.begin() as session:
        made = a_scenario(session, {"delay": timedelta(days=2)})
        assert enrol(session, made, a_friend(session).id, "test", {}, NOW)
        october = calendar.month(session, date(2026, 10, 1), NOW)
        assert (october.counted_at, any(day.entries for day in october.days)) == (None, False)


def test_newcomers_are_spread_evenly_over_the_days_to_come(database: Database) -> None:
    with database.begin() as session:
        made = a_scenario(session, {"delay": timedelta(days=2)})
        for _ in range(28):
            entered = {"scenario_id": made.id, "friend_id": a_friend(session).id, "cause": "x"}
            session.add(Enrolment(**entered, entered_at=days_ago(3), state=EnrolmentState.COMPLETED))
        session.flush()
        month = calendar.month(session, FIRST, NOW)
        # One a day: none before two days are over, from 14:30 on the day after tomorrow, then each day one.
        shares = [round(sum(each.messages for each in day.entries), 3) for day in month.days]
        assert shares[:23] == [0.0] * 22 + [round(9.5 / 24, 3)]
        assert shares[23:] == [1.0] * 7


def test_a_months_calendar_asks_little_however_many_scenarios_there_are(database: Database) -> None:
    with database.begin() as session:
        for number in range(12):
            trigger = {"date": "birthday"} if number % 4 == 0 else {"event": "purchased"}
            a_scenario(session, {}, {"delay": timedelta(days=1)}, trigger=trigger)
        kept_forecast.keep(session, NOW)
        session.expire_all()
        with asked_of(database) as statements:
            calendar.month(session, FIRST, NOW)
        assert len(statements) <= 20
