"""The trust account: what moves it, that SQL and Python move it alike, and how it recovers."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import (
    complaints,
    contacts,
    conversations,
    facts,
    friends,
    merging,
    purchases,
    signals,
    trust,
    trust_policy,
)
from segments.db import Database
from segments.errors import Invalid
from segments.models import Direction, Facts, Friend, TrustEntry, TrustKind
from segments.trust_moves import Account, moved
from segments.trust_policy import OPENING, TrustPolicy
from tests.builders import a_friend, a_product, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

WEEK = timedelta(days=7)
POLICIES = (TrustPolicy(), TrustPolicy(highest=12, lowest=3, recovery_days=2))


def test_a_debt_is_paid_by_time_alone_a_point_each_week() -> None:
    policy = TrustPolicy()
    account = moved(Account(), -OPENING - 2, NOW, policy)
    balances = [account.balance(NOW + timedelta(days=days), policy) for days in (0, 1, 7, 13, 14, 400)]
    assert balances == [-2, -2, -1, -1, 0, 0]
    assert account.owed(NOW + 2 * WEEK, policy) == 0


def test_care_shortens_a_debt_and_lifts_to_zero_at_most() -> None:
    policy = TrustPolicy()
    account = moved(Account(0), -2, NOW, policy)
    assert moved(account, 1, NOW, policy).balance(NOW, policy) == -1
    assert moved(account, 50, NOW, policy) == Account(0)


def test_nobody_saves_or_owes_without_end() -> None:
    policy = TrustPolicy(highest=12, lowest=3)
    assert moved(Account(), 100, NOW, policy) == Account(12)
    assert moved(Account(), -100, NOW, policy).balance(NOW, policy) == -3


MOVES = st.lists(st.tuples(st.integers(-30, 30), st.integers(0, 20 * 24)), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, policy=st.sampled_from(POLICIES))
def test_one_update_moves_an_account_as_python_says(
    database: Database, moves: list[tuple[int, int]], policy: TrustPolicy
) -> None:
    with database.begin() as session:
        friend, expected, at = a_friend(session), Account(), NOW
        for points, hours in moves:
            at += timedelta(hours=hours)
            expected = moved(expected, points, at, policy)
            trust.move(session, [friend.id], points, at, policy)
            kept = session.get_one(Facts, friend.id, populate_existing=True)
            assert trust.account_of(kept) == expected


def test_what_friends_do_moves_their_account(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_product(session, code="TEA")
        signals.tapped(session, friend.id, NOW)
        signals.wrote(session, friend.id, NOW)
        new = purchases.NewPurchase("A-1", NOW, 1000, friend_id=friend.id, items=(purchases.NewItem("TEA"),))
        purchases.record(session, new, NOW, "test")
        assert session.get_one(Facts, friend.id).trust == OPENING + 1 + 1 + 5
        signals.complain(session, friend.id, NOW)
        kept = session.get_one(Facts, friend.id)
        assert trust.account_of(kept).balance(NOW, TrustPolicy()) == -3
        friends.block(session, friend, NOW)
        assert trust.account_of(kept).balance(NOW, TrustPolicy()) == -13
        kinds = [each.kind for each in trust.history(session, friend.id)]
    assert [kind.value for kind in kinds] == ["block", "complaint", "purchase", "reply", "tap"]


def test_a_complaint_taken_back_gives_back_what_it_cost_then(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        trust_policy.save(session, TrustPolicy(complaint=7), "operator:1", NOW)
        signals.complain(session, friend.id, NOW)
        trust_policy.save(session, TrustPolicy(complaint=9), "operator:1", NOW)
        complaint = session.scalars(select(TrustEntry)).one()
        event_id = int(complaint.cause.removeprefix("complaint:"))
        assert signals.withdraw_complaint(session, event_id, "operator:1", NOW)
        assert not signals.withdraw_complaint(session, event_id, "operator:1", NOW)
        assert [each.points for each in trust.history(session, friend.id)] == [7, -7]
        assert session.get_one(Facts, friend.id).trust == OPENING


def test_a_question_left_unanswered_costs_once_and_answering_earns(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        message = conversations.said(
            session, friend.id, kind="text", text="?", content=None, delivery_id=None, at=days_ago(2)
        )
        message.direction = Direction.IN
        question = conversations.ask(session, friend, message, days_ago(2))
        assert trust.charge_overdue(session, days_ago(1.5)) == 0
        assert trust.charge_overdue(session, NOW) == 1
        assert trust.charge_overdue(session, NOW) == 0
        assert session.get_one(Facts, friend.id).trust == OPENING - 5
        assert conversations.answer(session, question.id, "operator", NOW)
        assert not conversations.answer(session, question.id, "operator", NOW)
        assert session.get_one(Facts, friend.id, populate_existing=True).trust == OPENING - 5 + 2


def test_care_adds_and_selling_spends_also_for_who_got_two(database: Database) -> None:
    with database.begin() as session:
        one, two = a_friend(session), a_friend(session)
        both = [one.id, two.id]
        contacts.contacted(session, both, NOW, cared=[one.id], sold=[two.id, two.id])
        for friend, points, packed in ((one, OPENING + 1, 1), (two, OPENING - 2, 2)):
            kept = session.get_one(Facts, friend.id, populate_existing=True)
            assert (kept.trust, len(kept.recent_contacts)) == (points, packed * 5)
            assert kept.last_contacted_at == NOW


def test_two_rows_that_turn_out_to_be_one_friend_keep_what_both_had(database: Database) -> None:
    with database.begin() as session:
        friend, imported = a_friend(session), a_friend(session, line_user_id=None)
        trust.adjust(session, imported.id, 4, "operator:1", "手紙", NOW)
        trust.adjust(session, friend.id, 3, "operator:1", "電話", NOW)
        merging.merge(session, imported, into=friend, now=NOW)
        assert session.get_one(Facts, friend.id, populate_existing=True).trust == OPENING + 7
        assert [each.kind for each in trust.history(session, friend.id)] == [
            TrustKind.MERGED,
            TrustKind.BY_HAND,
        ]


def balance(session: Session, friend: Friend) -> int:
    kept = session.get_one(Facts, friend.id, populate_existing=True)
    return trust.account_of(kept).balance(NOW, TrustPolicy())


def test_a_complaint_of_who_was_imported_is_still_taken_back_from_the_friend(database: Database) -> None:
    with database.begin() as session:
        imported, friend = a_friend(session, line_user_id=None), a_friend(session)
        signals.complain(session, imported.id, NOW, about="破損")
        trust.adjust(session, imported.id, 4, "operator:1", "お礼", NOW)
        merging.merge(session, imported, into=friend, now=NOW)
        assert balance(session, friend) == OPENING - 20 + 4
        (told,) = complaints.of_friend(session, friend.id)
        assert complaints.withdraw_of_friend(session, friend.id, told.id, "operator:1", NOW)
        # What lifts an account out of the red leaves it at zero.
        assert balance(session, friend) == 0
        assert [each.points for each in trust.history(session, friend.id)] == [20, -20 + 4]
        assert not complaints.withdraw_of_friend(session, friend.id, told.id, "operator:1", NOW)


def test_a_rebuild_of_facts_leaves_the_account_alone(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        signals.complain(session, friend.id, NOW)
        before = trust.account_of(session.get_one(Facts, friend.id))
        facts.rebuild(session, friend.id, NOW)
        assert trust.account_of(session.get_one(Facts, friend.id, populate_existing=True)) == before


@pytest.mark.parametrize(
    ("points", "why", "code"), [(0, "x", "points"), (1001, "x", "points"), (1, " ", "why")]
)
def test_points_by_hand_need_a_number_and_a_reason(
    sqlite: Database, points: int, why: str, code: str
) -> None:
    with sqlite.begin() as session, pytest.raises(Invalid, match=f"trust_{code}_invalid"):
        trust.adjust(session, a_friend(session).id, points, "operator:1", why, NOW)
