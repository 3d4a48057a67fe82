"""Keeping what the ladders say: moves with their reasons, news, dates; and nothing where nothing moved."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import stage_keeping
from segments.db import Database
from segments.ladder_policies import GrowthPolicy, LadderPolicies
from segments.ladder_words import reason_words
from segments.ladders import LADDERS, LadderName
from segments.models import CustomerEvent, Cycle, EventKind, Facts, StageChange, Touched
from tests.builders import a_friend, a_watched_segment, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

DAY = timedelta(days=1)
POLICIES = LadderPolicies()
DATES: dict[str, Any] = {
    "first_at": days_ago(60),
    "last_at": days_ago(10),
    "due_at": NOW + 20 * DAY,
    "slip_at": NOW + 40 * DAY,
    "lapse_at": NOW + 90 * DAY,
}
A_READER: dict[str, Any] = {
    "purchase_count": 2,
    "full_price_count": 2,
    "first_purchase_at": days_ago(60),
    "last_purchase_at": days_ago(10),
    "settled_count": 1,
    "tap_count": 2,
    "message_count": 1,
    "last_reaction_at": days_ago(80),
}


def a_buyer(session: Session, facts: dict[str, Any] = A_READER) -> int:
    """Add a friend with these facts and, who bought, with a cycle; return their id."""
    friend_id = a_friend(session, facts=facts).id
    if facts.get("purchase_count"):
        session.add(
            Cycle(
                friend_id=friend_id,
                category="",
                n=1,
                s1=3.9,
                s2=15.2,
                sum_amount=2000,
                last_quantity=1,
                **DATES,
            )
        )
    session.flush()
    return friend_id


def look(session: Session, *friend_ids: int, now: datetime = NOW, **asked: Any) -> None:
    """Judge friends."""
    stage_keeping.look_at(session, friend_ids, asked.pop("policies", POLICIES), now, **asked)


def moves(session: Session, friend_id: int) -> list[tuple[str, str | None, str, str]]:
    """Return a friend's history: ladder, from, to, reason."""
    history = select(StageChange).where(StageChange.friend_id == friend_id).order_by(StageChange.id)
    return [(one.ladder, one.from_stage, one.to_stage, one.reason) for one in session.scalars(history)]


