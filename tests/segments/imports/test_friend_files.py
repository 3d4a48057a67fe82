"""Files of friends."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from segments.models import CustomerEvent, Facts, Friend, FriendTag, Purchase, StageChange, Tag
from tests.builders import a_friend
from tests.segments.imports.files import Desk, codes, csv_text, state_of

HEADER = "LINEユーザーID,会員番号,氏名,フリガナ,誕生日,メールアドレス,言語,タグ,経路,登録日,職業"
U1, U2 = "U" + "1" * 32, "U" + "2" * 32
HANAKO = (
    U1,
    "7",
    "山田花子",
    "ヤマダハナコ",
    "昭和55年4月1日",
    "hana@example.jp",
    "日本語",
    "常連;VIP、茶",
    "店頭",
    "2026/10/01",
    "農家",
)


def only(desk: Desk) -> Friend:
    """Return the one friend there is."""
    with desk.database.reading() as session:
        return session.scalars(select(Friend)).one()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_a_friend_comes_in_whole_and_a_second_time_changes_nothing(desk: Desk, encoding: str) -> None:
    content = csv_text(HEADER, [HANAKO])
    first = desk.take("friends", content, encoding)
    before = state_of(desk.database)
    second = desk.take("friends", content, encoding)
    assert (first.accepted, second.accepted, second.unchanged) == (1, 0, 1)
    assert state_of(desk.database) == before
    friend = only(desk)
    assert (friend.line_user_id, friend.member_number, friend.display_name) == (U1, "7", "山田花子")
    assert (friend.birthday, friend.email, friend.language) == (date(1980, 4, 1), "hana@example.jp", "ja")
    assert (friend.route, friend.fields) == ("店頭", {"職業": "農家"})
    assert friend.followed_at == datetime(2026, 9, 30, 15, tzinfo=UTC)
    with desk.database.reading() as session:
        assert set(session.scalars(select(Tag.name))) == {"常連", "VIP", "茶"}
        assert session.scalars(select(Facts.stage)).all() == ["aware"]
        assert session.scalars(select(CustomerEvent)).all() == []
        assert {tag.set_by for tag in session.scalars(select(FriendTag))} == {f"import:{first.run_id}"}


def test_a_member_number_alone_makes_a_customer_not_yet_on_line(desk: Desk) -> None:
    assert desk.friends(csv_text("会員番号,名前,登録日", [("7", "山田", "2026-10-01")])).accepted == 1
    friend = only(desk)
    assert (friend.line_user_id, friend.member_number, friend.followed_at) == (None, "7", None)


def test_purchases_that_waited_under_the_number_come_with_the_friend(desk: Desk) -> None:
    desk.purchases(csv_text("注文番号,購入日,会員番号,金額", [("A-1", "2026-10-01", "7", 1000)]))
    desk.friends(csv_text(HEADER, [HANAKO]))
    with desk.database.reading() as session:
        facts = session.scalars(select(Facts)).one()
        assert (facts.purchase_count, facts.spend_yen) == (1, 1000)
        assert session.scalars(select(Purchase.friend_id)).one() == facts.friend_id
        assert "existing" in session.scalars(select(StageChange.to_stage)).all()


def test_friends_and_purchases_may_come_in_either_order(desk: Desk) -> None:
    desk.friends(csv_text(HEADER, [HANAKO]))
    desk.purchases(csv_text("注文番号,購入日,会員番号,金額", [("A-1", "2026-10-01", "7", 1000)]))
    with desk.database.reading() as session:
        assert session.scalars(select(Facts.purchase_count)).one() == 1


def test_empty_cells_leave_what_is_known_and_the_first_route_stays(desk: Desk) -> None:
    desk.friends(csv_text(HEADER, [HANAKO]))
    again = desk.friends(
        csv_text("会員番号,氏名,メールアドレス,経路,趣味", [("7", "山田はな", "", "Web", "茶道")])
    )
    assert again.accepted == 1
    friend = only(desk)
    assert (friend.display_name, friend.email, friend.route) == ("山田はな", "hana@example.jp", "店頭")
    assert friend.fields == {"職業": "農家", "趣味": "茶道"}


def test_what_line_told_us_of_following_stands(desk: Desk) -> None:
    with desk.database.begin() as session:
        a_friend(session, line_user_id=U1, followed_at=None)
    desk.friends(csv_text("LINEユーザーID,登録日", [(U1, "2026-10-01")]))
    assert only(desk).followed_at is None


def test_a_customer_and_a_friend_named_on_one_line_become_one(desk: Desk) -> None:
    desk.friends(csv_text("会員番号,名前,タグ", [("7", "山田花子", "常連")]))
    desk.purchases(csv_text("注文番号,購入日,会員番号,金額", [("A-1", "2026-10-01", "7", 1000)]))
    with desk.database.begin() as session:
        a_friend(session, line_user_id=U1, display_name="はな")
    assert desk.friends(csv_text("LINEユーザーID,会員番号", [(U1, "7")])).accepted == 1
    friend = only(desk)
    assert (friend.line_user_id, friend.member_number) == (U1, "7")
    with desk.database.reading() as session:
        assert session.scalars(select(Facts.purchase_count)).all() == [1]
        assert session.scalars(select(FriendTag.friend_id)).all() == [friend.id]


def test_two_lines_of_one_batch_may_speak_of_one_friend(desk: Desk) -> None:
    report = desk.friends(csv_text("LINEユーザーID,会員番号,名前", [(U1, "7", "花"), ("", "7", "花")]))
    assert report.refused_count == 0
    assert only(desk).member_number == "7"


def test_lines_that_contradict_what_is_known_are_refused(desk: Desk) -> None:
    desk.friends(csv_text("LINEユーザーID,会員番号", [(U1, "7"), (U2, "8")]))
    report = desk.friends(csv_text("LINEユーザーID,会員番号", [(U1, "8"), (U2, "9"), ("U" + "3" * 32, "7")]))
    assert codes(report) == [
        (2, "member_number_taken"),
        (3, "member_number_differs"),
        (4, "member_number_taken"),
    ]


def test_a_key_that_comes_twice_is_taken_once(desk: Desk) -> None:
    report = desk.friends(csv_text("会員番号,名前", [("7", "花"), ("7", "花"), ("7", "鼻")]))
    assert (report.accepted, report.unchanged, codes(report)) == (1, 1, [(4, "key_repeated")])


def test_bad_lines_are_refused_with_their_column(desk: Desk) -> None:
    rows = [
        ("U123", "", "", "", "", "", "", "", "", "", ""),
        ("", "", "名なし", "", "", "", "", "", "", "", ""),
        (U1, "", "", "", "2030-01-01", "", "", "", "", "", ""),
        (U1, "", "", "", "", "not mail", "", "", "", "", ""),
        (U1, "", "", "", "", "", "??", "", "", "", ""),
        (U1, "", "", "", "", "", "", "x" * 65, "", "", ""),
        (U1, "", "", "", "", "", "", "", "", "2027-01-01", ""),
        (U1, "", "", "", "", "", "", "", "", "", "x" * 10_000),
        (U1, "", "👨‍👩‍👧\u200fשלום", "", "", "", "", "", "", "", ""),
    ]
    report = desk.friends(csv_text(HEADER, rows))
    assert codes(report) == [
        (2, "line_user_id_malformed"), (3, "value_missing"), (4, "birthday_impossible"), (5, "email_unreadable"),
        (6, "language_unknown"), (7, "too_long"), (8, "date_in_future"), (9, "too_long"),
    ]  # fmt: skip
    assert report.refused[1].params["column"] == "LINEユーザーID / 会員番号"
    assert report.refused[7].params["column"] == "職業"
    assert only(desk).display_name == "👨‍👩‍👧\u200fשלום"


def test_a_column_mapped_to_nothing_is_left_out(desk: Desk) -> None:
    desk.friends(csv_text("会員番号,職業,秘密", [("7", "農家", "!")]), mapping={"秘密": ""})
    assert only(desk).fields == {"職業": "農家"}


def test_a_zone_comes_in_by_its_name_and_an_empty_cell_leaves_it(desk: Desk) -> None:
    header = "会員番号,タイムゾーン"
    assert desk.friends(csv_text(header, [("7", "america/New York")])).accepted == 1
    assert only(desk).timezone == "America/New_York"
    assert desk.friends(csv_text(header, [("7", "")])).unchanged == 1
    assert desk.friends(csv_text("member_number,timezone", [("7", "Ａｓｉａ／Ｓｅｏｕｌ")])).accepted == 1
    assert only(desk).timezone == "Asia/Seoul"


@pytest.mark.parametrize("cell", ["Asia", "日本", "=Asia/Tokyo", "x" * 90])
def test_a_zone_that_does_not_exist_is_refused_with_its_line_and_column(sqlite_desk: Desk, cell: str) -> None:
    report = sqlite_desk.friends(csv_text("会員番号,Time zone", [("7", "UTC"), ("8", cell)]))
    assert codes(report) == [(3, "timezone_unknown")]
    assert report.refused[0].params == {"given": cell[:64], "column": "Time zone"}
    assert only(sqlite_desk).timezone == "UTC"
