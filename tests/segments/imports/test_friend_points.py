"""The column ポイント of a friends file."""

import pytest
from sqlalchemy import select

from segments import points
from segments.models import Facts, Friend, PointEntry
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.imports.files import Desk, codes

HEAD = "会員番号,名前,ポイント\n"


def balances(desk: Desk) -> dict[str | None, int]:
    with desk.database.reading() as session:
        rows = select(Friend.member_number, Facts.points).join(Facts, Facts.friend_id == Friend.id)
        return dict(session.execute(rows).all())


def test_a_balance_is_taken_once_however_often_the_file_is(desk: Desk) -> None:
    first = desk.friends(HEAD + "1,山田,1200\n2,佐藤,\n3,鈴木,0\n")
    again = desk.friends(HEAD + "1,山田,1200\n2,佐藤,\n3,鈴木,0\n", source="same")
    assert (first.accepted, again.accepted, again.unchanged) == (3, 0, 3)
    assert balances(desk) == {"1": 1200, "2": 0, "3": 0}
    with desk.database.reading() as session:
        assert len(session.scalars(select(PointEntry)).all()) == 1


def test_a_corrected_file_makes_up_the_difference_and_leaves_what_was_spent_spent(desk: Desk) -> None:
    desk.friends(HEAD + "1,山田,1200\n")
    with desk.database.begin() as session:
        friend = session.scalars(select(Friend.id)).one()
        points.adjust(session, friend, -200, "till:1", "till", NOW)
    report = desk.friends(HEAD + "1,山田,1500\n")
    assert (report.accepted, balances(desk)) == (1, {"1": 1300})


@pytest.mark.parametrize(
    ("cell", "held"), [("1200", 1200), ('"1,200ポイント"', 1200), ("１２００ｐｔ", 1200), ("50.0", 50)]
)
def test_points_are_read_as_shops_write_them(sqlite_desk: Desk, cell: str, held: int) -> None:
    assert codes(sqlite_desk.friends(f"{HEAD}1,山田,{cell}\n")) == []
    assert balances(sqlite_desk) == {"1": held}


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("-5", "points_unreadable"),
        ("1.5", "points_unreadable"),
        ("多数", "points_unreadable"),
        ("99999999999", "points_out_of_range"),
    ],
)
def test_what_is_no_balance_is_refused_by_its_line(sqlite_desk: Desk, cell: str, code: str) -> None:
    assert codes(sqlite_desk.friends(f"{HEAD}1,山田,10\n2,佐藤,{cell}\n")) == [(3, code)]
    assert balances(sqlite_desk) == {"1": 10}


def test_english_headers_are_understood(sqlite_desk: Desk) -> None:
    sqlite_desk.friends("member_number,points\n1,7\n")
    assert balances(sqlite_desk) == {"1": 7}
