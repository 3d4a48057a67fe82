"""Why one friend is in a segment or not, and how that friend is found by name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import request
from sqlalchemy.orm import Session

from bot.console import friends_views, segments_views
from bot.console.friends_views import Brief
from bot.words import explain
from segments import condition_explain
from segments.condition_explain import Explanation
from segments.conditions import Condition
from segments.errors import KokyakuError
from segments.models import Friend


@dataclass(frozen=True)
class Asked:
    """What was asked of this page, and what is known of it."""

    words: str = ""
    found: Sequence[Friend] = field(default_factory=list[Friend])
    friend: Brief | None = None
    explanation: Explanation | None = None
    problem: str = ""


def asked(session: Session, condition: Condition | None, now: datetime) -> Asked:
    """Return the friend named in the address with why they are meant or not, or those whose names fit."""
    words = request.args.get("who", "").strip()[:100]
    friend = friends_views.brief(session, request.args.get("friend", type=int))
    if friend is None:
        return Asked(words, segments_views.friends_named(session, words) if words else [])
    if condition is None:
        return Asked(words, friend=friend)
    try:
        told = condition_explain.explain(session, condition, friend.id, now)
    except KokyakuError as error:
        return Asked(words, friend=friend, problem=explain(error))
    return Asked(words, friend=friend, explanation=told)
