"""A coupon for everybody in a segment: one each, also when the job runs twice; one that is stopped, for nobody."""

import pytest
from sqlalchemy import select

from segments import coupon_giving, coupons
from segments.conditions import parse
from segments.coupons import CouponTerms
from segments.db import Database
from segments.errors import Conflict
from segments.models import Coupon, CouponGrant, CustomerEvent, EventKind
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock

EVERYONE = parse({"is": "everyone"})


def test_everybody_who_can_be_reached_gets_one_and_no_more(database: Database, clock: FakeClock) -> None:
    with database.begin() as session:
        friends = {a_friend(session).id for _ in range(3)}
        a_friend(session, line_user_id=None, followed_at=None)  # known by a member number alone
        coupons.define(session, "spring", CouponTerms("春", "", 300, 10), NOW)
        frozen = coupon_giving.ask(session, "spring", EVERYONE, NOW)
        assert frozen.size == 3
    for _ in range(2):
        coupon_giving.work(database, clock, "spring", frozen.id)
    with database.reading() as session:
        given = session.scalars(select(CouponGrant)).all()
        assert {each.friend_id for each in given} == friends
        assert len({each.code for each in given}) == len(given) == 3
        news = session.scalars(select(CustomerEvent).where(CustomerEvent.kind == EventKind.COUPON_GRANTED))
        assert len(news.all()) == 3
        assert coupon_giving.given(session, frozen.id) == 3


def test_a_stopped_coupon_is_given_to_nobody_and_stays_good_where_it_is(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        coupons.define(session, "spring", CouponTerms("春", "", 300, 10), NOW)
        code = coupons.grant(session, "spring", friend.id, "before", NOW).code
        session.scalars(select(Coupon)).one().stopped_at = NOW
        session.flush()
        with pytest.raises(Conflict, match="coupon_stopped"):
            coupons.grant(session, "spring", friend.id, "after", NOW)
        with pytest.raises(Conflict, match="coupon_stopped"):
            coupon_giving.ask(session, "spring", EVERYONE, NOW)
        assert coupons.redeem(session, code, "till", NOW).redeemed_at == NOW


def test_a_segment_of_nobody_gets_nothing(database: Database) -> None:
    with database.begin() as session, pytest.raises(Conflict, match="nobody_there"):
        coupon_giving.ask(session, "referral_referrer", EVERYONE, NOW)
