"""Points in chat: how many there are, and which go next."""

from bot.line.handlers import persons
from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import points as ledger


def points(turn: Turn, asked: Asked) -> None:
    """Say the balance and what expires next; where the shop gives no points, a person answers."""
    known = ledger.statement(turn.session, turn.friend.id, turn.now)
    if not known.is_kept:
        persons.hand_over(turn, asked.message)
        return
    ends, going = known.expiring[0] if known.expiring else (None, 0)
    turn.say("points", balance=known.balance, going=going, ends=ends)
