"""What each kind of step does for the friends who come to it."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import date_starts, enrolments, scenario_edits, scenario_files, scenarios, splits, triggers
from scheduler.delivery import Dispatcher
from scheduler.models import (
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Reentry,
    Scenario,
    Step,
)
from scheduler.scenario_flow import Flow
from scheduler.step_settings import Arm
from scheduler.tick import tick
from segments import coupons, events, shop, signals
from segments.db import Database
from segments.models import CustomerEvent, EventKind, Facts, Friend, FriendTag
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock

TOKYO = ZoneInfo("Asia/Tokyo")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOUGHT = {"is": "purchase_count", "at_least": 1}


def say(name: str, **more: Any) -> dict[str, Any]:
    return {
        "do": "message",
        "name": name,
        "message": {"content": {"ja": [{"type": "text", "text": name}]}},
    } | more


def made(session: Session, *steps: dict[str, Any], **more: Any) -> Scenario:
    whole = {"kokyaku": "scenario", "name": "試し", "starts": {"event": "purchased"}, "steps": [*steps]}
    scenario = scenario_files.create(session, json.dumps(whole | more), "test", NOW)
    scenario.active = True
    session.flush()
    return scenario


def enter(session: Session, scenario: Scenario, friend: Friend | None = None, **context: Any) -> Enrolment:
    friend = friend or a_friend(session)
    enrolment = enrolments.enrol(session, scenario, friend.id, "test", context, NOW)
    assert enrolment
    return enrolment


def advance(session: Session, now: datetime) -> None:
    while scenarios.advance(session, now):
        pass
    session.expire_all()


def told(session: Session, enrolment: Enrolment) -> list[str]:
    """Return the names of the steps whose message was queued for a friend, and those skipped in brackets."""
    rows = session.execute(
        select(Step.name, Delivery.state)
        .join(Step, Step.id == Delivery.step_id)
        .where(Delivery.enrolment_id == enrolment.id)
        .order_by(Delivery.id)
    )
    return [f"({name})" if state is DeliveryState.SKIPPED else name for name, state in rows]


def test_a_branch_leads_each_friend_into_their_arm_and_back_to_the_line(database: Database) -> None:
    with database.begin() as session:
        scenario = made(
            session,
            {"do": "branch", "if": BOUGHT, "yes": [say("お礼")], "no": [say("ご案内"), {"do": "end"}]},
            say("おわり"),
        )
        buyer = enter(session, scenario, a_friend(session, facts={"purchase_count": 1}))
        other = enter(session, scenario)
        advance(session, NOW)
        assert (told(session, buyer), told(session, other)) == (["お礼", "おわり"], ["ご案内"])
        assert {buyer.state, other.state} == {EnrolmentState.COMPLETED}


def test_a_wait_ends_when_its_condition_comes_true_and_counts_on_from_then(database: Database) -> None:
    with database.begin() as session:
        scenario = made(
            session,
            {"do": "wait_until", "if": BOUGHT, "latest_days": 10},
            say("翌日", after={"days": 1}),
        )
        enrolment = enter(session, scenario)
        advance(session, NOW)
        session.get_one(Facts, enrolment.friend_id).purchase_count = 1
        session.flush()
        bought = NOW + 3 * DAY
        advance(session, bought)
        assert enrolment.due_at == bought + DAY
        advance(session, bought + DAY)
        assert told(session, enrolment) == ["翌日"]


@pytest.mark.parametrize(
    ("otherwise", "state", "reason", "said"),
    [
        ("go_on", EnrolmentState.COMPLETED, "completed", ["つづき"]),
        ("leave", EnrolmentState.LEFT, "waited", []),
    ],
)
def test_a_wait_ends_at_its_latest_time_whatever_happens(
    database: Database, otherwise: str, state: EnrolmentState, reason: str, said: list[str]
) -> None:
    with database.begin() as session:
        wait = {"do": "wait_until", "if": BOUGHT, "latest_days": 2, "otherwise": otherwise}
        enrolment = enter(session, made(session, wait, say("つづき")))
        advance(session, NOW + 2 * DAY - timedelta(seconds=1))
        assert enrolment.state is EnrolmentState.ACTIVE
        assert enrolment.next_at == NOW + 2 * DAY
        advance(session, NOW + 2 * DAY)
        assert (enrolment.state, enrolment.end_reason, told(session, enrolment)) == (state, reason, said)


def test_news_of_a_friend_has_their_wait_asked_at_once_and_keeps_its_delay(database: Database) -> None:
    with database.begin() as session:
        wait = {"do": "wait_until", "if": BOUGHT, "latest_days": 9}
        waiting, later = (
            enter(session, made(session, wait)),
            enter(session, made(session, wait | {"after": {"days": 1}})),
        )
        advance(session, NOW)
        for enrolment in (waiting, later):
            events.append(session, EventKind.WROTE, enrolment.friend_id, NOW)
        session.flush()
        soon = NOW + timedelta(minutes=1)
        triggers.read_events(session, soon)
        session.expire_all()
        assert waiting.next_at == soon
        assert later.next_at == NOW + DAY


def test_a_split_keeps_a_friend_in_their_arm_for_ever_and_keeps_the_shares(database: Database) -> None:
    arms = [{"name": name, "share": share, "steps": [say(name)]} for name, share in (("A", 30), ("B", 70))]
    with database.begin() as session:
        scenario = made(session, {"do": "split", "arms": arms}, again="always")
        step = scenario.steps[0]
        friends = [a_friend(session) for _ in range(20)]
        first = [enter(session, scenario, friend) for friend in friends]
        advance(session, NOW)
        taken = [enrolment.arms[str(step.id)] for enrolment in first]
        assert [told(session, enrolment) for enrolment in first] == [[arm] for arm in taken]
        assert set(taken) == {"A", "B"}
        # Now all newcomers go to A; who was in B stays there.
        shares = [Arm(name="A", share=1), Arm(name="B", share=0)]
        step.settings = {"arms": [arm.model_dump() for arm in shares]}
        session.flush()
        again = [enrolments.enrol(session, scenario, friend.id, "again", {}, NOW) for friend in friends]
        newcomer = enter(session, scenario)
        advance(session, NOW)
        assert [each.arms[str(step.id)] for each in again if each] == taken
        assert newcomer.arms[str(step.id)] == "A"


def test_lots_are_drawn_by_share_and_each_step_draws_anew() -> None:
    arms = [Arm(name="A", share=1), Arm(name="B", share=3), Arm(name="C", share=0)]
    drawn = [splits.drawn(7, friend, arms) for friend in range(20_000)]
    assert drawn == [splits.drawn(7, friend, arms) for friend in range(20_000)]
    assert drawn.count("C") == 0
    # Of 20,000 lots with p = ¼ the standard deviation is 61.
    assert abs(drawn.count("A") - 5_000) < 300
    other = [splits.drawn(8, friend, arms) for friend in range(20_000)]
    both = sum(first == second == "A" for first, second in zip(drawn, other, strict=True))
    assert abs(both - 1_250) < 175


def test_a_goal_step_counts_who_got_there_and_lets_the_others_go_on(database: Database) -> None:
    with database.begin() as session:
        scenario = made(session, {"do": "goal", "if": BOUGHT}, say("もう一度"))
        there = enter(session, scenario, a_friend(session, facts={"purchase_count": 2}))
        other = enter(session, scenario)
        advance(session, NOW)
        assert (there.state, told(session, there)) == (EnrolmentState.GOAL, [])
        assert (other.state, told(session, other)) == (EnrolmentState.COMPLETED, ["もう一度"])


def test_an_action_tags_those_it_is_for_alone_and_takes_tags_off(database: Database) -> None:
    with database.begin() as session:
        scenario = made(
            session,
            {"do": "action", "if": BOUGHT, "effects": {"tag": "秋"}},
            {"do": "action", "effects": {"tag": "みな"}},
            {"do": "action", "effects": {"untag": "みな"}},
        )
        buyer = enter(session, scenario, a_friend(session, facts={"purchase_count": 1}))
        enter(session, scenario)
        advance(session, NOW)
        assert session.scalars(select(FriendTag.friend_id)).all() == [buyer.friend_id]


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


def test_who_no_longer_matches_leaves_unless_they_were_only_asked_at_the_start(database: Database) -> None:
    with database.begin() as session:
        steps = (say("いち"), say("に", after={"days": 1}))
        whom = {"if": {"is": "stage", "stages": ["trial"]}}
        strict = made(session, *steps, **whom)
        lenient = made(session, *steps, **whom, settings={"leave_when_unmatched": False})
        friend = a_friend(session, facts={"stage": "trial"})
        leaves, stays = enter(session, strict, friend), enter(session, lenient, friend)
        advance(session, NOW)
        session.get_one(Facts, friend.id).stage = "existing"
        session.flush()
        advance(session, NOW + DAY)
        assert (leaves.state, told(session, leaves)) == (EnrolmentState.LEFT, ["いち"])
        assert (stays.state, told(session, stays)) == (EnrolmentState.COMPLETED, ["いち", "に"])


def test_many_enter_at_once_by_the_rule_of_reentry(database: Database) -> None:
    with database.begin() as session:
        scenario = made(session, say("いち"))
        ids = [a_friend(session).id for _ in range(3)]
        starts = [enrolments.Start(id_, cause, {}, NOW) for cause in ("first", "second") for id_ in ids]
        settings = shop.load(session)
        assert enrolments.enter_many(session, scenario, starts, NOW, settings) == 3
        scenario.reentry = Reentry.ALWAYS
        assert enrolments.enter_many(session, scenario, starts, NOW, settings) == 3
        assert enrolments.enter_many(session, scenario, starts, NOW, settings) == 0
        scenario.reentry, scenario.reentry_interval = Reentry.AFTER_INTERVAL, 30 * DAY
        anew = [start._replace(cause="third") for start in starts]
        assert enrolments.enter_many(session, scenario, anew, NOW + 30 * DAY - HOUR, settings) == 0
        assert enrolments.enter_many(session, scenario, anew, NOW + 30 * DAY, settings) == 3


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


def entered(database: Database, scenario_id: int) -> list[date]:
    with database.reading() as session:
        causes = session.scalars(select(Enrolment.cause).where(Enrolment.scenario_id == scenario_id))
        return sorted(date.fromisoformat(cause.rpartition(":")[2]) for cause in causes)


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


def test_a_step_taken_out_lets_those_at_it_pass_when_it_would_have_come(database: Database) -> None:
    with database.begin() as session:
        scenario = made(session, say("いち", after={"days": 2}), say("に", after={"days": 1}))
        enrolment = enter(session, scenario)
        first, second = Flow(scenario.steps).main
        removal = scenario_edits.removal(session, first.id)
        assert (removal.standing, removal.following) == (1, second)
        scenario_edits.remove_step(session, first.id, NOW)
        newcomer = enter(session, scenario)
        assert newcomer.next_at == NOW + DAY
        advance(session, NOW + 2 * DAY)
        assert enrolment.next_at == NOW + 3 * DAY
        advance(session, NOW + 3 * DAY)
        assert told(session, enrolment) == ["に"]


def test_a_step_put_in_or_moved_never_comes_twice_nor_to_those_past_it(database: Database) -> None:
    with database.begin() as session:
        scenario = made(session, say("いち"), say("に", after={"days": 1}), say("さん", after={"days": 1}))
        ahead = enter(session, scenario)
        advance(session, NOW)
        first, second, _ = Flow(scenario.steps).main
        assert scenario_edits.move_step(session, first.id, up=False)
        assert not scenario_edits.move_step(session, second.id, up=True)
        late = enter(session, scenario)
        for days in range(1, 4):
            advance(session, NOW + days * DAY)
        assert told(session, ahead) == ["いち", "に", "さん"]
        assert told(session, late) == ["に", "いち", "さん"]


def test_an_arm_that_is_gone_takes_its_steps_with_it_and_its_friends_go_on(database: Database) -> None:
    with database.begin() as session:
        arms = [{"name": name, "share": 1, "steps": [say(name, after={"days": 1})]} for name in "AB"]
        scenario = made(session, {"do": "split", "name": "分け", "arms": arms}, say("おわり"))
        inside = [enter(session, scenario) for _ in range(12)]
        advance(session, NOW)
        text = scenario_files.export(session, scenario.id)
        text["steps"][0]["arms"] = [text["steps"][0]["arms"][0], {"name": "C", "share": 1}]
        scenario_files.replace(session, scenario.id, json.dumps(text), "test", NOW)
        assert [each.step.name for each in Flow(scenario.steps).placed()] == ["分け", "A", "おわり"]
        advance(session, NOW + DAY)
        said = {tuple(told(session, enrolment)) for enrolment in inside}
        assert said == {("A", "おわり"), ("おわり",)}


def test_deleting_a_scenario_ends_it_for_all_and_keeps_what_was_sent(database: Database) -> None:
    with database.begin() as session:
        scenario = made(
            session,
            say("いち"),
            {"do": "branch", "if": BOUGHT, "yes": [say("に")]},
            say("さん", after={"days": 1}),
        )
        enter(session, scenario)
        advance(session, NOW)
        assert scenario_edits.delete(session, scenario.id, NOW) == 1
    with database.reading() as session:
        assert session.scalars(select(Scenario)).all() == []
        delivery = session.scalars(select(Delivery)).one()
        assert (delivery.state, delivery.reason, delivery.enrolment_id) == (
            DeliveryState.CANCELLED,
            "scenario_ended",
            None,
        )
