"""Coupons, how to buy, opening hours, and what else one can ask."""

from bot.line.handlers import persons
from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import coupons as granted


def coupons(turn: Turn, asked: Asked) -> None:
    """Show the friend's coupons with code and last day; at most ten, LINE's cards end there."""
    held = granted.held(turn.session, turn.friend.id, turn.now)
    turn.say("coupons" if held else "coupons_none")


def how_to_buy(turn: Turn, asked: Asked) -> None:
    """Say how to buy, in the shop's own words."""
    _say_or_ask(turn, asked, "how_to_buy", turn.shop.how_to_buy.of(turn.friend.language))


def hours(turn: Turn, asked: Asked) -> None:
    """Say when the shop is open."""
    _say_or_ask(turn, asked, "hours", turn.shop.opening_hours.of(turn.friend.language))


def menu(turn: Turn, asked: Asked) -> None:
    """Say what the bot understands; the quick replies below every answer are the menu."""
    turn.say("menu")


def _say_or_ask(turn: Turn, asked: Asked, key: str, words: str) -> None:
    if words:
        turn.say(key)
    else:
        persons.wait_for_one(turn, asked.message)
