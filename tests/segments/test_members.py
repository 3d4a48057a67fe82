"""Linking member numbers to friends."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import members, purchases
from segments.db import Database
from segments.errors import Conflict, Invalid
from segments.models import (
    CustomerEvent,
    EventKind,
    Facts,
    Friend,
    FriendTag,
    MemberLinkCode,
    Purchase,
    Tag,
)
from segments.purchases import NewPurchase
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY


def an_imported_customer(session: Session, number: str) -> Friend:
    """Add a customer known by number alone, with a tag, a field and one purchase 40 days ago."""
    imported = a_friend(
        session, line_user_id=None, member_number=number, display_name="山田花子", kana="ヤマダハナコ",
        fields={"職業": "農家"}, followed_at=None, follow_state_at=None,
    )  # fmt: skip
    tag = Tag(name="常連", created_at=NOW)
    session.add(tag)
    session.flush()
    session.add(FriendTag(friend_id=imported.id, tag_id=tag.id, set_at=NOW, set_by="import:1"))
    buy(session, "OLD", 40, member_number=number)
    return imported


def buy(session: Session, order_id: str, days: float, **owner: str) -> None:
    """Record a purchase of ¥1,000, as an import does."""
    order = NewPurchase(order_id, days_ago(days), 1000, **owner)  # pyright: ignore[reportArgumentType] — names of buyers are text
    purchases.record(session, order, NOW, "import:1", announce=False)


def link(session: Session, friend: Friend, number: str = "7") -> str:
    """Link by a fresh code."""
    return members.link(session, friend, members.issue_link_code(session, number, NOW), NOW)


def test_a_code_is_eight_plain_characters_and_only_its_hash_is_kept(database: Database) -> None:
    with database.begin() as session:
        code = members.issue_link_code(session, "7", NOW)
        assert re.fullmatch(r"[2-9A-HJ-NP-Z]{8}", code)
        assert not set(code) & set("01ILO")
        assert code not in session.scalars(select(MemberLinkCode.code_hash)).one()


def test_linking_attaches_the_purchases_that_waited(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        buy(session, "1", 40, member_number="7")
        buy(session, "2", 10, member_number="7")
        assert link(session, friend) == "7"
        facts = session.get_one(Facts, friend.id)
        assert (friend.member_number, facts.purchase_count, facts.spend_yen) == ("7", 2, 2000)
        kinds = session.scalars(select(CustomerEvent.kind).where(CustomerEvent.friend_id == friend.id)).all()
        assert EventKind.MEMBER_LINKED in kinds
        assert EventKind.PURCHASED not in kinds


def test_who_links_from_the_receipt_is_thanked_for_that_purchase_once(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        buy(session, "1", 0.01, member_number="7")
        link(session, friend)
        members.unlink(session, friend, NOW)
        link(session, friend)
        told = select(CustomerEvent.payload).where(CustomerEvent.kind == EventKind.PURCHASED)
        assert [payload["order_id"] for payload in session.scalars(told)] == ["1"]


@pytest.mark.parametrize("typed", ["{}", " {} ", "{0[0]}{0[1]}{0[2]}{0[3]}-{0[4]}{0[5]}{0[6]}{0[7]}"])
def test_a_code_is_taken_as_people_type_it(database: Database, typed: str) -> None:
    with database.begin() as session:
        code = typed.format(members.issue_link_code(session, "7", NOW)).lower()
        assert members.looks_like_code(code)
        assert members.link(session, a_friend(session), code, NOW) == "7"


def test_a_code_works_once(database: Database) -> None:
    with database.begin() as session:
        code = members.issue_link_code(session, "7", NOW)
        members.link(session, a_friend(session), code, NOW)
        with pytest.raises(Invalid, match="link_code_used"):
            members.link(session, a_friend(session), code, NOW)


def test_a_code_expires(database: Database) -> None:
    with database.begin() as session:
        code = members.issue_link_code(session, "7", NOW, valid_for=timedelta(minutes=30))
        with pytest.raises(Invalid, match="link_code_expired"):
            members.link(session, a_friend(session), code, NOW + timedelta(minutes=30))


@pytest.mark.parametrize("valid_for", [timedelta(minutes=29), timedelta(hours=25)])
def test_a_code_lives_between_half_an_hour_and_a_day(database: Database, valid_for: timedelta) -> None:
    with database.begin() as session, pytest.raises(Invalid, match="link_code_validity"):
        members.issue_link_code(session, "7", NOW, valid_for=valid_for)


def test_a_new_code_takes_the_place_of_an_unused_one(database: Database) -> None:
    with database.begin() as session:
        old = members.issue_link_code(session, "7", NOW)
        members.issue_link_code(session, "7", NOW)
        with pytest.raises(Invalid, match="link_code_expired"):
            members.link(session, a_friend(session), old, NOW)


def test_after_five_wrong_codes_in_an_hour_even_the_right_one_waits(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        code = members.issue_link_code(session, "7", NOW)
        for _ in range(5):
            with pytest.raises(Invalid, match="link_code_wrong"):
                members.link(session, friend, "ZZZZZZZZ", NOW)
        with pytest.raises(Invalid, match="link_too_many_tries"):
            members.link(session, friend, code, NOW + timedelta(minutes=59))
        assert members.link(session, friend, code, NOW + timedelta(minutes=61)) == "7"


def test_an_imported_customer_becomes_one_with_the_friend_who_links(database: Database) -> None:
    with database.begin() as session:
        imported = an_imported_customer(session, "7")
        friend = a_friend(session, display_name="はな", fields={"職業": "会社員", "趣味": "茶"})
        link(session, friend)
        assert session.scalars(select(Friend.id)).all() == [friend.id]
        assert imported.id != friend.id
        assert (friend.display_name, friend.kana) == ("はな", "ヤマダハナコ")
        assert friend.fields == {"職業": "会社員", "趣味": "茶", "name": "山田花子"}
        assert session.scalars(select(FriendTag.friend_id)).all() == [friend.id]
        assert session.scalars(select(Purchase.friend_id)).all() == [friend.id]
        assert session.get_one(Facts, friend.id).purchase_count == 1


def test_a_number_another_friend_on_line_has_is_refused_and_the_code_stays_good(database: Database) -> None:
    with database.begin() as session:
        other, friend = a_friend(session, member_number="7"), a_friend(session)
        code = members.issue_link_code(session, "7", NOW)
        with pytest.raises(Conflict, match="link_number_taken"):
            members.link(session, friend, code, NOW)
        members.unlink(session, other, NOW)
        assert members.link(session, friend, code, NOW) == "7"


def test_a_friend_with_another_number_unlinks_first(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, member_number="8")
        with pytest.raises(Conflict, match="link_already_linked"):
            link(session, friend)


def test_unlinking_lets_go_of_the_numbers_purchases_and_keeps_the_others(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, line_user_id="Uhanako")
        buy(session, "1", 40, member_number="7")
        buy(session, "2", 10, line_user_id="Uhanako")
        link(session, friend)
        members.unlink(session, friend, NOW)
        assert friend.member_number is None
        assert session.get_one(Facts, friend.id).purchase_count == 1
        assert dict(session.execute(select(Purchase.order_id, Purchase.friend_id)).all()) == {
            "1": None,
            "2": friend.id,
        }
        with pytest.raises(Invalid, match="link_not_linked"):
            members.unlink(session, friend, NOW)


def test_the_next_to_link_the_number_gets_its_purchases(database: Database) -> None:
    with database.begin() as session:
        first, second = a_friend(session), a_friend(session)
        buy(session, "1", 40, member_number="7")
        link(session, first)
        members.unlink(session, first, NOW)
        link(session, second)
        assert session.get_one(Facts, first.id).purchase_count == 0
        assert session.get_one(Facts, second.id).purchase_count == 1
