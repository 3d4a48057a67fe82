"""What a message would look like on a friend's phone: made for a sample friend or a real one, in each language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import friends_views, look_css
from bot.console.access import READERS, requires
from bot.console.friends_views import Brief
from bot.console.line_look import Look
from bot.i18n import current_language
from bot.words import problem_words
from scheduler import messages
from scheduler.messages import BadTemplate, RenderError
from scheduler.reasons import reason_words
from scheduler.sample_facts import sample_facts
from scheduler.template_facts import REFERRAL_FACTS, personal_facts
from segments import shop
from segments.models import Friend

blueprint = Blueprint("previews", __name__, url_prefix="/console/previews")

SHEET_KEPT = 24 * 3600
SUGGESTED = 8


@dataclass(frozen=True)
class Shown:
    """A message in one language: its objects, or why they cannot be made."""

    language: str
    objects: Sequence[Mapping[str, Any]] = ()
    problem: str = ""
    look: Look = field(default_factory=Look)


@dataclass(frozen=True)
class Reader:
    """Whose eyes a preview is seen with: the sample friend's when there is no friend."""

    friend: Brief | None
    found: Sequence[Brief] = ()
    words: str = ""


def reader(session: Session, friend_id: str, words: str) -> Reader:
    """Return who was chosen, and whom a search found."""
    friend = (
        friends_views.brief(session, int(friend_id))
        if friend_id.isdecimal() and len(friend_id) < 19
        else None
    )
    words = words.strip()
    if not words:
        return Reader(friend)
    found = friends_views.search(session, words).rows[:SUGGESTED]
    return Reader(friend, [Brief(each.id, each.name) for each in found], words)


def shown(session: Session, content: Mapping[str, Any], friend_id: int | None, now: datetime) -> list[Shown]:
    """Return a message as the friend would get it in each of its languages, their own first."""
    languages = list(content)
    if friend_id is not None and (friend := session.get(Friend, friend_id)):
        own = messages.spoken(friend.language, languages)
        languages.sort(key=lambda each: each != own)
    return [_one(session, content, language, friend_id, now) for language in languages]


def _one(
    session: Session, content: Mapping[str, Any], language: str, friend_id: int | None, now: datetime
) -> Shown:
    try:
        facts = _facts(session, content, language, friend_id, now)
        return Shown(language, messages.render({language: content[language]}, language, facts))
    except RenderError as error:
        why = reason_words(error.reason, current_language())
        if friend_id is None:
            return Shown(language, problem=_("見本の友だちでは表示できません。%(why)s", why=why))
        return Shown(language, problem=_("この友だちには送られません。%(why)s", why=why))
    except BadTemplate as error:
        return Shown(language, problem=problem_words(error.code, error.params))


def _facts(
    session: Session, content: Mapping[str, Any], language: str, friend_id: int | None, now: datetime
) -> dict[str, Any]:
    sample = sample_facts(shop.load(session), language, now)
    if friend_id is None:
        return sample
    # What a scenario's cause tells, and a referral code yet to be given, are made up: a preview writes nothing.
    made_up = {"cause"}
    if session.get_one(Friend, friend_id).referral_code is None:
        made_up |= REFERRAL_FACTS
    wanted = {fact.split(".")[0] for fact in messages.named_facts(content)}
    known = personal_facts(session, [friend_id], now, language=language, wanted=wanted - made_up)[friend_id]
    return {name: value for name, value in sample.items() if name in wanted & made_up} | known


@blueprint.get("/look.css")
@requires(*READERS)
def sheet() -> ResponseReturnValue:
    """Return the style sheet of the colours and lengths named in the address, and of nothing else."""
    answer: Response = make_response(look_css.sheet(request.args.get("names", "").split(".")))
    answer.mimetype = "text/css"
    answer.headers["Cache-Control"] = f"private, max-age={SHEET_KEPT}"
    return answer
