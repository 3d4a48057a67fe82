"""The month's end told ahead, the cheapest plan for it, and our count beside LINE's."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from scheduler import (
    broadcasts,
    drafts,
    enrolments,
    meter,
    month_forecast,
    quota,
    reconciling,
    reserved,
)
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import Quota
from scheduler.models import Purpose
from scheduler.plans import Plan, Tier, bill, read_tiers, write_tiers
from scheduler.reasons import Reason
from scheduler.step_forecast import step_messages
from segments import shop
from segments.conditions import parse
from segments.db import Database
from segments.errors import Conflict, Invalid
from segments.shop import Shop
from tests.builders import a_friend, a_scenario
from tests.fakes.clock import A_SATURDAY
from tests.fakes.gateway import FakeGateway
from tests.scheduler.budget_shop import a_step

HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
EVERYONE = parse({"is": "everyone"})
OWN = Plan("own", "自店プラン", "Own plan", 3_000, 100, (Tier(50, 4.0), Tier(None, 2.0)))


def planned(session: Session, dispatcher: Dispatcher, days: float) -> int:
    draft = Draft("秋", HELLO, condition={"is": "everyone"})
    broadcast_id = drafts.create(session, draft, now=A_SATURDAY, by="test").id
    at = A_SATURDAY + timedelta(days=days)
    broadcasts.schedule(session, dispatcher.queue, broadcast_id, at, A_SATURDAY)
    return broadcast_id


def test_scheduled_broadcasts_are_spoken_for_in_the_month_they_leave_in(dispatcher: Dispatcher) -> None:
    with dispatcher.database.begin() as session:
        for _ in range(3):
            a_friend(session)
        first = planned(session, dispatcher, days=1)
        planned(session, dispatcher, days=15)
        assert reserved.reserved(session, A_SATURDAY).scheduled == 3
        assert reserved.reserved(session, A_SATURDAY, without=first).total == 0
        price = quota.price(session, A_SATURDAY, condition=EVERYONE)
        itself = quota.price(session, A_SATURDAY, condition=EVERYONE, broadcast_id=first)
    assert (price.reserved, price.after, itself.reserved, itself.after) == (3, 6, 0, 3)


def test_what_is_written_and_not_sent_is_spoken_for_until_it_is_sent(
    dispatcher: Dispatcher, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        for _ in range(3):
            a_friend(session)
        draft = Draft("秋", HELLO, condition={"is": "everyone"}, purpose=Purpose.CARE)
        broadcast_id = drafts.create(session, draft, now=A_SATURDAY, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, A_SATURDAY)
        before = reserved.reserved(session, A_SATURDAY)
    run_jobs()
    with dispatcher.database.reading() as session:
        after, used = reserved.reserved(session, A_SATURDAY), quota.used_this_month(session, A_SATURDAY)
    assert (before.unplanned, before.care, after.total, used) == (3, 3, 0, 3)


def test_steps_are_followed_from_where_friends_stand_to_the_months_end(database: Database) -> None:
    until = A_SATURDAY + timedelta(days=9)
    with database.begin() as session:
        days = [{"delay": timedelta(days=n)} for n in (1, 3, 30)]
        scenario = a_scenario(session, *days)
        a_scenario(session, *days, active=False)
        for _ in range(4):
            friend = a_friend(session)
            long_ago = A_SATURDAY - timedelta(days=40)
            enrolments.enrol(session, scenario, friend.id, "test", {}, A_SATURDAY, entered_at=long_ago)
        found = step_messages(session, A_SATURDAY, until)
    # Overdue for a day-40 start: the first comes at once, the second three days on, the third after the month.
    assert (round(found.enrolled), found.newcomers, round(found.care)) == (8, 0, 8)


def test_newcomers_are_expected_at_the_pace_of_the_last_weeks(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {"delay": timedelta(days=2)})
        for number in range(28):
            friend = a_friend(session)
            at = A_SATURDAY - timedelta(days=number, hours=1)
            enrolments.enrol(session, scenario, friend.id, "test", {}, A_SATURDAY, entered_at=at)
        found = step_messages(session, A_SATURDAY, A_SATURDAY + timedelta(days=9))
    # One a day for nine days, of whom those of the last two days get it only next month.
    assert found.newcomers == pytest.approx(7)


def test_the_cheapest_plan_is_the_one_whose_bill_for_the_forecast_is_smallest(sqlite: Database) -> None:
    with sqlite.begin() as session:
        quota.save_plan(session, OWN, A_SATURDAY)
        quota.choose_plan(session, "standard", A_SATURDAY)
        assert meter.claim(session, 150, A_SATURDAY, sales=False) == 150
        few = month_forecast.forecast(session, A_SATURDAY)
        assert meter.claim(session, 3_000, A_SATURDAY, sales=False) == 3_000
        many = month_forecast.forecast(session, A_SATURDAY)
    assert few.cheapest is not None
    assert few.cheapest.key == "communication"
    assert few.saves_yen == 15_000
    assert many.cheapest is not None
    assert many.cheapest.key == "light"
    bills = {offer.plan.key: offer.yen for offer in many.offers}
    assert bills == {"communication": None, "own": 3_000 + 200 + 6_000, "light": 5_000, "standard": 15_000}


def test_a_plan_of_the_shops_own_is_changed_used_and_forgotten(sqlite: Database) -> None:
    with sqlite.begin() as session:
        dearer = Plan("standard", "スタンダード", "Standard", 16_500, 30_000, (Tier(None, 3.3),))
        quota.choose_plan(session, "standard", A_SATURDAY)
        quota.save_plan(session, dearer, A_SATURDAY)
        assert quota.plan_of(session) == dearer
        quota.remove_plan(session, "standard", A_SATURDAY)
        assert quota.plan_of(session).monthly_yen == 15_000
        quota.save_plan(session, OWN, A_SATURDAY)
        quota.choose_plan(session, "own", A_SATURDAY)
        with pytest.raises(Conflict, match="plan_in_use"):
            quota.remove_plan(session, "own", A_SATURDAY)


@pytest.mark.parametrize("prices", ["3:", "x:2", "50000:3, 40000:2", "2.8, 50000:3", "nan", "-1"])
def test_prices_that_make_no_sense_are_refused(sqlite: Database, prices: str) -> None:
    with sqlite.begin() as session, pytest.raises(Invalid, match="plan_invalid"):
        quota.save_plan(session, Plan("a", "あ", "a", 0, 0, read_tiers(prices)), A_SATURDAY)


def test_prices_are_written_as_they_are_read() -> None:
    assert write_tiers(read_tiers("50000:3, 2.8")) == "50000:3, 2.8"
    assert read_tiers("") == ()
    assert bill(OWN, 160) == 3_000 + 50 * 4 + 10 * 2


def test_both_counts_are_kept_and_a_large_difference_raises_an_alarm(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        for _ in range(3):
            a_friend(session)
        draft = Draft("秋", HELLO, condition={"is": "everyone"})
        broadcast_id = drafts.create(session, draft, now=A_SATURDAY, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, A_SATURDAY)
    run_jobs()
    with dispatcher.database.begin() as session:
        assert reconciling.count_ours(session, A_SATURDAY) == gateway.used == 3
        near = reconciling.reconcile(session, Quota(None, 20), A_SATURDAY)
        far = reconciling.reconcile(session, Quota(None, 24), A_SATURDAY)
        assert meter.read(session, A_SATURDAY).taken == 24
        (kept,) = reconciling.comparisons(session)
    assert (near.difference, near.is_alarm) == (17, False)
    assert (far.difference, far.is_alarm) == (21, True)
    assert kept == far


def test_the_nights_comparison_sets_a_meter_right_that_went_astray(sqlite: Database) -> None:
    with sqlite.begin() as session:
        assert meter.claim(session, 7, A_SATURDAY, sales=False) == 7
        reconciling.reconcile(session, Quota(None, 5), A_SATURDAY)
        found = meter.read(session, A_SATURDAY)
    assert (found.claimed, found.beyond) == (0, 5)


def test_what_waits_for_money_is_counted_where_plans_are_weighed_and_not_in_the_months_end(
    database: Database,
) -> None:
    with database.begin() as session:
        quota.choose_plan(session, "light", A_SATURDAY)
        quota.note_use(session, Quota(5_000, 5_000), A_SATURDAY)
        empty = month_forecast.forecast(session, A_SATURDAY)
        for _ in range(300):
            a_step(session, A_SATURDAY, reason=Reason.PLAN_FULL)
        found = month_forecast.forecast(session, A_SATURDAY)
    assert (empty.wanted, empty.short_by, empty.cheapest) == (5_000, 0, empty.plan)
    assert (found.messages, found.yen, found.wanted, found.short_by) == (5_000, 5_000, 5_300, 300)
    assert found.cheapest is not None
    assert (found.cheapest.key, found.saves_yen) == ("standard", 0)
    bills = {offer.plan.key: offer.yen for offer in found.offers}
    assert bills == {"communication": None, "light": None, "standard": 15_000}


def test_what_a_larger_plan_saves_is_told_with_what_waits_for_the_budget(sqlite: Database) -> None:
    with sqlite.begin() as session:
        dear = Plan("own", "自店プラン", "Own plan", 1_000, 0, (Tier(None, 10.0),))
        quota.save_plan(session, dear, A_SATURDAY)
        quota.choose_plan(session, "own", A_SATURDAY)
        shop.save(session, Shop(monthly_budget_yen=3_000), A_SATURDAY)
        assert meter.claim(session, 200, A_SATURDAY, sales=False) == 200
        for _ in range(300):
            a_step(session, A_SATURDAY, reason=Reason.OVER_BUDGET)
        found = month_forecast.forecast(session, A_SATURDAY)
    assert found.cheapest is not None
    assert (found.yen, found.short_by, found.cheapest.key, found.saves_yen) == (3_000, 300, "light", 1_000)