def test_what_every_ladder_says_is_kept_with_its_reason_and_since_when(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_buyer(session)
        look(session, friend_id)
        kept = session.get_one(Facts, friend_id)
        assert (kept.stage, kept.stage_reason, kept.stage_since) == ("existing", "full_price", NOW)
        assert (kept.growth, kept.growth_reason, kept.growth_since) == ("follower", "reacts", NOW)
        assert (kept.customer_class, kept.class_reason) == ("new", "bought_once_or_more")
        assert (kept.class_since, kept.purchase_status, kept.status_since) == (NOW, "active", NOW)
        # Of all dates the reaction that grows old is the first.
        assert kept.review_at == NOW + 10 * DAY
        assert moves(session, friend_id) == [
            ("pyramid", "aware", "existing", "full_price"),
            ("growth", None, "follower", "reacts"),
            ("class", "lead", "new", "bought_once_or_more"),
            ("status", None, "active", "within_cycle"),
        ]


def test_who_is_looked_at_again_in_vain_keeps_everything_as_it_was(database: Database) -> None:
    with database.begin() as session:
        a_watched_segment(session)
        friend_id = a_buyer(session)
        look(session, friend_id)
        before = moves(session, friend_id)
        look(session, friend_id, now=NOW + DAY)
        kept = session.get_one(Facts, friend_id)
        assert moves(session, friend_id) == before
        assert session.scalars(select(Touched.friend_id)).all() == [friend_id]  # by the first look
        assert {kept.stage_since, kept.growth_since, kept.class_since, kept.status_since} == {NOW}


def test_time_moves_only_the_ladder_it_is_about(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_buyer(session)
        look(session, friend_id)
        look(session, friend_id, now=NOW + 10 * DAY)
        assert moves(session, friend_id)[4:] == [("growth", "follower", "customer", "settled")]
        kept = session.get_one(Facts, friend_id)
        assert (kept.growth_since, kept.stage_since) == (NOW + 10 * DAY, NOW)
        look(session, friend_id, now=NOW + 20 * DAY)
        assert moves(session, friend_id)[5:] == [("status", "active", "due", "past_due")]
        assert kept.review_at == NOW + 40 * DAY


def test_moves_are_told_except_those_of_the_purchase_status(database: Database) -> None:
    with database.begin() as session:
        friend_id, quiet = a_buyer(session), a_buyer(session)
        look(session, friend_id)
        look(session, quiet, announce=False)
        told = session.scalars(select(CustomerEvent).order_by(CustomerEvent.id)).all()
        assert {one.friend_id for one in told} == {friend_id}
        assert {one.kind for one in told} == {EventKind.STAGE_CHANGED}
        assert [one.payload for one in told][1:] == [
            {"ladder": "growth", "from": "", "to": "follower", "reason": "reacts"},
            {"ladder": "class", "from": "lead", "to": "new", "reason": "bought_once_or_more"},
        ]
        assert len(moves(session, quiet)) == 4


def test_full_refunds_take_a_friend_off_the_ladders(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_buyer(session)
        look(session, friend_id)
        kept = session.get_one(Facts, friend_id)
        nothing = dict.fromkeys(("purchase_count", "full_price_count", "settled_count"), 0)
        for name, value in (nothing | {"last_purchase_at": None, "first_purchase_at": None}).items():
            setattr(kept, name, value)
        session.flush()
        session.delete(session.get_one(Cycle, (friend_id, "")))
        look(session, friend_id, now=NOW + DAY)
        assert (kept.growth, kept.growth_reason, kept.purchase_status) == ("", "not_bought", "")
        assert (kept.customer_class, kept.review_at) == ("lead", None)
        assert moves(session, friend_id)[4:] == [
            ("pyramid", "existing", "aware", "followed"),
            ("growth", "follower", "", "not_bought"),
            ("class", "new", "lead", "registered"),
            ("status", "active", "", "no_cycle"),
        ]


def test_many_are_kept_as_each_is(database: Database) -> None:
    with database.begin() as session:
        kinds: tuple[dict[str, Any], ...] = ({}, A_READER, {"inquired_at": NOW})
        together = [a_buyer(session, facts) for facts in kinds]
        alone = [a_buyer(session, facts) for facts in kinds]
        look(session, *together)
        for friend_id in alone:
            look(session, friend_id)
        for one, other in zip(together, alone, strict=True):
            assert moves(session, one) == moves(session, other)
            first, second = session.get_one(Facts, one), session.get_one(Facts, other)
            assert (first.stage, first.growth, first.review_at) == (
                second.stage,
                second.growth,
                second.review_at,
            )


def test_the_thresholds_of_each_ladder_are_heeded(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_buyer(session)
        look(session, friend_id, policies=replace(POLICIES, growth=GrowthPolicy(reactions=9)))
        assert session.get_one(Facts, friend_id).growth == "customer"


def test_a_kept_reason_can_be_put_into_words(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_buyer(session)
        look(session, friend_id)
        kept = session.get_one(Facts, friend_id)
        growth = LADDERS[LadderName.GROWTH]
        params = stage_keeping.reason_params(kept, POLICIES, growth)
        assert reason_words(kept.growth_reason, params, "ja") == (
            "メッセージやタップが3回あり、最近も反応がありました（2026年9月2日）"
        )
        assert stage_keeping.reason_params(kept, POLICIES) == {"count": 2}
        stored = session.scalars(select(StageChange).where(StageChange.ladder == "growth")).one()
        assert stored.reason_params == params
