"""Apologies: what a complaint starts, that no ceiling drops it, and what is foretold of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import apologies, apology_outlook, candidates, library, scenarios, triggers
from scheduler.apology_outlook import Outlook
from scheduler.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Purpose,
    Scenario,
)
from scheduler.reasons import Reason
from scheduler.verdicts import Allowed, Held, Refused, may_send
from segments import complaints, contact_policy, contacts, conversations, signals, trust
from segments.contact_policy import ContactPolicy, Limits
from segments.db import Database
from segments.models import ChatMessage, Direction, Facts, Friend
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
SOON = NOW + timedelta(minutes=11)
WHY = "配信が多すぎる"


def a_shop(session: Session, **values: Any) -> int:
    """Install what is ready and return a friend who is at the ceiling of their stage."""
    library.install(session, NOW - timedelta(days=30))
    plan = ContactPolicy(Limits(week=1, month=2), {})
    contact_policy.save(session, plan, "operator:1", NOW - timedelta(days=30))
    friend = a_friend(session, **values)
    for days in (2, 1):
        contacts.contacted(session, [friend.id], NOW - timedelta(days=days), sold=[friend.id])
    return friend.id


def read(database: Database, now: datetime = NOW) -> None:
    with database.begin() as session:
        triggers.read_events(session, now)


def standing(session: Session, friend_id: int) -> list[tuple[EnrolmentState, str | None]]:
    query = select(Enrolment.state, Enrolment.end_reason).where(Enrolment.friend_id == friend_id)
    return [(state, reason) for state, reason in session.execute(query.order_by(Enrolment.id))]


def written(database: Database) -> Delivery:
    """Let the scenario begin and come to its first message."""
    read(database)
    with database.begin() as session:
        scenarios.advance(session, SOON)
    with database.reading() as session:
        return session.scalars(select(Delivery)).one()


def test_who_heard_too_often_gets_the_apology_all_the_same(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        assert apologies.begin(session, friend_id, WHY, "cli", NOW)
    apology = written(database)
    assert (apology.state, apology.friend_id) == (DeliveryState.QUEUED, friend_id)
    with database.reading() as session:
        (asked,) = candidates.candidates(session, [apology], SOON)
        assert asked.recipient.contact.ceiling is not None
        assert may_send(asked, SOON) == Allowed()
        # At night it waits, unlike what a friend waits for.
        assert isinstance(may_send(asked, NOW + timedelta(hours=12)), Held)


def test_care_from_elsewhere_keeps_the_ceiling(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        about = {"kind": DeliveryKind.BROADCAST, "purpose": Purpose.CARE, "state": DeliveryState.QUEUED}
        elsewhere = Delivery(friend_id=friend_id, created_at=NOW, **about)
        session.add(elsewhere)
        session.flush()
        (asked,) = candidates.candidates(session, [elsewhere], NOW)
        assert may_send(asked, NOW) == Refused(Reason.CONTACT_CEILING, "2 2 30")


def test_the_same_words_count_once_until_they_are_taken_back(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        assert apologies.begin(session, friend_id, WHY, "operator:1", NOW)
        assert not apologies.begin(session, friend_id, f" {WHY}\n", "operator:2", SOON)
        (told,) = complaints.of_friend(session, friend_id)
        assert complaints.withdraw_of_friend(session, friend_id, told.id, "operator:1", SOON)
        assert not complaints.withdraw_of_friend(session, friend_id, told.id, "operator:1", SOON)
        assert complaints.of_friend(session, friend_id) == []
        assert apologies.begin(session, friend_id, WHY, "operator:1", SOON)
        assert apologies.begin(session, friend_id, WHY, "operator:1", SOON + apologies.SAME)
        assert session.get_one(Facts, friend_id).complaint_count == 2
        assert len(trust.history(session, friend_id)) == 4


def test_who_is_apologised_to_in_person_is_not_written_to(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        apologies.begin(session, friend_id, WHY, "operator:1", NOW, in_person=True)
    with database.begin() as session:
        triggers.read_events(session, NOW)
        assert session.scalars(select(Enrolment)).all() == []
        facts = session.get_one(Facts, friend_id)
        assert (facts.complaint_count, facts.complained_at) == (1, NOW)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Outlook.COMING),
        ({"blocked_at": NOW}, Reason.BLOCKED),
        ({"opted_out_at": NOW}, Reason.OPTED_OUT),
        ({"followed_at": None}, Reason.NOT_FOLLOWING),
    ],
)
def test_who_cannot_be_written_to_is_foretold(
    database: Database, values: dict[str, Any], expected: Outlook | Reason
) -> None:
    with database.begin() as session:
        friend_id = a_shop(session, **values)
        assert apology_outlook.of_friend(session, friend_id, NOW, complained=False) == expected
        apologies.begin(session, friend_id, WHY, "cli", NOW)
        assert apology_outlook.of_friend(session, friend_id, NOW) == expected


def test_a_scenario_that_will_not_start_is_foretold(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        assert apology_outlook.of_friend(session, friend_id, NOW) is Outlook.CHANGED  # Nobody complained.
        apologies.begin(session, friend_id, WHY, "cli", NOW)
    written(database)
    with database.begin() as session:
        assert apology_outlook.of_friend(session, friend_id, SOON) is Outlook.LATELY
        later = NOW + timedelta(days=8)
        assert apology_outlook.of_friend(session, friend_id, later) is Outlook.COMING
        ready = session.scalars(select(Scenario).where(Scenario.key == apologies.SCENARIO)).one()
        ready.active = False
        session.flush()
        assert apology_outlook.of_friend(session, friend_id, later) is Outlook.PAUSED
        ready.key = None
        session.flush()
        assert apology_outlook.of_friend(session, friend_id, later) is Outlook.DELETED


@pytest.mark.parametrize("days", [0.04, 4, 9, 29])
def test_an_old_question_is_apologised_for_from_when_it_is_recorded(database: Database, days: float) -> None:
    asked = NOW - timedelta(days=days)
    with database.begin() as session:
        friend_id = a_shop(session)
        friend = session.get_one(Friend, friend_id)
        for text in ("遅い", "破損"):
            said = ChatMessage(friend_id=friend_id, direction=Direction.IN, kind="text", text=text, at=asked)
            session.add(said)
            session.flush()
            question = conversations.ask(session, friend, said, asked)
            assert complaints.record(session, question.id, "operator:1", NOW)
        assert apology_outlook.of_friend(session, friend_id, NOW) is Outlook.COMING
    read(database)
    with database.begin() as session:
        (enrolment,) = session.scalars(select(Enrolment)).all()  # Two complaints, one apology.
        assert enrolment.next_at == NOW + timedelta(minutes=10)
    assert written(database).state is DeliveryState.QUEUED


def test_what_a_complaint_began_ends_when_it_is_taken_back(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        apologies.begin(session, friend_id, "先の件", "operator:1", NOW, in_person=True)
        apologies.begin(session, friend_id, WHY, "operator:1", NOW)
    read(database)
    with database.begin() as session:
        assert standing(session, friend_id) == [(EnrolmentState.ACTIVE, None)]
        mistaken = complaints.of_friend(session, friend_id)[0]
        assert complaints.withdraw_of_friend(session, friend_id, mistaken.id, "operator:1", NOW)
        assert apologies.begin(session, friend_id, WHY, "operator:1", NOW, in_person=True)
    read(database)
    read(database)
    with database.begin() as session:
        scenarios.advance(session, SOON)
        # Another complaint stands, so the scenario's own condition holds; the one it began for does not.
        assert standing(session, friend_id) == [(EnrolmentState.LEFT, Reason.COMPLAINT_WITHDRAWN)]
        assert session.scalars(select(Delivery)).all() == []
        assert apology_outlook.of_friend(session, friend_id, SOON) is Outlook.COMING
        assert apologies.begin(session, friend_id, "今度は本当", "operator:1", SOON)
    read(database, SOON)
    with database.reading() as session:
        assert standing(session, friend_id)[1:] == [(EnrolmentState.ACTIVE, None)]


def test_what_was_queued_is_cancelled_and_who_got_an_apology_gets_no_second(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        apologies.begin(session, friend_id, WHY, "operator:1", NOW)
    queued = written(database)
    with database.begin() as session:
        mistaken = complaints.of_friend(session, friend_id)[0]
        complaints.withdraw_of_friend(session, friend_id, mistaken.id, "operator:1", SOON)
    read(database, SOON)
    with database.begin() as session:
        cancelled = session.get_one(Delivery, queued.id)
        assert (cancelled.state, cancelled.reason) == (DeliveryState.CANCELLED, Reason.SCENARIO_ENDED)
        cancelled.state = DeliveryState.ACCEPTED  # Had it left by then.
        apologies.begin(session, friend_id, "別の件", "operator:1", SOON)
        assert apology_outlook.of_friend(session, friend_id, SOON) is Outlook.LATELY


@pytest.mark.parametrize("broken", ["steps", "segment", "condition", "goal", "sales"])
def test_a_scenario_that_was_spoilt_is_foretold_and_complaints_are_recorded(
    database: Database, broken: str
) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        ready = session.scalars(select(Scenario).where(Scenario.key == apologies.SCENARIO)).one()
        if broken == "steps":
            for step in ready.steps:
                step.removed_at = NOW
        elif broken == "goal":
            ready.goal = {"if": {"is": "everyone"}}
        elif broken == "sales":
            ready.steps[0].purpose = Purpose.SALES
        else:
            ready.condition = (
                {"is": "segment", "segment_id": 99} if broken == "segment" else {"is": "no such"}
            )
        assert apologies.begin(session, friend_id, WHY, "operator:1", NOW)
        expected = Reason.COMPLAINED if broken == "sales" else Outlook.CHANGED
        assert apology_outlook.of_friend(session, friend_id, NOW) == expected
        assert session.get_one(Facts, friend_id).complaint_count == 1


@pytest.mark.parametrize("is_read_between", [True, False])
def test_a_second_complaint_that_stands_is_apologised_for_instead(
    database: Database, is_read_between: bool
) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        apologies.begin(session, friend_id, WHY, "operator:1", NOW)
        apologies.begin(session, friend_id, "本当の件", "operator:1", NOW)
    if is_read_between:
        read(database)
    with database.begin() as session:
        _, mistaken = complaints.of_friend(session, friend_id)
        complaints.withdraw_of_friend(session, friend_id, mistaken.id, "operator:1", NOW)
    read(database)
    with database.reading() as session:
        now_in = session.scalars(select(Enrolment.cause).where(Enrolment.state == EnrolmentState.ACTIVE))
        (real,) = complaints.of_friend(session, friend_id)
        assert list(now_in) == [f"event:{real.id}"]
    assert written(database).state is DeliveryState.QUEUED


def test_recorded_again_before_the_scheduler_looks_it_is_told_as_coming_and_comes(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        apologies.begin(session, friend_id, WHY, "operator:1", NOW)
    read(database)
    with database.begin() as session:
        (mistaken,) = complaints.of_friend(session, friend_id)
        complaints.withdraw_of_friend(session, friend_id, mistaken.id, "operator:1", NOW)
        apologies.begin(session, friend_id, WHY, "operator:1", NOW)
        assert apology_outlook.of_friend(session, friend_id, NOW) is Outlook.COMING
    read(database)
    with database.reading() as session:
        assert [state for state, _ in standing(session, friend_id)] == [
            EnrolmentState.LEFT,
            EnrolmentState.ACTIVE,
        ]


@pytest.mark.parametrize(("days", "states"), [(2, [DeliveryState.QUEUED]), (4, []), (20, [])])
def test_what_another_system_hands_over_late_brings_no_apology(
    database: Database, days: int, states: list[DeliveryState]
) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        signals.complain(session, friend_id, NOW - timedelta(days=days), now=NOW, reference="till-7")
    read(database)
    with database.begin() as session:
        scenarios.advance(session, SOON)
        assert list(session.scalars(select(Delivery.state))) == states
        assert len(standing(session, friend_id)) == len(states)


def test_what_takes_the_place_of_a_mistaken_one_days_later_counts_from_then(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_shop(session)
        ready = session.scalars(select(Scenario).where(Scenario.key == apologies.SCENARIO)).one()
        ready.steps[0].delay = timedelta(days=10)
        apologies.begin(session, friend_id, WHY, "operator:1", NOW)
        apologies.begin(session, friend_id, "本当の件", "operator:1", NOW)
    read(database)
    with database.begin() as session:
        _, mistaken = complaints.of_friend(session, friend_id)
        later = NOW + timedelta(days=5)
        complaints.withdraw_of_friend(session, friend_id, mistaken.id, "operator:1", later)
    read(database, later)
    with database.reading() as session:
        active = select(Enrolment.next_at).where(Enrolment.state == EnrolmentState.ACTIVE)
        assert session.scalars(active).all() == [later + timedelta(days=10)]
