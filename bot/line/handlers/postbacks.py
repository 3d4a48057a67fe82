"""A friend taps a button of a message or of the rich menu."""

from urllib.parse import parse_qsl

from bot.line.handlers import commands, persons, tagging
from bot.line.handlers.asked import Action, Asked
from bot.line.handlers.keywords import name_of
from bot.line.turn import Turn
from segments import conversations, signals

ACTIONS = {action.value: action for action in Action} | {"free_item": Action.CLAIM}


def postback(turn: Turn) -> None:
    """Do what the button says; a button of ours that no longer means anything is a question."""
    given = turn.part("postback").get("data")
    data = given[:300] if isinstance(given, str) else ""
    params = dict(parse_qsl(data, keep_blank_values=True))
    name = params.pop("action", "")
    action = ACTIONS.get(name)
    message = conversations.heard(
        turn.session,
        turn.friend,
        kind="postback",
        text=_words(action, data, params, turn.friend.language),
        content=turn.part("postback"),
        line_message_id=None,
        at=turn.at,
    )
    signals.tapped(turn.session, turn.friend.id, turn.at, data=data)
    if action is not None:
        turn.forget_expectation()
        commands.run(turn, action, Asked(message, params))
    elif name == tagging.ACTION and tagging.tag(turn, params.get("name", "")):
        turn.forget_expectation()
    elif data and not name.startswith("richmenu"):
        persons.wait_for_one(turn, message)


def _words(action: Action | None, data: str, params: dict[str, str], language: str) -> str:
    """Return what a tap is called in the chat."""
    if action is None:
        return data
    said = params.get("answer") or params.get("question") if action is Action.ANSWER else None
    return said or name_of(action, language)
