"""Chats: every message once, taken back when the friend takes it back, no question lost."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import conversations
from segments.db import Database
from segments.errors import NotFound
from segments.models import ChatMessage, CustomerEvent, Direction, Facts, Friend, Question
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW


def hear(session: Session, friend: Friend, **values: Any) -> ChatMessage:
    """Hear a text message."""
    given: dict[str, Any] = {
        "kind": "text",
        "text": "営業時間は？",
        "content": {"type": "text"},
        "line_message_id": "m1",
        "at": NOW,
    }
    return conversations.heard(session, friend, **(given | values))


def test_a_message_heard_twice_is_one(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        first, second = hear(session, friend), hear(session, friend)
        assert first.id == second.id
        session.refresh(friend)
        assert friend.last_wrote_at == NOW
        facts = session.get_one(Facts, friend.id, populate_existing=True)
        assert (facts.message_count, facts.last_reaction_at) == (1, NOW)
        event = session.scalars(select(CustomerEvent)).one()
        assert event.payload == {"message_id": first.id, "kind": "text"}


def test_an_older_message_does_not_turn_time_back(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        hear(session, friend)
        hear(session, friend, line_message_id="m0", at=days_ago(1))
        assert friend.last_wrote_at == NOW


def test_a_tap_without_an_id_is_kept_but_is_nothing_written(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        hear(session, friend, kind="postback", line_message_id=None)
        hear(session, friend, kind="postback", line_message_id=None)
        assert len(session.scalars(select(ChatMessage)).all()) == 2
        assert session.get_one(Facts, friend.id, populate_existing=True).message_count == 0


def test_what_is_taken_back_is_gone_but_that_it_was_there_stays(database: Database) -> None:
    with database.begin() as session:
        message = hear(session, a_friend(session))
        assert conversations.unsend(session, "m1", NOW)
        assert not conversations.unsend(session, "never-seen", NOW)
        session.refresh(message)
        assert (message.text, message.content, message.unsent_at) == ("", None, NOW)


def test_what_we_said_stands_in_the_chat(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        said = conversations.said(
            session, friend.id, kind="text", text="10時からです", content=None, delivery_id=7, at=NOW
        )
        assert (said.direction, said.delivery_id) == (Direction.OUT, 7)


def test_a_question_waits_once_and_makes_a_prospect(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        message = hear(session, friend)
        first = conversations.ask(session, friend, message, NOW)
        assert conversations.ask(session, friend, message, NOW).id == first.id
        facts = session.get_one(Facts, friend.id, populate_existing=True)
        assert (facts.stage, facts.stage_reason) == ("prospect", "inquired")


def test_a_question_is_answered_once(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        question = conversations.ask(session, friend, hear(session, friend), NOW)
        assert conversations.answer(session, question.id, "operator:1", NOW)
        assert not conversations.answer(session, question.id, "operator:2", NOW)
        assert session.scalars(select(Question.answered_by)).one() == "operator:1"
        with pytest.raises(NotFound, match="question_unknown"):
            conversations.answer(session, 404, "operator:1", NOW)
