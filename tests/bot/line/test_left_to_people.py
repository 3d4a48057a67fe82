"""What the bot leaves to people, keeps without a word, or answers too late."""

from datetime import timedelta

import pytest

from bot.models import InboundEvent, InboundState
from scheduler.gateway import UncertainGatewayError
from scheduler.models import Delivery, DeliveryState
from segments import conversations
from segments.db import Database
from segments.models import ChatMessage, Question
from tests.bot.line.conversations import a_follower, a_shops_chat
from tests.bot.line.support import Chat, a_message, a_text, an_event
from tests.fakes.clock import FakeClock


@pytest.fixture
def chat(database: Database, clock: FakeClock) -> Chat:
    """Return the chat of a shop that has set itself up."""
    return a_shops_chat(database, clock)


@pytest.fixture
def friend(chat: Chat) -> str:
    """Return the id of a friend who has just followed."""
    return a_follower(chat)


def test_an_unanswered_question_waits_for_a_person_and_says_so_once_an_hour(chat: Chat, friend: str):
    assert "スタッフが確認" in chat.write(friend, "このお茶は何年もちますか？")[0]
    assert chat.write(friend, "あと贈り物にできますか") == []
    chat.clock.advance(timedelta(hours=1, minutes=1))
    assert "スタッフが確認" in chat.write(friend, "もしもし")[0]
    assert chat.questions() == ["このお茶は何年もちますか？", "あと贈り物にできますか", "もしもし"]


def test_the_bot_stays_quiet_in_a_conversation_until_it_is_answered(chat: Chat, friend: str):
    assert "スタッフ" in chat.write(friend, "スタッフと話す")[0]
    chat.clock.advance(timedelta(hours=3))
    assert chat.write(friend, "贈り物を探しています") == []
    chat.receive(a_message(friend, "sticker", chat.clock.now()))
    assert chat.write(friend, "クーポン") != []
    assert len(chat.questions()) == 3
    with chat.database.begin() as session:
        for question in chat.rows(Question):
            conversations.answer(session, question.id, "operator", chat.clock.now())
    chat.clock.advance(timedelta(hours=3))
    assert "スタッフが確認" in chat.write(friend, "ありがとう")[0]


def test_bought_is_passed_to_a_person(chat: Chat, friend: str):
    assert "確認いたします" in chat.write(friend, "買いました！")[0]
    assert chat.questions() == ["買いました！"]


def test_pictures_wait_for_a_person_and_stickers_are_small_talk(chat: Chat, friend: str):
    chat.receive(a_message(friend, "sticker", chat.clock.now(), packageId="1"))
    assert "スタンプ" in chat.gateway.sent_to(friend)[-1]
    chat.receive(a_message(friend, "image", chat.clock.now()))
    assert "スタッフが確認" in chat.gateway.sent_to(friend)[-1]
    assert chat.questions() == [""]


def test_what_was_taken_back_is_deleted_everywhere(chat: Chat, friend: str):
    event = a_text(friend, "秘密の話", chat.clock.now())
    chat.receive(event)
    chat.receive(an_event("unsend", friend, chat.clock.now(), unsend={"messageId": event["message"]["id"]}))
    assert "秘密" not in repr([vars(row) for row in chat.rows(ChatMessage)])
    assert "秘密" not in repr([vars(row) for row in chat.rows(InboundEvent)])


def test_an_unsend_that_arrives_first_still_deletes(chat: Chat, friend: str):
    event = a_text(friend, "秘密の話", chat.clock.now())
    chat.receive(an_event("unsend", friend, chat.clock.now(), unsend={"messageId": event["message"]["id"]}))
    chat.receive(event)
    assert "秘密" not in repr([vars(row) for row in chat.rows(ChatMessage)])
    assert "秘密" not in repr([vars(row) for row in chat.rows(InboundEvent)])
    assert chat.questions() == []


def test_in_standby_everything_is_kept_and_nothing_is_said(chat: Chat, friend: str):
    before = chat.gateway.sent_to(friend)
    chat.receive(a_text(friend, "クーポン", chat.clock.now(), mode="standby"))
    assert chat.gateway.sent_to(friend) == before
    assert chat.rows(ChatMessage)[-1].text == "クーポン"


def test_groups_and_unknown_kinds_are_kept_and_counted(chat: Chat, friend: str):
    group = {"type": "group", "groupId": "C1"}
    chat.receive(
        an_event("join", friend, source=group), an_event("leave", friend, source=group),
        an_event("hologram", friend), an_event("beacon", friend), an_event("message", friend, message="?"),
    )  # fmt: skip
    states = [row.state for row in chat.rows(InboundEvent)][1:]
    assert states == [InboundState.IGNORED] * 5


def test_a_late_answer_is_recorded_as_expired_and_never_pushed(chat: Chat, friend: str):
    calls = len(chat.gateway.calls)
    chat.store(a_text(friend, "クーポン", chat.clock.now()))
    chat.clock.advance(timedelta(seconds=51))
    chat.work()
    assert [call for call, _ in chat.gateway.calls[calls:]] == []
    late = chat.rows(Delivery)[-1]
    assert (late.state, late.reason) == (DeliveryState.FAILED, "reply_token_expired")


def test_an_uncertain_reply_stays_uncertain(chat: Chat, friend: str):
    chat.gateway.fail("reply", UncertainGatewayError("timed out"))
    assert chat.write(friend, "クーポン") == []
    assert chat.rows(Delivery)[-1].state is DeliveryState.UNCERTAIN
    chat.work()
    assert [call for call, _ in chat.gateway.calls if call == "push"] == []


def test_whose_questions_are_answered_is_told_again_that_a_new_one_waits(chat: Chat, friend: str):
    assert "スタッフが確認" in chat.write(friend, "このお茶は何年もちますか？")[0]
    with chat.database.begin() as session:
        for question in chat.rows(Question):
            conversations.answer(session, question.id, "operator", chat.clock.now())
    chat.clock.advance(timedelta(minutes=5))
    assert "スタッフが確認" in chat.write(friend, "では水出しもできますか？")[0]
