"""Stopping offers, and only offers, from the chat."""

from datetime import timedelta

import pytest

from segments.db import Database
from tests.bot.line.support import Chat, a_line_id
from tests.fakes.clock import FakeClock


@pytest.fixture
def chat(database: Database, clock: FakeClock) -> Chat:
    return Chat(database, clock)


@pytest.fixture
def friend(chat: Chat) -> str:
    made = a_line_id()
    chat.follow(made)
    return made


def test_offers_stop_and_start_again_while_other_messages_go_on(chat: Chat, friend: str) -> None:
    assert chat.write(friend, "ご案内停止") == ["販売のご案内を停止しました"]
    known = chat.friend(friend)
    assert (known.offers_opted_out_at is not None, known.opted_out_at) == (True, None)
    assert "販売のご案内：停止中" in str(chat.write(friend, "配信設定") and chat.last(friend))
    chat.clock.advance(timedelta(seconds=1))
    assert chat.write(friend, "ご案内を再開する") == ["販売のご案内をお送りします"]
    assert chat.friend(friend).offers_opted_out_at is None
