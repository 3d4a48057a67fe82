"""Coupons: given once, used once, not after their day."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from segments import coupons
from segments.coupons import CouponTerms
from segments.db import Database
from segments.errors import Conflict, Invalid, KokyakuError, NotFound
from segments.models import CouponGrant, CustomerEvent
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW

TERMS = CouponTerms("次回500円引き", "¥500 off", 500, 30)


def test_one_cause_gives_one_coupon(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        coupons.define(session, "welcome", TERMS, NOW)
        first = coupons.grant(session, "welcome", friend.id, "step:1", NOW)
        assert coupons.grant(session, "welcome", friend.id, "step:1", NOW).id == first.id
        assert coupons.grant(session, "welcome", friend.id, "step:2", NOW).id != first.id
        assert len(session.scalars(select(CustomerEvent)).all()) == 2
        assert (len(first.code), first.expires_at) == (8, NOW + timedelta(days=30))


def test_terms_can_be_changed_and_hold_for_what_is_given_later(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        coupons.define(session, "referral_referrer", replace(TERMS, discount_yen=800, valid_days=7), NOW)
        granted = coupons.grant(session, "referral_referrer", friend.id, "x", NOW)
        (one,) = coupons.held(session, friend.id, NOW)
        assert (one.discount_yen, one.title, one.code) == (800, "次回500円引き", granted.code)
        assert granted.expires_at == NOW + timedelta(days=7)


def test_impossible_terms_and_unknown_coupons_are_refused(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session)
        with pytest.raises(Invalid, match="discount_yen"):
            coupons.define(session, "x", replace(TERMS, discount_yen=0), NOW)
        with pytest.raises(NotFound, match="coupon_unknown"):
            coupons.grant(session, "x", friend.id, "y", NOW)


def test_a_coupon_is_used_once_however_it_is_typed(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        code = coupons.grant(session, "referral_newcomer", friend.id, "x", NOW).code
        typed = f" {code[:4].lower()}-{code[4:].translate({ord('A'): 'Ａ'})} "
        assert coupons.redeem(session, typed, "till", NOW).redeemed_at == NOW
        assert coupons.held(session, friend.id, NOW) == []
        with pytest.raises(Conflict) as refused:
            coupons.redeem(session, code, "operator:1", NOW)
        assert refused.value.params == {"at": NOW, "by": "till"}
        with pytest.raises(NotFound, match="coupon_unknown"):
            coupons.redeem(session, "ZZZZZZZZ", "till", NOW)


def test_a_coupon_is_no_good_after_its_day(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        granted = coupons.grant(session, "referral_newcomer", friend.id, "x", NOW)
        assert coupons.held(session, friend.id, granted.expires_at) == []
        with pytest.raises(Invalid, match="coupon_expired"):
            coupons.redeem(session, granted.code, "till", granted.expires_at)


def test_of_many_tills_at_once_one_redeems(database: Database) -> None:
    with database.begin() as session:
        code = coupons.grant(session, "referral_newcomer", a_friend(session).id, "x", NOW).code

    def redeem(number: int) -> bool:
        try:
            with database.begin() as session:
                coupons.redeem(session, code, f"till:{number}", NOW)
        except KokyakuError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(redeem, range(8))) == 1
    with database.reading() as session:
        assert session.scalars(select(CouponGrant.redeemed_by)).one() is not None
