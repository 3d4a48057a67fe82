"""A friend writes: keywords and codes are answered, everything else waits for a person."""

from bot.line.handlers import codes, commands, persons, surveying
from bot.line.handlers.asked import Action, Asked
from bot.line.handlers.hearing import hear
from bot.line.handlers.keywords import Understood, understand
from bot.line.turn import Turn
from segments import friends
from segments.models import ChatMessage

WISHES = frozenset(
    {Action.STOP, Action.START, Action.STOP_OFFERS, Action.START_OFFERS, Action.SETTINGS}
    | {Action.ENGLISH, Action.JAPANESE}
)
"""What the bot does even while a person has the conversation: how the friend wants to be written to is theirs to say."""


def text(turn: Turn) -> None:
    """Understand a text and answer it."""
    written = turn.part("message").get("text")
    words = written if isinstance(written, str) else ""
    message = hear(turn, "text", words)
    if message is None:
        return
    said = understand(words)
    if said.route is not None:
        friends.arrive_by(turn.session, turn.friend, said.route, turn.at)
    if persons.is_held(turn) and said.action not in WISHES:
        persons.put_before_one(turn, message)
        return
    if said.nothing and words.strip() and (question := surveying.awaited(turn)):
        surveying.written(turn, message, question, words)
        return
    if said.nothing:
        said = codes.awaited(turn, words)
    _answer(turn, message, said)


def _answer(turn: Turn, message: ChatMessage, said: Understood) -> None:
    if said.action is not None:
        turn.forget_expectation()
        params = {} if said.code is None else {"code": said.code}
        commands.run(turn, said.action, Asked(message, params))
    elif said.route is not None:
        turn.say("arrived")
    else:
        persons.wait_for_one(turn, message)
