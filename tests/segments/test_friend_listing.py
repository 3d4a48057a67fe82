"""The list of friends: found by any spelling, in every order page by page, on both databases."""

from datetime import timedelta

import pytest
from hypothesis import example, given, strategies
from sqlalchemy.orm import Session

from segments import friend_choice, friend_listing, listing_marks, tags
from segments.conditions import parse
from segments.db import Database
from segments.errors import Invalid
from segments.folding import folded
from segments.friend_choice import FriendChoice
from segments.listing_marks import Order
from segments.models import Cycle, Facts
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY


def found(session: Session, words: str) -> list[int]:
    """Return the ids of those whom the words find."""
    return [row.id for row in friend_listing.page(session, FriendChoice(words), A_SATURDAY).rows]


@pytest.mark.parametrize(
    "words",
    [
        "たなかはなこ",
        "タナカ",
        "ﾊﾅｺ",
        "田中花子",
        "田中　花子",
        "M-77",
        "ＶＩＰ",
        "港区",
        "hanako@example.jp",
    ],
)
def test_a_friend_is_found_however_the_name_is_typed(database: Database, words: str) -> None:
    with database.begin() as session:
        friend = a_friend(
            session,
            display_name="田中 花子",
            kana="タナカ　ハナコ",
            member_number="M-77",
            email="hanako@example.jp",
            fields={"住所": "港区"},
        ).id
        tags.tag(session, friend, "ＶＩＰ", A_SATURDAY, "operator:1")
        a_friend(session, display_name="佐藤", kana="サトウ", member_number="M-771")
    with database.reading() as session:
        assert found(session, words) == [friend]
        assert friend_choice.count(session, FriendChoice(words), A_SATURDAY) == 1


@pytest.mark.parametrize("words", ["%", "_", "\\", "ー", "x' OR 1=1"])
def test_letters_that_mean_something_to_a_database_mean_nothing_here(database: Database, words: str) -> None:
    with database.begin() as session:
        a_friend(session, display_name="田中")
        assert found(session, words) == []


def test_a_name_that_changes_is_found_under_the_new_one_alone(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, display_name="田中")
        friend.display_name = "山田"
        session.flush()
        assert (found(session, "田中"), found(session, "やまだ"), found(session, "山田")) == (
            [],
            [],
            [friend.id],
        )


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize(
    "choice", [FriendChoice(), FriendChoice("友"), FriendChoice("", parse({"is": "everyone"}))]
)
def test_every_order_shows_everybody_once_page_by_page(
    database: Database, order: Order, choice: FriendChoice
) -> None:
    with database.begin() as session:
        for number in range(23):
            bought = days_ago(number // 4) if number % 3 else None
            friend = a_friend(
                session,
                display_name=f"友{number}",
                facts={"last_purchase_at": bought, "spend_yen": 100 * (number // 5)},
            )
            if number % 2:
                due = A_SATURDAY + timedelta(days=number // 6)
                session.add(_cycle(friend.id, due))
    seen: list[int] = []
    mark = ""
    with database.reading() as session:
        for _ in range(20):
            page = friend_listing.page(session, choice, A_SATURDAY, order, mark, limit=4)
            seen += [row.id for row in page.rows]
            if page.next is None:
                break
            mark = page.next
        whole = friend_listing.page(session, choice, A_SATURDAY, order, limit=100)
        assert seen == [row.id for row in whole.rows]
        assert len(set(seen)) == len(seen) == session.query(Facts).count()
        keys = {
            Order.LAST_PURCHASE: [row.last_purchase_at for row in whole.rows if row.last_purchase_at][::-1],
            Order.NEXT_DUE: [row.due_at for row in whole.rows if row.due_at],
            Order.SPEND: [row.spend_yen for row in whole.rows][::-1],
            Order.NEWEST: [row.id for row in whole.rows][::-1],
        }[order]
        assert keys == sorted(keys)


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("found", [0, 1000], ids=["few", "many"])
def test_a_stage_alone_is_listed_as_the_same_stage_among_conditions(
    database: Database, order: Order, found: int
) -> None:
    stages = {"is": "stage", "stages": ["regular", "exit"]}
    alone, among = (FriendChoice("", parse(tree)) for tree in (stages, {"is": "all", "of": [stages]}))
    assert (bool(alone.stages), bool(among.stages)) == (True, False)
    with database.begin() as session:
        for number in range(24):
            facts = {"stage": ("regular", "exit", "trial")[number % 3], "spend_yen": 100 * (number // 5)}
            friend = a_friend(session, facts=facts | {"last_purchase_at": days_ago(number // 4)})
            if number % 2:
                session.add(_cycle(friend.id, A_SATURDAY + timedelta(days=number // 6)))
        session.flush()
        counts = [friend_choice.count(session, each, A_SATURDAY) for each in (alone, among)]
        assert counts == [16, 16]
        listed: list[list[int]] = [[], []]
        for choice, seen in zip((alone, among), listed, strict=True):
            mark: str | None = ""
            while mark is not None:
                page = friend_listing.page(session, choice, A_SATURDAY, order, mark, limit=3, found=found)
                seen += [row.id for row in page.rows]
                mark = page.next
        assert listed[0] == listed[1]
        assert len(set(listed[0])) == 16


def _cycle(friend_id: int, due_at: object) -> Cycle:
    return Cycle(
        friend_id=friend_id,
        category="",
        n=1,
        s1=1.0,
        s2=1.0,
        first_at=days_ago(9),
        last_at=days_ago(3),
        sum_amount=1,
        last_quantity=1,
        due_at=due_at,
    )


@given(strategies.text(max_size=40))
def test_any_mark_begins_somewhere_and_breaks_nothing(mark: str) -> None:
    for order in Order:
        read = listing_marks.Mark.read(order, mark)
        assert read.friend_id >= 0


@given(strategies.text())
@example("a \u0301")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_a_condition_that_names_what_is_gone_is_refused(sqlite: Database) -> None:
    gone = FriendChoice("", parse({"is": "tag", "names": ["ない"]}))
    with sqlite.begin() as session, pytest.raises(Invalid, match="condition_tag_missing"):
        friend_listing.page(session, gone, A_SATURDAY)
    assert friend_choice.read(gone.to_json()) == gone
