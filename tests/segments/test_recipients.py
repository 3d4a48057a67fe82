"""A CSV of friends to send to."""

import pytest

from segments import recipients
from segments.db import Database
from segments.errors import Invalid
from tests.builders import a_friend


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_friends_are_found_in_the_order_of_the_file_each_once(database: Database, encoding: str) -> None:
    with database.begin() as session:
        first, second = (a_friend(session, member_number=number) for number in ("M1", "M2"))
        data = "名前,会員番号\r\n花,M2\r\n空,\r\n山,M9\r\n一,M1\r\n花,M2\r\n".encode(encoding)
        found = recipients.read(session, data)
    assert found.friend_ids == [second.id, first.id]
    assert [(line.number, line.value) for line in found.unknown] == [(4, "M9")]


def test_line_ids_are_taken_before_member_numbers(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, line_user_id="U1", member_number="M1")
        a_friend(session, line_user_id="U2", member_number="M2")
        found = recipients.read(session, b"member_number,line_user_id\nM2,U1\n")
    assert found.friend_ids == [friend.id]


def test_more_friends_than_one_question_holds_are_found(sqlite: Database) -> None:
    with sqlite.begin() as session:
        made = [a_friend(session, member_number=f"M{number}").id for number in range(1100)]
        data = "member_number\n" + "\n".join(f"M{number}" for number in range(1100))
        assert recipients.read(session, data.encode()).friend_ids == made


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_blank"),
        (b"name\nx\n", "column_missing"),
        (b"member_number\n\n", "file_empty"),
        (b"member_number\nM404\n", "nobody_found"),
        (b"\x81\x00\xff", "not_a_table"),
        (b"member_number\nM1\x00\n", "not_a_table"),
        (b"member_number\n" + b"x" * 200_000 + b"\n", "not_a_table"),
    ],
)
def test_a_file_that_will_not_do_says_why(sqlite: Database, data: bytes, code: str) -> None:
    with sqlite.begin() as session, pytest.raises(Invalid) as refused:
        recipients.read(session, data)
    assert refused.value.code == code
