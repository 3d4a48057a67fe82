"""Changing a step: pause, resume, time, words."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select

from scheduler import library, message_texts, scenarios, step_changes
from scheduler.messages import check, render
from scheduler.models import Delivery, Enrolment, MessageVersion, Scenario, StepKind
from scheduler.sample_facts import sample_facts
from scheduler.step_changes import Timing
from segments.db import Database
from segments.errors import Conflict, Invalid, NotFound
from segments.shop import Shop
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
LATER = NOW + timedelta(hours=1)


def test_friends_wait_at_a_paused_step_and_go_on_when_it_is_resumed(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session, {}, {"delay": timedelta(days=1)})
        friend = a_friend(session)
        scenarios.enrol(session, scenario, friend.id, "test", {}, NOW)
        first = scenario.steps[0].id
        step_changes.pause(session, first)
    with database.begin() as session:
        scenarios.advance(session, NOW)
        assert session.scalars(select(Delivery)).all() == []
        step_changes.resume(session, first, NOW)
    with database.begin() as session:
        waiting = session.scalars(select(Enrolment)).one()
        assert waiting.next_at == waiting.due_at
        scenarios.advance(session, NOW + timedelta(seconds=1))
        assert session.scalars(select(Delivery.step_id)).all() == [first]


def test_a_step_is_timed_anew_once(database: Database) -> None:
    timing = Timing(timedelta(days=3), time(18, 30), timedelta(days=2), timedelta(hours=5))
    with database.begin() as session:
        step_id = a_scenario(session).steps[0].id
        assert step_changes.retime(session, step_id, timing)
    with database.begin() as session:
        step = step_changes.step_of(session, step_id)
        assert step_changes.timing_of(step) == timing
        assert not step_changes.retime(session, step_id, timing)


@pytest.mark.parametrize(
    ("timing", "code"),
    [
        (Timing(timedelta(days=-1), None, None, None), "delay_invalid"),
        (Timing(timedelta(days=3651), None, None, None), "delay_invalid"),
        (Timing(timedelta(), None, timedelta(), None), "valid_for_invalid"),
        (Timing(timedelta(), None, timedelta(days=4000), None), "valid_for_invalid"),
        (Timing(timedelta(), None, None, timedelta()), "rides_for_invalid"),
        (Timing(timedelta(), None, None, timedelta(days=30, seconds=1)), "rides_for_invalid"),
    ],
)
def test_a_time_out_of_reason_is_refused_and_the_step_stays_as_it_was(
    sqlite: Database, timing: Timing, code: str
) -> None:
    with sqlite.begin() as session:
        step_id = a_scenario(session).steps[0].id
        before = step_changes.timing_of(step_changes.step_of(session, step_id))
        with pytest.raises(Invalid, match=code):
            step_changes.retime(session, step_id, timing)
        assert step_changes.timing_of(step_changes.step_of(session, step_id)) == before


def test_a_step_without_a_message_cannot_wait_for_a_reply(sqlite: Database) -> None:
    with sqlite.begin() as session:
        step_id = a_scenario(session, {"kind": StepKind.WAIT, "message_id": None}).steps[0].id
        with pytest.raises(Invalid, match="step_without_message"):
            step_changes.let_ride(session, step_id, timedelta(hours=5))
        step_changes.let_ride(session, step_id, None)


def test_new_words_are_a_new_version_and_the_next_friend_gets_them(database: Database) -> None:
    with database.begin() as session:
        message = a_message(session, "前の文")
        scenario = a_scenario(session, {"message_id": message.id}, {"message_id": message.id})
        scenarios.enrol(session, scenario, a_friend(session).id, "test", {}, NOW)
        scenarios.advance(session, NOW)
        old = step_changes.newest(session, message.id)
        said = {"ja": [{"type": "text", "text": "新しい文"}]}
        new = step_changes.reword(session, old, said, "operator:1", LATER)
        assert (new.version, new.created_by, old.content["ja"][0]["text"]) == (2, "operator:1", "前の文")
        assert step_changes.reword(session, new, said, "operator:1", LATER) is new
    with database.begin() as session:
        scenarios.advance(session, LATER)
        sent = session.scalars(select(Delivery.message_version_id).order_by(Delivery.id)).all()
        assert sent == [old.id, new.id]


def test_who_was_slower_is_told(sqlite: Database) -> None:
    with sqlite.begin() as session:
        old = step_changes.newest(session, a_message(session).id)
        for text in ("一", "二"):
            content = {"ja": [{"type": "text", "text": text}]}
            if text == "一":
                step_changes.reword(session, old, content, "operator:1", NOW)
                continue
            with pytest.raises(Conflict, match="message_changed"):
                step_changes.reword(session, old, content, "operator:2", NOW)


def test_what_does_not_exist_is_told(sqlite: Database) -> None:
    with sqlite.begin() as session:
        with pytest.raises(NotFound, match="step_unknown"):
            step_changes.pause(session, 9)
        with pytest.raises(NotFound, match="message_unknown"):
            step_changes.newest(session, 9)


def test_the_texts_of_a_message_are_replaced_by_their_places_and_nothing_else_is_touched() -> None:
    content = {
        "ja": [
            {"type": "text", "text": "一"},
            {
                "type": "flex",
                "altText": "二",
                "contents": {
                    "body": [{"$if": "coupon", "$then": {"type": "text", "text": "三", "color": "#1F6B4F"}}],
                    "footer": {
                        "action": {"type": "uri", "label": "四", "uri": "https://example.com", "data": "text"}
                    },
                },
            },
        ]
    }
    found = message_texts.texts(content)
    assert [each.text for each in found] == ["一", "二", "三", "四"]
    assert found[2].path == "ja[0].text".replace("[0].text", "[1].contents.body[0].$then.text")
    again = message_texts.reworded(content, {found[2].path: "さん", "ja[1].contents.body[0].$if": "x"})
    assert again["ja"][1]["contents"]["body"][0]["$then"] == {
        "type": "text",
        "text": "さん",
        "color": "#1F6B4F",
    }
    assert again["ja"][1]["contents"]["body"][0]["$if"] == "coupon"
    assert message_texts.reworded(content, {each.path: each.text for each in found}) == content


def test_every_message_of_a_ready_scenario_can_be_said_to_the_sample_friend(sqlite: Database) -> None:
    with sqlite.begin() as session:
        library.install(session, NOW)
    with sqlite.reading() as session:
        for scenario in session.scalars(select(Scenario)):
            for step in scenario.steps:
                content = step_changes.newest(session, step.message_id or 0).content
                for language in content:
                    assert render(content, language, sample_facts(Shop(), language, NOW))
        versions = session.scalars(select(MessageVersion)).all()
        assert [check(version.content) for version in versions] == [[]] * len(versions)
