"""What a message would look like on a friend's phone: made for a sample friend or a real one, in each language."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
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
from scheduler.sample_facts import facts_to_look_at, sample_facts
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
    return [
        _one(content, language, friend_id, partial(_facts, session, [content], language, friend_id, now))
        for language in languages
    ]


def shown_each(
    session: Session, contents: Mapping[int, Mapping[str, Any]], friend_id: int, now: datetime
) -> dict[int, Shown]:
    """Return several messages as a friend would get them, in their language alone; the facts are read once for all."""
    own = session.get_one(Friend, friend_id).language
    spoken = {id_: messages.spoken(own, list(content)) for id_, content in contents.items()}
    known: dict[str, dict[str, Any]] = {}
    for language in set(spoken.values()):
        together = [content for id_, content in contents.items() if spoken[id_] == language]
        known[language] = _facts(session, together, language, friend_id, now)
    return {
        id_: _one(content, spoken[id_], friend_id, partial(known.__getitem__, spoken[id_]))
        for id_, content in contents.items()
    }


def _one(
    content: Mapping[str, Any], language: str, friend_id: int | None, facts: Callable[[], dict[str, Any]]
) -> Shown:
    try:
        return Shown(language, messages.render({language: content[language]}, language, facts()))
    except RenderError as error:
        why = reason_words(error.reason, current_language())
        if friend_id is None:
            return Shown(language, problem=_("見本の友だちでは表示できません。%(why)s", why=why))
        return Shown(language, problem=_("この友だちには送られません。%(why)s", why=why))
    except BadTemplate as error:
        return Shown(language, problem=problem_words(error.code, error.params))


def _facts(
    session: Session,
    contents: Iterable[Mapping[str, Any]],
    language: str,
    friend_id: int | None,
    now: datetime,
) -> dict[str, Any]:
    if friend_id is None:
        return sample_facts(shop.load(session), language, now)
    wanted = {fact.split(".")[0] for content in contents for fact in _named(content)}
    return facts_to_look_at(session, [friend_id], wanted, now, language=language)[friend_id]


def _named(content: Mapping[str, Any]) -> Collection[str]:
    """Return the facts that content names; none when it cannot be read, which is told when it is rendered."""
    with suppress(BadTemplate):
        return messages.named_facts(content)
    return ()


@blueprint.get("/look.css")
@requires(*READERS)
def sheet() -> ResponseReturnValue:
    """Return the style sheet of the colours and lengths named in the address, and of nothing else."""
    answer: Response = make_response(look_css.sheet(request.args.get("names", "").split(".")))
    answer.mimetype = "text/css"
    answer.headers["Cache-Control"] = f"private, max-age={SHEET_KEPT}"
    return answer
