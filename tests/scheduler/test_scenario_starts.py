"""Scenarios that start from segments and tags, and the segments that are watched for them."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import scenario_starts
from scheduler.dispatcher import Dispatcher
from scheduler.models import Enrolment, Scenario
from scheduler.scenario_starts import choose_start, keep_watched, on_entering, on_leaving, on_tag
from scheduler.tick import tick
from segments import friends, rule_tags, saved, tags
from segments.db import Database
from segments.errors import Invalid, NotFound
from segments.models import Friend, Segment
from tests.builders import a_friend, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock
from tests.segments.watched_world import add_segment

EN = {"is": "language", "languages": ["en"]}
MINUTE = timedelta(minutes=1)


def entered(database: Database, scenario_id: int) -> list[int]:
    with database.reading() as session:
        query = select(Enrolment.friend_id).where(Enrolment.scenario_id == scenario_id)
        return list(session.scalars(query.order_by(Enrolment.friend_id)))


def watched(session: Session) -> list[int]:
    return list(session.scalars(select(Segment.id).where(Segment.watched).order_by(Segment.id)))


def test_who_enters_a_segment_starts_its_scenario_and_who_was_in_it_does_not(dispatcher: Dispatcher) -> None:
    with dispatcher.database.begin() as session:
        there, comes = a_friend(session, language="en").id, a_friend(session).id
        segment_id = add_segment(session, "english", EN)
        coming, going = a_scenario(session).id, a_scenario(session).id
        choose_start(session, coming, on_entering(segment_id), NOW)
        choose_start(session, going, on_leaving(segment_id), NOW)
    tick(dispatcher)
    with dispatcher.database.begin() as session:
        friends.speak(session, session.get_one(Friend, comes), "en")
        friends.speak(session, session.get_one(Friend, there), "ja")
    tick(dispatcher)
    assert entered(dispatcher.database, coming) == [comes]
    assert entered(dispatcher.database, going) == [there]


def test_a_segment_that_time_alone_leads_into_starts_its_scenario(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        friend_id = a_friend(session, birthday=(NOW + timedelta(days=9)).date().replace(year=1990)).id
        segment_id = add_segment(session, "birthday", {"is": "birthday_within", "days": 7})
        scenario_id = a_scenario(session).id
        choose_start(session, scenario_id, on_entering(segment_id), NOW)
    tick(dispatcher)
    clock.advance(timedelta(days=2))
    tick(dispatcher)
    assert entered(dispatcher.database, scenario_id) == [friend_id]


def test_a_tag_newly_put_on_starts_its_scenario_by_whomever(dispatcher: Dispatcher) -> None:
    with dispatcher.database.begin() as session:
        by_hand, by_rule, other = (a_friend(session).id for _ in range(3))
        tags.ensure(session, "en", NOW)
        rule_tags.set_rule(session, "en", add_segment(session, "english", EN), NOW)
        scenario_id = a_scenario(session).id
        choose_start(session, scenario_id, on_tag("en"), NOW)
    tick(dispatcher)
    with dispatcher.database.begin() as session:
        tags.tag(session, by_hand, "en", NOW, "operator:1")
        tags.tag(session, other, "something else", NOW, "operator:1")
        friends.speak(session, session.get_one(Friend, by_rule), "en")
    tick(dispatcher)
    assert entered(dispatcher.database, scenario_id) == [by_hand, by_rule]


def test_a_start_that_nothing_could_meet_is_refused(database: Database) -> None:
    with database.begin() as session:
        scenario_id = a_scenario(session).id
        for trigger, error in (
            (on_entering(99), NotFound),
            (on_leaving(99), NotFound),
            (on_tag("nobody's"), NotFound),
            (on_entering(2**70), NotFound),
            ({"event": "segment_entered", "where": {"segment_id": True}}, NotFound),
            ({"event": "tagged", "where": {"tag": [7, "a\x00b"]}}, NotFound),
            ({"event": ["tagged"]}, Invalid),
            ({"event": "comet"}, Invalid),
            ({}, Invalid),
        ):
            with pytest.raises(error):
                choose_start(session, scenario_id, trigger, NOW)
        with pytest.raises(NotFound, match="scenario_unknown"):
            choose_start(session, scenario_id + 1, {"event": "purchased"}, NOW)
        scenario_starts.check(session, {"date": "birthday", "days_before": 7})


def test_segments_are_watched_as_long_as_somebody_asks_for_them(database: Database) -> None:
    with database.begin() as session:
        first, second, third = (add_segment(session, name, EN) for name in ("a", "b", "c"))
        scenario = a_scenario(session, trigger=on_entering(first), goal=on_leaving(second), name="秋")
        rule_tags.set_rule(session, "tag", third, NOW)
        assert keep_watched(session, NOW) == 2
        assert keep_watched(session, NOW) == 0
        assert watched(session) == [first, second, third]
        assert scenario_starts.used_by(session, second) == [saved.Use("scenario", scenario.id, "秋")]
        session.delete(session.get_one(Scenario, scenario.id))
        rule_tags.drop_rule(session, "tag")
        session.flush()
        assert keep_watched(session, NOW) == 3
        assert watched(session) == []
