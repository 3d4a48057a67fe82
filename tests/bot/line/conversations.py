"""A shop that has set its conversation up, and somebody who has just followed it."""

from segments import shop
from segments.db import Database
from segments.models import CustomerEvent, EventKind
from segments.shop import Shop
from segments.shop_values import FreeItem, Words
from tests.bot.line.support import Chat, a_line_id
from tests.fakes.clock import FakeClock

SHOP = Shop(
    name="見本の店",
    basic_id="@mihon",
    free_item=FreeItem(Words("お茶の淹れ方", "How to brew"), Words("一番茶のコツです。", "Tips."), "https://example.com/tea"),
    how_to_buy=Words("店頭またはお電話でどうぞ。", "At the shop or by phone."),
    opening_hours=Words("10時から18時", "10 to 18"),
)  # fmt: skip


def a_shops_chat(database: Database, clock: FakeClock) -> Chat:
    """Return the chat of a shop that has set itself up."""
    with database.begin() as session:
        shop.save(session, SHOP, clock.now())
    return Chat(database, clock)


def a_follower(chat: Chat) -> str:
    """Return the id of a friend who has just followed."""
    made = a_line_id()
    chat.follow(made)
    return made


def kinds(chat: Chat) -> list[EventKind]:
    return [event.kind for event in chat.rows(CustomerEvent)]
