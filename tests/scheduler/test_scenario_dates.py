"""Steps and starts that go by dates: counted back, on weekdays, on birthdays, each once and on its day."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import date_starts
from scheduler.dispatcher import Dispatcher
from scheduler.models import Delivery, Enrolment, EnrolmentState, Scenario
from scheduler.tick import tick
from segments import coupons, events, signals
from segments.db import Database
from segments.models import CouponGrant, CustomerEvent, EventKind, Friend
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock
from tests.scheduler.scenario_walks import DAY, HOUR, TOKYO, advance, enter, made, say, told


def entered(database: Database, scenario_id: int) -> list[date]:
    with database.reading() as session:
        causes = session.scalars(select(Enrolment.cause).where(Enrolment.scenario_id == scenario_id))
        return sorted(date.fromisoformat(cause.rpartition(":")[2]) for cause in causes)


def test_a_step_counts_back_from_a_date_and_passes_over_those_without_one(database: Database) -> None:
    with database.begin() as session:
        scenario = made(
            session,
            say("三日前", before={"date": "birthday", "days": 3}, at="11:00"),
            say("当日", before={"date": "birthday"}),
        )
        born = a_friend(session, birthday=date(1990, 12, 1))
        has, has_not = enter(session, scenario, born), enter(session, scenario)
        assert has.next_at == datetime(2026, 11, 28, 11, tzinfo=TOKYO)
        assert (has_not.state, told(session, has_not)) == (EnrolmentState.COMPLETED, ["(三日前)", "(当日)"])
        reasons = session.scalars(select(Delivery.reason).where(Delivery.friend_id == has_not.friend_id))
        assert set(reasons) == {"no_date"}
        advance(session, datetime(2026, 11, 28, 11, tzinfo=TOKYO))
        assert has.next_at == datetime(2026, 12, 1, 10, tzinfo=TOKYO)
        # The birthday is put right while they wait: the step follows.
        born.birthday = date(1990, 12, 5)
        session.flush()
        advance(session, datetime(2026, 12, 1, 10, tzinfo=TOKYO))
        assert has.next_at == datetime(2026, 12, 5, 10, tzinfo=TOKYO)
        advance(session, datetime(2026, 12, 5, 10, tzinfo=TOKYO))
        assert told(session, has) == ["三日前", "当日"]


def test_dates_are_counted_back_from_wherever_they_stand(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, fields={"保証終了日": "2026-12-20"})
        signals.offer_trial(session, friend.id, NOW + 5 * DAY, NOW)
        grant = coupons.grant(session, "referral_newcomer", friend.id, "test", NOW)
        assert grant
        ends = grant.expires_at.astimezone(TOKYO).date()
        for before, day in (
            ({"date": "trial_end", "days": 1}, date(2026, 11, 25)),
            ({"date": "coupon_end", "days": 2}, ends - 2 * DAY),
            ({"date": "field", "name": "保証終了日", "days": 10}, date(2026, 12, 10)),
            ({"date": "cause", "name": "ends_at"}, date(2026, 12, 24)),
            ({"date": "day", "day": "2026-12-31", "days": -1}, date(2027, 1, 1)),
        ):
            scenario = made(session, say("前", before=before))
            enrolment = enter(session, scenario, friend, ends_at="2026-12-24T09:00:00+09:00")
            assert enrolment.next_at == datetime.combine(day, time(10), TOKYO), before
        used = made(session, say("前", before={"date": "coupon_end", "days": 1}))
        waits = enter(session, used, friend)
        grant.redeemed_at = NOW
        session.flush()
        advance(session, NOW + 400 * DAY)
        assert told(session, waits) == ["(前)"]


def a_coupon(session: Session, friend: Friend, cause: str, ends: datetime) -> CouponGrant:
    grant = coupons.grant(session, "referral_newcomer", friend.id, cause, NOW)
    grant.expires_at = ends
    session.flush()
    return grant


@pytest.mark.parametrize("others", [(), (5,), (1, 40)])
def test_a_step_after_a_coupons_end_comes_when_it_is_over_whatever_coupons_come_later(
    database: Database, others: tuple[int, ...]
) -> None:
    ends = datetime(2026, 11, 30, 18, tzinfo=TOKYO)
    with database.begin() as session:
        friend = a_friend(session)
        a_coupon(session, friend, "first", ends)
        scenario = made(session, say("翌日", before={"date": "coupon_end", "days": -1}))
        enrolment = enter(session, scenario, friend)
        for days in others:
            a_coupon(session, friend, f"later:{days}", ends + days * DAY)
        assert enrolment.next_at == datetime(2026, 12, 1, 10, tzinfo=TOKYO)
        advance(session, datetime(2026, 12, 1, 10, tzinfo=TOKYO))
        assert told(session, enrolment) == ["翌日"]


def test_a_step_after_a_coupons_end_is_passed_over_when_it_was_used_or_its_day_has_gone_by(
    database: Database,
) -> None:
    with database.begin() as session:
        one, other = a_friend(session), a_friend(session)
        grant = a_coupon(session, one, "first", NOW + 5 * DAY)
        a_coupon(session, other, "long ago", NOW - 2 * DAY)
        scenario = made(session, say("翌日", before={"date": "coupon_end", "days": -1}))
        waits, late = enter(session, scenario, one), enter(session, scenario, other)
        assert told(session, late) == ["(翌日)"]
        grant.redeemed_at = NOW + DAY
        session.flush()
        advance(session, NOW + 7 * DAY)
        assert told(session, waits) == ["(翌日)"]


def test_up_to_a_coupons_end_it_is_the_one_that_ends_next(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        for days in (-1, 3, 9):
            a_coupon(session, friend, str(days), NOW + days * DAY)
        scenario = made(session, say("当日", before={"date": "coupon_end"}))
        enrolment = enter(session, scenario, friend)
        assert enrolment.next_at == datetime(2026, 11, 24, 10, tzinfo=TOKYO)


def test_a_scenario_started_days_after_a_coupons_end_says_its_steps_counted_from_it(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        friend = a_friend(session)
        a_coupon(session, friend, "ended", NOW - 3 * DAY)
        steps = (say(f"{days}日後", before={"date": "coupon_end", "days": -days}) for days in (3, 5))
        made(session, *steps, starts={"date": "coupon_end", "days_before": -3})
    tick(dispatcher)
    for days in (0, 2):
        with dispatcher.database.begin() as session:
            advance(session, clock.now() + days * DAY)
    with dispatcher.database.reading() as session:
        assert told(session, session.scalars(select(Enrolment)).one()) == ["3日後", "5日後"]


def test_a_weekday_and_the_best_hour_are_kept_to(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        for days in range(1, 9):
            at = datetime(2026, 11, 20, 19, 20, tzinfo=TOKYO) - days * DAY
            events.append(session, EventKind.TAPPED, friend.id, at)
        session.flush()
        scenario = made(session, say("月曜", after={"days": 1}, weekdays=[0], best_hour=True))
        enrolment = enter(session, scenario, friend)
        assert enrolment.next_at == datetime(2026, 11, 23, 19, tzinfo=TOKYO)


def test_birthdays_start_a_scenario_once_on_their_day_also_after_days_without_a_server(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        scenario = made(
            session,
            say("おめでとう", at="10:00"),
            starts={"date": "birthday", "days_before": 7},
            again="always",
        )
        today = (clock.now() + 7 * DAY).astimezone(TOKYO).date()
        for days in range(-1, 5):
            a_friend(session, birthday=(today + timedelta(days=days)).replace(year=1985))
        a_friend(session, birthday=today.replace(year=1985), blocked_at=NOW)
        number = scenario.id
    for _ in range(2):
        tick(dispatcher)
    assert entered(dispatcher.database, number) == [today]
    clock.advance(3 * DAY)
    tick(dispatcher)
    assert entered(dispatcher.database, number) == [today + timedelta(days=days) for days in range(4)]
    with dispatcher.database.begin() as session:
        assert session.get_one(Scenario, number).dates_through == (clock.now().astimezone(TOKYO)).date()


def test_every_date_can_start_a_scenario(dispatcher: Dispatcher, clock: FakeClock) -> None:
    day = clock.now().astimezone(TOKYO).date()
    wanted: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "first_purchase": ({}, {"first_purchase_at": NOW - timedelta(days=365)}),
        "trial_end": ({}, {"trial_offer_ends_at": NOW + HOUR}),
        "field": ({"fields": {"記念日": day.isoformat()}}, {}),
    }
    with dispatcher.database.begin() as session:
        numbers: dict[str, tuple[int, int]] = {}
        for name, (of_friend, of_facts) in wanted.items():
            start = {"date": name} | ({"name": "記念日"} if name == "field" else {})
            friend = a_friend(session, **of_friend, facts=of_facts)
            numbers[name] = made(session, {"do": "wait", "after": {"days": 1}}, starts=start).id, friend.id
        friend = a_friend(session)
        grant = coupons.grant(session, "referral_newcomer", friend.id, "test", NOW)
        assert grant
        grant.expires_at = NOW + HOUR
        starts = {"date": "coupon_end", "name": "referral_newcomer"}
        numbers["coupon_end"] = (
            made(session, {"do": "wait", "after": {"days": 1}}, starts=starts).id,
            friend.id,
        )
        all_day = made(
            session, {"do": "wait", "after": {"days": 1}}, starts={"date": "day", "day": day.isoformat()}
        ).id
    tick(dispatcher)
    with dispatcher.database.reading() as session:
        rows = session.execute(select(Enrolment.scenario_id, Enrolment.friend_id)).all()
        for name, (scenario_id, friend_id) in numbers.items():
            assert [each.friend_id for each in rows if each.scenario_id == scenario_id] == [friend_id], name
        assert len([each for each in rows if each.scenario_id == all_day]) == 4


def test_a_page_of_friends_at_a_time_starts_by_date_and_a_kill_between_leaves_nobody_out(
    database: Database,
) -> None:
    with database.begin() as session:
        starts = {"date": "day", "day": "2026-11-21"}
        made(session, {"do": "wait", "after": {"days": 1}}, starts=starts)
        for _ in range(5):
            a_friend(session)
    pages = 0
    while True:
        with database.begin() as session:
            date_starts.start_due(session, NOW, limit=2)
            session.rollback()
        with database.begin() as session:
            if not date_starts.start_due(session, NOW, limit=2):
                break
        pages += 1
    with database.reading() as session:
        assert len(session.scalars(select(Enrolment.id)).all()) == 5
        assert session.scalars(select(CustomerEvent.id)).all() == []
    assert pages == 3
