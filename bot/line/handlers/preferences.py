"""What a friend wants of us: messages or none, which language."""

from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import friends


def stop(turn: Turn, asked: Asked) -> None:
    """Stop messages; answers still come."""
    if _is_news(turn):
        friends.opt_out(turn.session, turn.friend, turn.at)
    _say_how_it_stands(turn)


def start(turn: Turn, asked: Asked) -> None:
    """Let messages come again."""
    if _is_news(turn):
        friends.opt_in(turn.session, turn.friend, turn.at)
    _say_how_it_stands(turn)


def stop_offers(turn: Turn, asked: Asked) -> None:
    """Stop messages that sell; others still come."""
    if _is_news(turn):
        friends.opt_out_of_offers(turn.session, turn.friend, turn.at)
    _say_how_offers_stand(turn)


def start_offers(turn: Turn, asked: Asked) -> None:
    """Let messages that sell come again."""
    if _is_news(turn):
        friends.opt_in_to_offers(turn.session, turn.friend, turn.at)
    _say_how_offers_stand(turn)


def settings(turn: Turn, asked: Asked) -> None:
    """Show how things stand, with buttons to change them."""
    friend = turn.friend
    turn.say(
        "settings",
        stopped=friend.opted_out_at is not None,
        offers_stopped=friend.offers_opted_out_at is not None,
        linked=bool(friend.member_number),
    )


def english(turn: Turn, asked: Asked) -> None:
    """Speak English from now on."""
    _speak(turn, "en")


def japanese(turn: Turn, asked: Asked) -> None:
    """Speak Japanese from now on."""
    _speak(turn, "ja")


def _speak(turn: Turn, language: str) -> None:
    friends.speak(turn.session, turn.friend, language)
    turn.state().language_chosen = True
    turn.say("language")


def _say_how_it_stands(turn: Turn) -> None:
    turn.say("stopped" if turn.friend.opted_out_at is not None else "started")


def _say_how_offers_stand(turn: Turn) -> None:
    turn.say("offers_stopped" if turn.friend.offers_opted_out_at is not None else "offers_started")


def _is_news(turn: Turn) -> bool:
    """Tell whether no later wish is known, and remember this one: webhooks may come in any order."""
    state = turn.state()
    if state.preference_at is not None and turn.at <= state.preference_at:
        return False
    state.preference_at = turn.at
    return True
