"""While a person has a conversation the bot keeps silent, and leaves the reply token to them."""

from datetime import timedelta

import pytest

from bot import chat_answers, chat_desk, operators
from bot.models import ChatState, Role
from segments.db import Database
from tests.bot.browsing import PASSWORD
from tests.bot.line.support import Chat, a_line_id
from tests.fakes.clock import FakeClock


@pytest.fixture
def chat(sqlite: Database, clock: FakeClock) -> Chat:
    return Chat(sqlite, clock)


@pytest.fixture
def friend(chat: Chat, sqlite: Database, clock: FakeClock) -> str:
    """Return a friend whose conversation a person has taken over."""
    made = a_line_id()
    chat.follow(made)
    with sqlite.begin() as session:
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, clock.now())
        chat_desk.take_over(session, chat.friend(made).id, 1, clock.now())
    return made


def state(chat: Chat) -> ChatState:
    (found,) = chat.rows(ChatState)
    return found


def test_keywords_and_small_talk_go_to_the_person(chat: Chat, friend: str) -> None:
    for words in ("クーポン", "営業時間", "ありがとうございます"):
        assert chat.write(friend, words) == []
    assert chat.questions() == ["クーポン", "営業時間", "ありがとうございます"]


def test_a_wish_to_stop_is_heard_all_the_same(chat: Chat, friend: str) -> None:
    assert chat.write(friend, "配信停止") != []
    assert chat.friend(friend).opted_out_at is not None


def test_a_button_is_answered_by_the_bot(chat: Chat, friend: str) -> None:
    assert chat.tap(friend, "action=coupons") != []


def test_the_bot_answers_again_when_nobody_handed_the_conversation_back(
    chat: Chat, friend: str, clock: FakeClock
) -> None:
    clock.advance(chat_desk.HELD_FOR + timedelta(seconds=1))
    assert chat.write(friend, "クーポン") != []


def test_the_reply_token_is_left_to_the_person_while_it_lives(
    chat: Chat, friend: str, clock: FakeClock
) -> None:
    chat.write(friend, "送料は？")
    kept = state(chat)
    assert chat_answers.live_token(kept, clock.now()) == kept.reply_token is not None
    assert chat_answers.live_token(kept, clock.now() + timedelta(seconds=51)) is None


def test_a_token_the_bot_used_is_not_kept(chat: Chat, friend: str) -> None:
    chat.write(friend, "配信設定")
    assert state(chat).reply_token is None
