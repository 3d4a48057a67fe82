"""Audiences: the compiled condition means what it says, for one friend and for all, on both databases."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import audience, coupons, facts, signals, tags
from segments import condition_leaves as leaf
from segments.conditions import All, Condition, NoneOf, dump
from segments.coupons import CouponTerms
from segments.db import Database
from segments.errors import Invalid
from segments.models import Audience, AudienceMember, Friend, Product, PurchaseItem, Tag
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments import condition_oracle as oracle
from tests.segments.condition_trees import PRODUCTS, ROUTES, TAGS, trees

EVERYONE = leaf.Everyone()


def a_world(session: Session, size: int = 30) -> int:
    """Fill the database with friends of every sort; return an audience of some of them."""
    chance = random.Random(7)
    coupons.define(session, "welcome", CouponTerms("ようこそ", "Welcome", 300, 30), NOW)
    goods = [a_product(session, code=code, category="pots" if code == "POT" else "tea") for code in PRODUCTS]
    friends = [_somebody(session, chance) for _ in range(size)]
    for name in TAGS:
        tags.tag_many(session, [one.id for one in chance.sample(friends, 8)], name, NOW, "test")
    for one in friends:
        _let_live(session, one, goods, chance)
    return audience.freeze_list(session, [one.id for one in friends[::3]], "some.csv", NOW).id


def _somebody(session: Session, chance: random.Random) -> Friend:
    gone = {name: chance.choice([None, None, days_ago(3)]) for name in ("blocked_at", "opted_out_at")}
    born = date(1980, 1, 1) + timedelta(days=chance.randrange(9000))
    return a_friend(
        session,
        language=chance.choice(["ja", "ja", "en", "zh"]),
        route=chance.choice([None, *ROUTES]),
        birthday=chance.choice([None, born, date(1988, 2, 29), date(1990, 11, 21)]),
        followed_at=chance.choice([None, days_ago(chance.randrange(150)), days_ago(10)]),
        facts={"referral_count": chance.randrange(3)},
        **gone,
    )


def _let_live(session: Session, friend: Friend, goods: list[Product], chance: random.Random) -> None:
    for _ in range(chance.choice([0, 0, 1, 2, 5])):
        refund = chance.choice([{}, {}, {"refunded_at": NOW, "refunded_yen": 1000}])
        order = a_purchase(session, friend, bought_at=days_ago(chance.randrange(1, 200)), **refund)
        product = chance.choice(goods)
        session.add(PurchaseItem(purchase=order, line=1, product_id=product.id, quantity=1, amount_yen=1000))
    facts.learn_purchases(session, friend.id, NOW)
    if chance.random() < 0.4:
        signals.claim_free_item(session, friend.id, days_ago(20))
    if chance.random() < 0.3:
        signals.offer_trial(session, friend.id, days_ago(1), days_ago(9))
    if chance.random() < 0.4:
        key = chance.choice(["welcome", "referral_newcomer"])
        granted = coupons.grant(session, key, friend.id, f"test:{friend.id}", days_ago(chance.randrange(60)))
        if chance.random() < 0.3:
            granted.redeemed_at = NOW


def test_the_compiled_condition_means_what_it_says(database: Database) -> None:
    with database.begin() as session:
        audience_id = a_world(session)
        people = [oracle.person(session, one, NOW) for one in session.scalars(select(Friend))]
    some = tuple(one.friend.id for one in people[:5])

    @given(trees(some, audience_id))
    @settings(deadline=None, max_examples=60)
    def agrees(condition: Condition) -> None:
        with database.reading() as session:
            meant = {one.friend.id for one in people if oracle.holds(condition, one, NOW)}
            sendable = {one.friend.id for one in people if one.friend.line_user_id and one.friend.followed_at}
            found = {one.id for one in audience.preview(session, condition, NOW, limit=99)}
            assert found == meant & sendable
            assert audience.count(session, condition, NOW) == len(found)
            for one in people[:4]:
                assert audience.matches(session, condition, one.friend.id, NOW) == (one.friend.id in meant)

    agrees()


@pytest.mark.parametrize(
    ("today", "birthday", "within", "expected"),
    [
        ((2027, 2, 28), (2000, 2, 29), 0, True),
        ((2028, 2, 28), (2000, 2, 29), 0, False),
        ((2028, 2, 28), (2000, 2, 29), 1, True),
        ((2026, 12, 30), (1990, 1, 2), 3, True),
        ((2026, 12, 30), (1990, 1, 3), 3, False),
        ((2026, 12, 30), (1990, 12, 29), 3, False),
    ],
)
def test_birthdays_go_round_the_calendar(
    database: Database,
    today: tuple[int, int, int],
    birthday: tuple[int, int, int],
    within: int,
    expected: bool,
) -> None:
    year, month, day = today
    now = NOW.replace(year=year, month=month, day=day)
    with database.begin() as session:
        friend = a_friend(session, birthday=date(*birthday))
        assert audience.matches(session, leaf.BirthdayWithin(days=within), friend.id, now) == expected


def test_a_frozen_audience_never_changes(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_friend(session)
        condition = All(of=[EVERYONE])
        frozen = audience.freeze(session, condition, NOW)
        session.delete(friend)
        a_friend(session)
        session.flush()
        assert (frozen.size, frozen.condition) == (2, dump(condition))
        assert len(session.scalars(select(AudienceMember)).all()) == 1


def test_who_blocked_us_or_opted_out_stays_in_a_frozen_audience(database: Database) -> None:
    with database.begin() as session:
        a_friend(session, blocked_at=NOW)
        a_friend(session, opted_out_at=NOW)
        a_friend(session, line_user_id=None)
        a_friend(session, followed_at=None)
        assert audience.freeze(session, EVERYONE, NOW).size == 2


def test_a_list_keeps_each_friend_once_and_no_strangers(database: Database) -> None:
    with database.begin() as session:
        ids = [a_friend(session).id for _ in range(3)]
        frozen = audience.freeze_list(session, [*ids, *ids, 999_999], "friends.csv", NOW)
        assert (frozen.size, frozen.condition) == (3, {"list": "friends.csv"})


@pytest.mark.parametrize(
    ("condition", "code", "missing"),
    [
        (leaf.Tagged(names=["vip", "gone"]), "condition_tag_missing", ["gone"]),
        (leaf.Bought(products=["X"]), "condition_product_missing", ["X"]),
        (leaf.Bought(categories=["X"]), "condition_category_missing", ["X"]),
        (leaf.DueWithin(days=3, category="X"), "condition_category_missing", ["X"]),
        (leaf.HasCoupon(keys=["X", "referral_referrer"]), "condition_coupon_missing", ["X"]),
        (leaf.InAudience(audience_id=9), "condition_audience_missing", [9]),
    ],
)
def test_a_name_that_is_gone_is_an_error_not_an_empty_answer(
    sqlite: Database, condition: Condition, code: str, missing: list[object]
) -> None:
    with sqlite.begin() as session:
        session.add(Tag(name="vip", created_at=NOW))
        with pytest.raises(Invalid) as refused:
            audience.freeze(session, NoneOf(of=[condition]), NOW)
        assert (refused.value.code, refused.value.params) == (code, {"missing": missing})
        assert session.scalars(select(Audience)).all() == []
