"""Trying a scenario on a friend: what is told is what would then happen, nothing of it stays, and little is asked for it."""

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from scheduler import mail_settings, scenario_files, scenario_trial, scenarios
from scheduler.enrolments import enrol
from scheduler.house import quiet_hours
from scheduler.mail_settings import MailSettings
from scheduler.models import (
    Decision,
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Purpose,
    Reentry,
    Scenario,
    StepKind,
    StepPass,
)
from scheduler.reasons import Reason
from scheduler.scenario_trial import CAUSE, Trial
from scheduler.timing import next_allowed
from segments import coupons, shop
from segments.db import Database
from segments.models import CouponGrant, FriendTag
from tests.asking import asked_of
from tests.builders import a_friend, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.scheduler import scenario_trees

DAY = timedelta(days=1)
BOUGHT = {"is": "purchase_count", "at_least": 1}
Said = list[tuple[datetime, int, str]]
KEPT = (Enrolment, Delivery, Decision, StepPass, FriendTag, CouponGrant)


def friends_of_all_kinds(session: Session) -> list[int]:
    buyer = a_friend(session, facts={"purchase_count": 2, "first_purchase_at": NOW - timedelta(days=300)})
    kept = a_friend(session, birthday=days_ago(9000).date(), facts={"stage": "trial"})
    coupons.grant(session, "referral_newcomer", kept.id, "test", NOW)
    return [buyer.id, kept.id, a_friend(session).id, a_friend(session, blocked_at=days_ago(1)).id]


def told(trial: Trial) -> Said:
    """Return what a trial says of messages: when, of which step, and why not."""
    of_messages = [each for each in trial.moments if each.outcome in {"sent", "skipped"}]
    return sorted((each.at, each.step_id, each.detail) for each in of_messages)


def all_leave(session: Session, enrolment: Enrolment, before: datetime) -> None:
    """Have LINE take what of an enrolment is pushed before a moment, and what waits for a reply along with it."""
    house = shop.load(session)
    queued = (Delivery.enrolment_id == enrolment.id, Delivery.state == DeliveryState.QUEUED)
    waiting = session.scalars(select(Delivery).where(*queued)).all()
    pushes = [next_allowed(each.not_before or NOW, quiet_hours(house), house.zone) for each in waiting]
    last = max((push for push in pushes if push < before), default=None)
    taken = [each.id for each in waiting if last is not None and each.created_at <= last]
    session.execute(update(Delivery).where(Delivery.id.in_(taken)).values(state=DeliveryState.ACCEPTED))


def lived(session: Session, scenario: Scenario, friend_id: int) -> tuple[Said, str]:
    """Let the friend really go through the scenario; return the same of what happened, and how it ended."""
    enrolment = enrol(session, scenario, friend_id, CAUSE, {"at": NOW.isoformat()}, NOW)
    assert enrolment is not None
    now = NOW
    for _ in range(2000):
        if enrolment.state is not EnrolmentState.ACTIVE:
            break
        assert enrolment.next_at is not None
        if enrolment.next_at > now:
            now = enrolment.next_at
            all_leave(session, enrolment, now)
        scenarios.advance(session, now)
        session.refresh(enrolment)
    rows = session.scalars(select(Delivery).where(Delivery.enrolment_id == enrolment.id))
    said = [(each.created_at, each.step_id or 0, each.reason or "") for each in rows]
    return sorted(said), enrolment.state.value


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=scenario_trees.scenarios())
def test_what_a_trial_tells_of_any_scenario_is_what_then_happens(
    database: Database, tree: dict[str, Any]
) -> None:
    with database.begin() as session:
        scenario = scenario_files.create(session, json.dumps(tree), "test", NOW)
        for friend_id in friends_of_all_kinds(session):
            trial = scenario_trial.run(session, scenario.id, friend_id, NOW)
            scenario.active, scenario.reentry = True, Reentry.ALWAYS
            with session.begin_nested() as life:
                happened, end = lived(session, scenario, friend_id)
                life.rollback()
            session.expire_all()
            assert (told(trial), trial.end) == (happened, end)
        session.rollback()


