"""Audiences: the compiled condition means what it says, for one friend and for all, on both databases."""

from datetime import date

import pytest
from hypothesis import given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import audience
from segments import condition_leaves as leaf
from segments.conditions import All, Condition, NoneOf, dump
from segments.db import Database
from segments.errors import Invalid
from segments.models import Audience, AudienceMember, Facts, Friend, Tag
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments import condition_oracle as oracle
from tests.segments.condition_trees import strategies, trees
from tests.segments.condition_world import World

EVERYONE = leaf.Everyone()


def test_the_compiled_condition_means_what_it_says(database: Database) -> None:
    with database.begin() as session:
        world = World(session)
        people = [oracle.person(session, one) for one in session.scalars(select(Friend))]
    some = tuple(one.friend.id for one in people[:5])

    @given(trees(some, world.audience_id, world.segment_id))
    @settings(deadline=None, max_examples=60)
    def agrees(condition: Condition) -> None:
        with database.reading() as session:
            _check(session, people, condition)

    agrees()


def _check(session: Session, people: list[oracle.Person], condition: Condition) -> None:
    meant = {one.friend.id for one in people if oracle.holds(condition, one, NOW)}
    sendable = {one.friend.id for one in people if one.friend.line_user_id and one.friend.followed_at}
    found = {one.id for one in audience.preview(session, condition, NOW, limit=99)}
    assert found == meant & sendable
    assert audience.count(session, condition, NOW) == len(found)
    for one in people[:3]:
        assert audience.matches(session, condition, one.friend.id, NOW) == (one.friend.id in meant)


def test_every_leaf_means_what_it_says(database: Database) -> None:
    with database.begin() as session:
        world = World(session)
        people = [oracle.person(session, one) for one in session.scalars(select(Friend))]
    some = strategies(tuple(one.friend.id for one in people[:5]), world.audience_id)
    assert set(some) == set(leaf.LEAVES)

    @settings(deadline=None, max_examples=10)
    def agrees(condition: Condition) -> None:
        # Asked the other way round: where the answer is neither yes nor no, nobody would be found.
        meant = {one.friend.id for one in people if not oracle.holds(condition, one, NOW)}
        with database.reading() as session:
            for wide in (True, False):
                asked = audience.matching(session, NoneOf(of=[condition]), NOW, wide=wide)
                query = select(Friend.id).join(Facts, Facts.friend_id == Friend.id).where(asked)
                assert set(session.scalars(query)) == meant

    for strategy in some.values():
        given(strategy)(agrees)()


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
