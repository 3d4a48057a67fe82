"""Tags that follow a segment: put on and taken off with its members, never against a person's hand, never in a circle."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import members_filling, members_looking, rule_tags, tags, touching
from segments.db import Database
from segments.errors import Conflict, Invalid, NotFound
from segments.models import CustomerEvent, EventKind, Friend, Segment
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.watched_world import add_segment, edit

WEB: dict[str, Any] = {"is": "route", "routes": ["web"]}


def asks_for(tag: str) -> dict[str, Any]:
    return {"is": "tag", "names": [tag]}


def settled(database: Database, now: datetime = NOW) -> None:
    for part in (members_filling.fill, members_looking.look_again):
        count = 1
        while count:
            with database.begin() as session:
                count = part(session, now, 2)


def led(session: Session, name: str, condition: dict[str, Any]) -> int:
    """Have a tag follow a new segment."""
    tags.ensure(session, name, NOW)
    segment_id = add_segment(session, f"of {name}", condition)
    rule_tags.set_rule(session, name, segment_id, NOW)
    return segment_id


def carriers(database: Database, name: str) -> dict[int, str]:
    with database.reading() as session:
        friends = session.scalars(select(Friend.id).order_by(Friend.id)).all()
        return {
            each: tag.set_by for each in friends for tag in tags.of_friend(session, each) if tag.name == name
        }


def moved(database: Database, friend_id: int, route: str) -> None:
    with database.begin() as session:
        session.get_one(Friend, friend_id).route = route
        session.flush()
        touching.touch(session, [friend_id])
    settled(database)


def told(database: Database) -> list[tuple[int, str]]:
    with database.reading() as session:
        rows = session.scalars(
            select(CustomerEvent).where(CustomerEvent.kind == EventKind.TAGGED).order_by(CustomerEvent.id)
        )
        return [(each.friend_id, each.payload["by"]) for each in rows]


def test_a_tag_follows_its_segment_from_who_is_in_it_already_to_who_comes_and_goes(
    database: Database,
) -> None:
    with database.begin() as session:
        there = [a_friend(session, route="web").id for _ in range(3)]
        comes = a_friend(session).id
        led(session, "web", WEB)
    settled(database)
    assert carriers(database, "web") == dict.fromkeys(there, "rule")
    assert told(database) == []
    moved(database, comes, "web")
    moved(database, there[0], "poster")
    assert carriers(database, "web") == dict.fromkeys([*there[1:], comes], "rule")
    assert told(database) == [(comes, "rule")]


def test_what_a_person_put_on_stays_on_and_stays_theirs(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_friend(session, route="web").id
        tags.tag(session, friend_id, "web", NOW, "operator:1")
        led(session, "web", WEB)
    settled(database)
    assert carriers(database, "web") == {friend_id: "operator:1"}
    moved(database, friend_id, "poster")
    assert carriers(database, "web") == {friend_id: "operator:1"}


def test_what_a_rule_keeps_is_not_taken_off_by_hand(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_friend(session, route="web").id
        segment_id = led(session, "web", WEB)
    settled(database)
    with database.begin() as session, pytest.raises(Conflict, match="tag_kept_by_rule") as refused:
        tags.untag(session, friend_id, "web")
    assert refused.value.params == {"tag": "web", "segment": "of web", "segment_id": segment_id}
    with database.begin() as session:
        (carried,) = tags.of_friend(session, friend_id)
        assert (carried.by_rule, carried.kept_by, carried.set_at) == (True, "of web", NOW)
        assert rule_tags.drop_rule(session, "web")
        assert tags.untag(session, friend_id, "web")


def test_tags_that_follow_tags_settle(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_friend(session).id
        led(session, "a", WEB)
        led(session, "b", asks_for("a"))
        led(session, "c", asks_for("b"))
    settled(database)
    moved(database, friend_id, "web")
    assert [carriers(database, each) for each in "abc"] == [{friend_id: "rule"}] * 3
    moved(database, friend_id, "poster")
    assert [carriers(database, each) for each in "abc"] == [{}] * 3


def test_a_tag_that_follows_another_segment_changes_carriers(database: Database) -> None:
    with database.begin() as session:
        web, poster = a_friend(session, route="web").id, a_friend(session, route="poster").id
        led(session, "x", WEB)
    settled(database)
    with database.begin() as session:
        other = add_segment(session, "posters", {"is": "route", "routes": ["poster"]})
        rule_tags.set_rule(session, "x", other, NOW)
    settled(database)
    assert (carriers(database, "x"), web != poster) == ({poster: "rule"}, True)


def test_rules_that_go_in_a_circle_are_refused_by_name(database: Database) -> None:
    with database.begin() as session:
        for name in "abc":
            tags.ensure(session, name, NOW)
        itself = add_segment(session, "itself", asks_for("a"))
        with pytest.raises(Invalid, match="tag_rule_circular"):
            rule_tags.set_rule(session, "a", itself, NOW)
        led(session, "a", asks_for("b"))
        segment_b = led(session, "b", asks_for("c"))
        inner = add_segment(session, "inner", asks_for("a"))
        outer = add_segment(session, "outer", {"is": "segment", "segment_id": inner})
        with pytest.raises(Invalid) as refused:
            rule_tags.set_rule(session, "c", outer, NOW)
        assert refused.value.params == {"tag": "c", "path": "c → a → b → c"}
        rule_tags.refuse_circles(session)
        edit(session, segment_b, {"is": "segment", "segment_id": outer})
        with pytest.raises(Invalid, match="tag_rule_circular"):
            rule_tags.refuse_circles(session)


def test_a_segment_leads_one_tag(database: Database) -> None:
    with database.begin() as session:
        segment_id = led(session, "a", WEB)
        with pytest.raises(Conflict, match="segment_has_tag"):
            rule_tags.set_rule(session, "b", segment_id, NOW)
        assert session.get_one(Segment, segment_id).watched
        with pytest.raises(NotFound, match="tag_unknown"):
            rule_tags.drop_rule(session, "nobody's")
        with pytest.raises(NotFound, match="segment_unknown"):
            rule_tags.set_rule(session, "b", segment_id + 1, NOW)


def test_a_tag_newly_put_on_is_news_unless_it_is_of_the_past(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_friend(session).id
        tags.tag(session, friend_id, "a", NOW, "api:1")
        tags.tag(session, friend_id, "a", NOW, "api:1")
        tags.tag(session, friend_id, "b", NOW, "import:1", announce=False)
    assert told(database) == [(friend_id, "api:1")]
