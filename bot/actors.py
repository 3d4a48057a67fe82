"""Who did something, as people are called: the actor of a row in words."""

from sqlalchemy.orm import Session

from bot.i18n import N_, catalogue, current_language
from bot.models import ApiKey, Operator

TERMINAL = N_("コマンド")
SYSTEM = N_("システム")
API = N_("API（%(name)s）")
NOBODY = N_("以前の運用担当者")


def actor_name(session: Session, actor: str) -> str:
    """Return what to call an actor such as `operator:3`, `api:2`, `cli`."""
    speak = catalogue(current_language()).gettext
    kind, _, number = actor.partition(":")
    if kind == "operator" and number.isdecimal():
        operator = session.get(Operator, int(number))
        return (operator.name or operator.login) if operator else speak(NOBODY)
    if kind == "api" and number.isdecimal():
        key = session.get(ApiKey, int(number))
        return speak(API) % {"name": key.name if key else number}
    return speak(TERMINAL) if actor in {"cli", "command line"} else speak(SYSTEM)
