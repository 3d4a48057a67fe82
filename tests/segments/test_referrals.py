"""Referrals: who may bring whom, and both are rewarded once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import codes, facts, policies, referrals
from segments.db import Database
from segments.errors import Invalid
from segments.models import CouponGrant, CustomerEvent, EventKind, Facts, Friend
from tests.builders import a_friend, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW


def refused(session: Session, newcomer: Friend, code: str) -> str:
    """Return the code under which a referral is refused."""
    with pytest.raises(Invalid) as error:
        referrals.enter(session, newcomer, code, NOW)
    return error.value.code


def rewards(session: Session) -> list[tuple[int, str]]:
    """Return who was rewarded as what."""
    news = session.scalars(select(CustomerEvent).where(CustomerEvent.kind == EventKind.REFERRAL_REWARDED))
    return [(event.friend_id, event.payload["side"]) for event in news]


def test_a_code_is_made_once_and_forgives_how_it_is_typed(database: Database) -> None:
    with database.begin() as session:
        referrer, newcomer = a_friend(session), a_friend(session)
        code = referrals.code_of(session, referrer)
        assert referrals.code_of(session, referrer) == code
        assert len(code) == 8
        assert set(code) <= set(codes.ALPHABET)
        assert (
            referrals.enter(session, newcomer, f"{code[:4]} {code[4:].lower()}", NOW).referrer_id
            == referrer.id
        )
        assert session.get_one(Facts, referrer.id, populate_existing=True).referral_count == 1


def test_a_code_may_come_before_the_follow(database: Database) -> None:
    with database.begin() as session:
        referrer, newcomer = a_friend(session), a_friend(session, followed_at=None)
        assert referrals.enter(session, newcomer, referrals.code_of(session, referrer), NOW)


def test_nobody_brings_themselves_twice_or_someone_who_is_not_new(database: Database) -> None:
    with database.begin() as session:
        referrer, other = a_friend(session), a_friend(session)
        code = referrals.code_of(session, referrer)
        assert refused(session, other, "NOSUCH22") == "referral_unknown"
        assert refused(session, referrer, code) == "referral_self"
        referrals.enter(session, other, code, NOW)
        assert refused(session, other, code) == "referral_already"
        assert refused(session, referrer, referrals.code_of(session, other)) == "referral_not_new"
        buyer = a_friend(session, facts={"purchase_count": 1})
        old = a_friend(session, followed_at=days_ago(31))
        assert [refused(session, one, code) for one in (buyer, old)] == ["referral_not_new"] * 2


def test_for_how_long_a_friend_is_new_is_the_shops_to_say(database: Database) -> None:
    with database.begin() as session:
        referrer, old = a_friend(session), a_friend(session, followed_at=days_ago(31))
        policies.save(session, policies.REFERRAL, {"newcomer_days": 60}, "operator:1", NOW)
        assert referrals.enter(session, old, referrals.code_of(session, referrer), NOW)


@pytest.mark.parametrize(
    ("bought_at", "rewarded"),
    [(NOW, True), (NOW - timedelta(hours=5), True), (days_ago(1), False)],
    ids=["after", "the same day, at midnight", "the day before"],
)
def test_only_a_first_purchase_after_the_code_is_rewarded(
    database: Database, bought_at: Any, rewarded: bool
) -> None:
    with database.begin() as session:
        referrer, newcomer = a_friend(session), a_friend(session)
        referrals.enter(session, newcomer, referrals.code_of(session, referrer), NOW)
        a_purchase(session, newcomer, bought_at=bought_at)
        facts.learn_purchases(session, newcomer.id, NOW)
        expected = [(newcomer.id, "newcomer"), (referrer.id, "referrer")] if rewarded else []
        assert rewards(session) == expected
        referrals.reward_first_purchases(session, [newcomer.id], NOW)
        assert rewards(session) == expected
        assert len(session.scalars(select(CouponGrant)).all()) == len(expected)


def test_buying_again_after_a_refund_is_not_rewarded_again(database: Database) -> None:
    with database.begin() as session:
        referrer, newcomer = a_friend(session), a_friend(session)
        referrals.enter(session, newcomer, referrals.code_of(session, referrer), days_ago(3))
        first = a_purchase(session, newcomer)
        facts.learn_purchases(session, newcomer.id, NOW)
        first.refunded_at, first.refunded_yen = NOW, first.amount_yen
        facts.learn_purchases(session, newcomer.id, NOW)
        a_purchase(session, newcomer)
        facts.learn_purchases(session, newcomer.id, NOW)
        assert len(rewards(session)) == 2


def test_a_purchase_without_a_referral_rewards_nobody(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_purchase(session, friend)
        facts.learn_purchases(session, friend.id, NOW)
        assert rewards(session) == []
