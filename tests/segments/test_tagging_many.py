"""Tags for many friends at once: page by page, stopped, undone without touching what others did."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from segments import tagging_many, tags
from segments.db import Database
from segments.errors import Conflict, Invalid
from segments.friend_choice import FriendChoice
from segments.models import CustomerEvent, EventKind, FriendTag, SegmentMember, TaggingFriend, TaggingState
from tests.builders import a_friend, a_watched_segment
from tests.fakes.clock import A_SATURDAY

BY = "operator:3"


def carriers(session: Session) -> dict[int, str]:
    """Return who carries a tag, with who put it on."""
    return dict(session.execute(select(FriendTag.friend_id, FriendTag.set_by)).all())


def run(session: Session, tagging_id: int, limit: int = 2) -> int:
    """Go on to the end; return how many pages it took."""
    pages = 1
    while tagging_many.go_on(session, tagging_id, A_SATURDAY, limit):
        pages += 1
    return pages


def test_a_tag_is_put_on_all_who_match_as_news_and_taken_back(database: Database) -> None:
    with database.begin() as session:
        ids = [a_friend(session, display_name=f"友{number}").id for number in range(5)]
        a_friend(session, display_name="別")
        tags.tag(session, ids[1], "新茶", A_SATURDAY, "tap", announce=False)
        made = tagging_many.begin(session, FriendChoice("友"), "新茶", BY, A_SATURDAY, adds=True)
        assert (made.expected, run(session, made.id)) == (5, 3)
        assert (made.state, made.looked_at, made.changed) == (TaggingState.DONE, 5, 4)
        assert carriers(session) == dict.fromkeys(ids, BY) | {ids[1]: "tap"}
        told = select(CustomerEvent.friend_id).where(CustomerEvent.kind == EventKind.TAGGED)
        assert sorted(session.scalars(told)) == [ids[0], *ids[2:]]
        tagging_many.undo(session, made.id, A_SATURDAY)
        run(session, made.id)
        assert made.state is TaggingState.UNDONE
        assert carriers(session) == {ids[1]: "tap"}


def test_a_tag_taken_off_many_comes_back_as_it_was(database: Database) -> None:
    with database.begin() as session:
        ids = [a_friend(session).id for _ in range(3)]
        tags.tag_many(session, ids[:2], "新茶", A_SATURDAY - timedelta(days=9), "import:1", announce=False)
        made = tagging_many.begin(session, FriendChoice(), "新茶", BY, A_SATURDAY, adds=False)
        run(session, made.id)
        assert (made.changed, carriers(session)) == (2, {})
        tagging_many.undo(session, made.id, A_SATURDAY)
        run(session, made.id)
        assert carriers(session) == dict.fromkeys(ids[:2], "import:1")
        assert {each.set_at for each in session.scalars(select(FriendTag))} == {
            A_SATURDAY - timedelta(days=9)
        }


def test_it_stops_where_it_is_and_what_it_did_is_undone(database: Database) -> None:
    with database.begin() as session:
        ids = [a_friend(session).id for _ in range(5)]
        made = tagging_many.begin(session, FriendChoice(), "新茶", BY, A_SATURDAY, adds=True)
        assert tagging_many.go_on(session, made.id, A_SATURDAY, 2)
        with pytest.raises(Conflict, match="tagging_running"):
            tagging_many.undo(session, made.id, A_SATURDAY)
        tagging_many.stop(session, made.id, A_SATURDAY)
        session.refresh(made)
        assert not tagging_many.go_on(session, made.id, A_SATURDAY, 2)
        assert set(carriers(session)) == set(ids[:2])
        with pytest.raises(Conflict, match="tagging_over"):
            tagging_many.stop(session, made.id, A_SATURDAY)
        tagging_many.undo(session, made.id, A_SATURDAY)
        run(session, made.id)
        assert carriers(session) == {}


def test_after_a_week_it_is_not_undone_and_the_list_is_forgotten(sqlite: Database) -> None:
    later = A_SATURDAY + tagging_many.UNDO_WITHIN + timedelta(seconds=1)
    with sqlite.begin() as session:
        a_friend(session)
        made = tagging_many.begin(session, FriendChoice(), "新茶", BY, A_SATURDAY, adds=True)
        run(session, made.id)
        assert (tagging_many.forget(session, A_SATURDAY), tagging_many.forget(session, later)) == (0, 1)
        assert session.scalars(select(TaggingFriend)).all() == []
        with pytest.raises(Conflict, match="tagging_too_old"):
            tagging_many.undo(session, made.id, later)


def test_a_tag_that_a_rule_keeps_stays_on(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend, segment = a_friend(session).id, a_watched_segment(session)
        tags.tag(session, friend, "新茶", A_SATURDAY, "rule", announce=False)
        tag = tags.find(session, "新茶")
        assert tag is not None
        tag.segment_id = segment
        session.flush()
        inside = insert(SegmentMember).values(segment_id=segment, friend_id=friend, since=A_SATURDAY)
        session.execute(inside)
        made = tagging_many.begin(session, FriendChoice(), "新茶", BY, A_SATURDAY, adds=False)
        run(session, made.id)
        assert (made.changed, list(carriers(session))) == (0, [friend])


@pytest.mark.parametrize(
    ("words", "name", "adds", "code"),
    [
        ("", "", True, "tag_invalid"),
        ("", "ない", False, "tag_unknown"),
        ("だれも", "新茶", True, "nobody_chosen"),
    ],
)
def test_what_cannot_be_done_is_refused(
    sqlite: Database, words: str, name: str, adds: bool, code: str
) -> None:
    with sqlite.begin() as session:
        a_friend(session)
        with pytest.raises(Invalid, match=code):
            tagging_many.begin(session, FriendChoice(words), name, BY, A_SATURDAY, adds=adds)