def test_who_reaches_the_goal_in_the_moment_of_a_message_is_told_not_to_get_it(database: Database) -> None:
    with database.begin() as session:
        goal = {"kind": StepKind.GOAL, "condition": BOUGHT, "message_id": None}
        at_once = a_scenario(session, {}, goal, active=False)
        later = a_scenario(session, {}, goal | {"delay": DAY}, active=False)
        buyer = a_friend(session, facts={"purchase_count": 1})
        told_of = [scenario_trial.run(session, made.id, buyer.id, NOW) for made in (at_once, later)]
    ways = [
        [(each.outcome, each.detail) for each in trial.moments if each.kind is StepKind.MESSAGE]
        for trial in told_of
    ]
    assert ways == [[("skipped", Reason.SCENARIO_ENDED)], [("sent", "")]]
    assert [trial.end for trial in told_of] == ["goal", "goal"]


def test_who_reaches_the_goal_in_the_moment_in_which_a_held_message_leaves_is_told_not_to_get_it(
    database: Database,
) -> None:
    with database.begin() as session:
        at_night, goal = timedelta(hours=12), {"kind": StepKind.GOAL, "condition": BOUGHT, "message_id": None}
        made = a_scenario(session, {"delay": at_night}, goal, reentry=Reentry.ALWAYS)
        buyer = a_friend(session, facts={"purchase_count": 1})
        trial = scenario_trial.run(session, made.id, buyer.id, NOW)
        assert [(each[0] > NOW + at_night, each[2]) for each in told(trial)] == [
            (True, Reason.SCENARIO_ENDED)
        ]
        assert (told(trial), trial.end) == lived(session, made, buyer.id)


def test_a_message_that_waits_for_a_reply_is_told_with_when_it_leaves_at_the_latest(
    database: Database,
) -> None:
    with database.begin() as session:
        rides = {"rides_for": timedelta(hours=5)}
        alone = a_scenario(session, rides, active=False)
        # Nine hours from 14:30 on it is 23:30: quiet hours hold it until 9:00.
        into_the_night = a_scenario(session, {"rides_for": timedelta(hours=9)}, active=False)
        carried = a_scenario(session, rides, {"delay": timedelta(hours=2)}, active=False)
        friend = a_friend(session)
        trials = [
            scenario_trial.run(session, made.id, friend.id, NOW) for made in (alone, into_the_night, carried)
        ]
        morning = next_allowed(
            NOW + timedelta(hours=9), quiet_hours(shop.load(session)), shop.load(session).zone
        )
    assert morning > NOW + timedelta(hours=9)
    assert [[(each.outcome, each.until) for each in trial.moments] for trial in trials] == [
        [("sent", NOW + timedelta(hours=5))],
        [("sent", morning)],
        [("sent", NOW + timedelta(hours=2)), ("sent", None)],
    ]


def test_who_reaches_the_goal_while_a_message_still_waits_for_a_reply_is_told_not_to_get_it(
    database: Database,
) -> None:
    with database.begin() as session:
        goal = {"kind": StepKind.GOAL, "condition": BOUGHT, "message_id": None, "delay": timedelta(hours=3)}
        waits, is_over = (
            a_scenario(session, {"rides_for": timedelta(hours=hours)}, goal, reentry=Reentry.ALWAYS)
            for hours in (4, 2)
        )
        buyer = a_friend(session, facts={"purchase_count": 1})
        for made, reason in ((waits, Reason.SCENARIO_ENDED), (is_over, "")):
            trial = scenario_trial.run(session, made.id, buyer.id, NOW)
            assert [each[2] for each in told(trial)] == [reason]
            assert (told(trial), trial.end) == lived(session, made, buyer.id)


def counts(session: Session) -> list[int]:
    return [session.scalars(select(func.count()).select_from(model)).one() for model in KEPT]


def test_nothing_of_a_trial_stays(database: Database) -> None:
    with database.begin() as session:
        effects = {"tag": "道", "coupon": "referral_newcomer"}
        made = a_scenario(session, {"effects": effects}, {"delay": DAY}, active=False)
        friend = a_friend(session)
        before = counts(session)
        trial = scenario_trial.run(session, made.id, friend.id, NOW)
        assert [each.outcome for each in trial.moments] == ["sent", "sent"]
        assert (counts(session), made.active) == (before, False)


