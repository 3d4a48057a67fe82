"""What each kind of step does for the friends who come to it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler import enrolments, splits, triggers
from scheduler.models import Delivery, EnrolmentState, Reentry
from scheduler.step_settings import Arm
from segments import contact_policy, events, shop
from segments.contact_policy import ContactPolicy
from segments.db import Database
from segments.models import EventKind, Facts, FriendTag
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.scheduler.scenario_walks import BOUGHT, DAY, HOUR, advance, enter, made, say, told


def test_a_message_waits_for_a_reply_unless_closed_days_would_outlast_its_validity(
    database: Database,
) -> None:
    with database.begin() as session:
        closed_on_sundays = replace(shop.load(session), closed_weekdays=(6,))
        shop.save(session, closed_on_sundays, NOW)
        waits = {"rides_for": {"hours": 20}}
        scenario = made(
            session,
            say("待つ", **waits),
            say("日曜まで", **waits, valid_for={"hours": 24}),
            say("月曜まで", **waits, valid_for={"hours": 48}),
        )
        enter(session, scenario)
        for days, at in ((0, 20 * HOUR), (1, timedelta())):
            contact_policy.save(session, ContactPolicy(closed_days=days), "test", NOW)
            with session.begin_nested() as life:
                advance(session, NOW)
                rows = session.execute(select(Delivery.not_before, Delivery.rides_from).order_by(Delivery.id))
                assert [tuple(row) for row in rows] == [
                    (NOW + 20 * HOUR, NOW),
                    (NOW + at, NOW),
                    (NOW + 20 * HOUR, NOW),
                ]
                life.rollback()


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
