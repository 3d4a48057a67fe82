"""Apologies: what a complaint starts, that no ceiling drops it, and what is foretold of it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import apologies, apology_outlook, candidates, library, scenarios, triggers
from scheduler.apology_outlook import Outlook
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Enrolment, Purpose, Scenario
from scheduler.reasons import Reason
from scheduler.verdicts import Allowed, Held, Refused, may_send
from segments import complaints, contact_policy, contacts, trust
from segments.contact_policy import ContactPolicy, Limits
from segments.db import Database
from segments.models import Facts
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


def written(database: Database) -> Delivery:
    """Let the scenario begin and come to its first message."""
    with database.begin() as session:
        triggers.read_events(session, NOW)
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
