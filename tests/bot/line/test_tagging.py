"""A button that puts a tag on whoever taps it."""

from urllib.parse import quote

import pytest

from segments import shop, tags
from segments.db import Database
from segments.models import CustomerEvent, EventKind, Question
from segments.shop import Shop
from tests.bot.line.support import Chat
from tests.fakes.clock import FakeClock


@pytest.fixture
def chat(sqlite: Database, clock: FakeClock) -> Chat:
    """Return the chat of a shop."""
    with sqlite.begin() as session:
        shop.save(session, Shop(name="見本の店"), clock.now())
    return Chat(sqlite, clock)


def test_a_tap_puts_the_tag_on_and_says_nothing(chat: Chat) -> None:
    chat.follow("Utap")
    for _ in range(2):
        assert chat.tap("Utap", f"action=tag&name={quote('春のお知らせ')}") == []
    with chat.database.reading() as session:
        (mine,) = tags.of_friend(session, chat.friend("Utap").id)
    assert (mine.name, mine.set_by) == ("春のお知らせ", "tap")
    assert [each.kind for each in chat.rows(CustomerEvent)].count(EventKind.TAGGED) == 1
    assert chat.rows(Question) == []


def test_a_button_that_names_no_tag_is_put_before_a_person(chat: Chat) -> None:
    chat.follow("Utap")
    chat.tap("Utap", "action=tag")
    assert len(chat.rows(Question)) == 1