def test_a_step_that_asks_for_what_a_step_before_it_did_finds_it_done(database: Database) -> None:
    with database.begin() as session:
        tagged = {"is": "tag", "names": ["道"]}
        made = a_scenario(
            session,
            {"kind": StepKind.ACTION, "message_id": None, "effects": {"tag": "道"}},
            {"delay": DAY, "kind": StepKind.BRANCH, "condition": tagged, "message_id": None},
            {"delay": DAY, "condition": tagged},
        )
        trial = scenario_trial.run(session, made.id, a_friend(session).id, NOW)
        assert [(each.outcome, each.detail) for each in trial.moments] == [
            ("done", ""),
            ("arm", "yes"),
            ("sent", ""),
        ]
        assert (trial.end, trial.ends_at) == ("completed", NOW + 2 * DAY)


def test_why_a_message_is_skipped_or_a_friend_leaves_is_told(database: Database) -> None:
    with database.begin() as session:
        never = {"is": "none", "of": [{"is": "everyone"}]}
        leaving = {"kind": StepKind.WAIT_UNTIL, "message_id": None, "condition": BOUGHT}
        made = a_scenario(
            session,
            {"condition": never},
            leaving | {"settings": {"latest_days": 3, "otherwise": "leave"}},
        )
        trial = scenario_trial.run(session, made.id, a_friend(session).id, NOW)
        assert [(each.outcome, each.detail) for each in trial.moments] == [
            ("skipped", "condition"),
            ("waits", ""),
            ("left", "waited"),
        ]
        assert (trial.end, trial.ends_at) == ("left", NOW + 3 * DAY)


def test_what_goes_by_mail_instead_counts_as_sent(database: Database) -> None:
    with database.begin() as session:
        made = a_scenario(session, {"purpose": Purpose.SERVICE})
        consent: dict[str, Any] = {"email": "a@example.com", "email_consent_at": days_ago(3)}
        blocked = a_friend(session, blocked_at=days_ago(1), **consent)
        for complete, outcome in ((False, "skipped"), (True, "sent")):
            if complete:
                imprint = MailSettings("みどり茶舗", "東京都", "03-0000-0000")
                mail_settings.save(session, imprint, NOW)
            trial = scenario_trial.run(session, made.id, blocked.id, NOW)
            assert [each.outcome for each in trial.moments] == [outcome]


def test_a_step_that_is_switched_off_is_where_it_ends(database: Database) -> None:
    with database.begin() as session:
        made = a_scenario(session, {}, {"delay": DAY, "active": False}, {"delay": DAY})
        trial = scenario_trial.run(session, made.id, a_friend(session).id, NOW)
        assert ([each.outcome for each in trial.moments], trial.end) == (["sent", "paused"], "paused")


def test_ten_steps_cost_few_queries(database: Database) -> None:
    with database.begin() as session:
        steps: list[dict[str, Any]] = [{"delay": DAY} for _ in range(10)]
        made = a_scenario(session, *steps)
        friend_id = a_friend(session).id
        with asked_of(database) as statements:
            trial = scenario_trial.run(session, made.id, friend_id, NOW)
        assert [each.outcome for each in trial.moments] == ["sent"] * 10
        assert len(statements) <= 30


def test_one_batch_reads_the_shop_and_its_messages_once_for_all_steps(database: Database) -> None:
    with database.begin() as session:
        made = a_scenario(session, {}, {"delay": timedelta()}, {"delay": timedelta()})
        for place, step in enumerate(made.steps):
            for number in range(2):
                who = a_friend(session)
                session.add(
                    Enrolment(
                        scenario_id=made.id, friend_id=who.id, cause=f"{place}-{number}", entered_at=NOW,
                        next_step_id=step.id, next_at=NOW, due_at=NOW,
                    )
                )  # fmt: skip
        session.flush()
        with asked_of(database) as statements:
            assert scenarios.advance(session, NOW) == 6
        reads = [each for each in statements if each.startswith("SELECT")]
        assert len([each for each in reads if "FROM policies" in each]) == 1
        assert len([each for each in reads if "FROM message_versions" in each]) == 1
        queued = select(func.count()).where(Delivery.state == DeliveryState.QUEUED)
        assert session.scalar(queued) == 6
