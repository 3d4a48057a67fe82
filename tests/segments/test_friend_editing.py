"""A friend's record changed by hand, and two records made one."""

from datetime import date

import pytest

from segments import friend_editing, joining, mail_consent, tags
from segments.db import Database
from segments.errors import Conflict, Invalid
from segments.friend_editing import FriendEdit
from segments.models import Facts, Friend, Purchase
from tests.builders import a_friend, a_purchase
from tests.fakes.clock import A_SATURDAY


def test_a_record_is_changed_and_waiting_purchases_come_with_the_number(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, display_name="さくら")
        bought = a_purchase(session, a_friend(session), member_number="M-1")
        bought.friend_id = None
        session.flush()
        wanted = FriendEdit(
            "別の名前",
            kana="サクラ",
            member_number="M-1",
            birthday=date(1990, 3, 4),
            email="s@example.jp",
            mail_agreed=True,
            fields={"好み": "深蒸し"},
        )
        changed = friend_editing.edit(session, friend.id, wanted, A_SATURDAY)
        assert set(changed) == {"kana", "birthday", "fields", "email", "email_consent", "member_number"}
        # The name is LINE's.
        assert (friend.display_name, friend.kana) == ("さくら", "サクラ")
        assert session.get_one(Facts, friend.id).purchase_count == 1
        assert mail_consent.addresses(session, [friend.id]) == {friend.id: "s@example.jp"}
        assert friend_editing.edit(session, friend.id, wanted, A_SATURDAY) == []
        friend_editing.edit(session, friend.id, FriendEdit("", email="s@example.jp"), A_SATURDAY)
        assert mail_consent.addresses(session, [friend.id]) == {}
        assert session.get_one(Facts, friend.id, populate_existing=True).purchase_count == 0


def test_a_zone_is_set_kept_and_given_up(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, timezone="Nowhere/At_All")
        # What stands there already is kept, whoever put it there.
        assert (
            friend_editing.edit(session, friend.id, FriendEdit("", timezone="Nowhere/At_All"), A_SATURDAY)
            == []
        )
        for typed, kept in (("asia/seoul", "Asia/Seoul"), ("", None)):
            changed = friend_editing.edit(session, friend.id, FriendEdit("", timezone=typed), A_SATURDAY)
            assert (changed, session.get_one(Friend, friend.id, populate_existing=True).timezone) == (
                ["timezone"],
                kept,
            )


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (FriendEdit("", birthday=date(2027, 1, 1)), "birthday_invalid"),
        (FriendEdit("", email="nowhere"), "email_malformed"),
        (FriendEdit("", member_number="M" * 65), "member_number_too_long"),
        (FriendEdit("", kana="あ" * 101), "name_too_long"),
        (FriendEdit("", fields={"a": "b" * 501}), "field_too_long"),
        (FriendEdit("", kana="a\x00"), "text_invalid"),
        (FriendEdit("", timezone="Asia"), "timezone_unknown"),
    ],
)
def test_what_cannot_be_is_refused(sqlite: Database, wanted: FriendEdit, code: str) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session).id
        with pytest.raises(Invalid, match=code):
            friend_editing.edit(session, friend, wanted, A_SATURDAY)


def test_a_number_that_somebody_has_is_not_given_away(sqlite: Database) -> None:
    with sqlite.begin() as session:
        a_friend(session, member_number="M-1")
        friend = a_friend(session).id
        with pytest.raises(Conflict, match="member_number_taken"):
            friend_editing.edit(session, friend, FriendEdit("", member_number="M-1"), A_SATURDAY)


def test_an_imported_record_is_joined_with_all_it_has(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, display_name="さくら")
        known = {"line_user_id": None, "followed_at": None, "follow_state_at": None}
        imported = a_friend(
            session, display_name="佐藤 桜", kana="サトウ サクラ", member_number="M-1", **known
        )
        bought = a_purchase(session, imported, member_number="M-1").id
        tags.tag(session, imported.id, "常連", A_SATURDAY, "import:1")
        gone = imported.id
        joined = joining.join(session, gone, friend.id, A_SATURDAY)
        assert (joined.member_number, joined.kana, joined.fields) == (
            "M-1",
            "サトウ サクラ",
            {"name": "佐藤 桜"},
        )
        assert session.get_one(Purchase, bought, populate_existing=True).friend_id == joined.id
        assert session.get_one(Facts, joined.id, populate_existing=True).purchase_count == 1
        assert tags.names_of(session, joined.id) == ["常連"]
        assert session.get(Friend, gone) is None


def test_two_friends_on_line_or_with_two_numbers_stay_two(sqlite: Database) -> None:
    with sqlite.begin() as session:
        one, other = a_friend(session, member_number="M-1"), a_friend(session)
        imported = a_friend(session, line_user_id=None, member_number="M-2")
        for pair, code in (
            ((other.id, one.id), "merge_on_line"),
            ((one.id, one.id), "merge_same"),
            ((imported.id, one.id), "merge_numbers"),
        ):
            with pytest.raises(Conflict, match=code):
                joining.join(session, *pair, A_SATURDAY)
