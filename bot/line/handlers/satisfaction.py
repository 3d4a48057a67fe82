"""Answers to "are you satisfied?"."""

from bot.line.handlers import persons
from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import signals
from segments.models import Facts


def satisfied(turn: Turn, asked: Asked) -> None:
    """Take note and say thank you."""
    if _is_news(turn, satisfied=True):
        signals.answer_satisfaction(turn.session, turn.friend.id, satisfied=True, at=turn.at)
    turn.say("satisfied")


def dissatisfied(turn: Turn, asked: Asked) -> None:
    """Apologise, and let a person hear of it."""
    if _is_news(turn, satisfied=False):
        signals.answer_satisfaction(turn.session, turn.friend.id, satisfied=False, at=turn.at)
        persons.put_before_one(turn, asked.message)
    turn.say("dissatisfied")


def _is_news(turn: Turn, *, satisfied: bool) -> bool:
    """Tell whether this is not the answer already known: buttons stay in the chat and are tapped again."""
    facts = turn.session.get_one(Facts, turn.friend.id)
    same, other = facts.satisfied_at, facts.dissatisfied_at
    if not satisfied:
        same, other = other, same
    bought = facts.last_purchase_at
    overtaken = same is None or (other is not None and other > same)
    return overtaken or (bought is not None and same is not None and bought > same)
