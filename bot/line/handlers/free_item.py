"""The free item: claiming it makes a prospect."""

from bot.line.handlers import persons
from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import signals


def claim(turn: Turn, asked: Asked) -> None:
    """Hand over the free item, as often as asked; only the first time is news."""
    item = turn.shop.free_item
    if not (item.url or item.text.ja or item.text.en):
        # Nothing to give yet: the operator hears of it instead of the friend getting an empty message.
        persons.put_before_one(turn, asked.message)
        turn.say("free_item_none")
        return
    signals.claim_free_item(turn.session, turn.friend.id, turn.at)
    turn.say_ready("free_item")
