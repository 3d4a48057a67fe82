"""What may start or end a scenario, and what else may be chosen in its forms; the JSON that each choice stands for."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import step_words
from bot.console import audience_choice
from bot.i18n import current_language
from bot.words import EVENTS
from scheduler.models import Message
from scheduler.scenario_starts import on_entering, on_leaving, on_tag
from scheduler.step_settings import DateKind
from segments.errors import Invalid
from segments.models import Coupon, EventKind

Choices = list[tuple[str, str]]
STORED = "stored"
IN_SEGMENT = "if:segment"
"""The goal of being in a segment, asked as a condition; entering one is news."""
SPECIAL = (EventKind.SEGMENT_ENTERED, EventKind.SEGMENT_LEFT, EventKind.TAGGED)
START_DATES = (
    DateKind.BIRTHDAY,
    DateKind.FIRST_PURCHASE,
    DateKind.TRIAL_END,
    DateKind.COUPON_END,
    DateKind.FIELD,
    DateKind.DAY,
)


def starts(stored: Mapping[str, Any] | None) -> Choices:
    """Return what may start a scenario: news of the friend, or a date."""
    language = current_language()
    found = [(f"event:{kind.value}", _(EVENTS[kind])) for kind in EventKind]
    found += [
        (f"date:{each.value}", step_words.one_of(step_words.DATES[each], language)) for each in START_DATES
    ]
    is_own = stored is not None and start_value(stored) == STORED
    return [(STORED, _("いまのきっかけのまま")), *found] if is_own else found


def goals(stored: Mapping[str, Any] | None) -> Choices:
    """Return what may end a scenario early."""
    found = [(f"event:{kind.value}", _(EVENTS[kind])) for kind in EventKind]
    own: Choices = [(STORED, _("いまの目標のまま"))] if stored and start_value(stored) == STORED else []
    inside = (IN_SEGMENT, _("セグメントに入っている（条件として確かめます）"))
    return [("", _("なし（最後まで続けます）")), *own, inside, *found]


def start_value(stored: Mapping[str, Any]) -> str:
    """Return the choice that a stored trigger or goal is."""
    if "if" in stored:
        return IN_SEGMENT if _segment_of(stored) else STORED
    if "date" in stored:
        return f"date:{stored['date']}"
    where: Mapping[str, Any] = stored.get("where") or {}
    plain = not where or (stored.get("event") in SPECIAL and len(where) == 1)
    return f"event:{stored.get('event')}" if plain else STORED


def start_of(value: str, details: Mapping[str, str], stored: dict[str, Any] | None) -> dict[str, Any]:
    """Return the trigger or goal that a choice stands for, with its segment, tag or date in `details`.

    Raises Invalid: trigger_invalid, segment_missing, tag_missing.
    """
    kind, _separator, name = value.partition(":")
    if kind == STORED and stored is not None:
        return stored
    if value == IN_SEGMENT:
        return {"if": {"is": "segment", "segment_id": _segment(details)}}
    if kind == "date" and name in set(DateKind):
        return _by_date(name, details)
    if kind != "event":
        raise Invalid("trigger_invalid", given=value)
    if name in {EventKind.SEGMENT_ENTERED, EventKind.SEGMENT_LEFT}:
        return (on_entering if name == EventKind.SEGMENT_ENTERED else on_leaving)(_segment(details))
    if name == EventKind.TAGGED:
        if not details.get("tag"):
            raise Invalid("tag_missing")
        return on_tag(details["tag"])
    return {"event": name}


def _segment(details: Mapping[str, str]) -> int:
    given = details.get("segment", "")
    if not given.isdecimal() or len(given) > 18:
        raise Invalid("segment_missing")
    return int(given)


def _segment_of(stored: Mapping[str, Any]) -> int | None:
    match stored:
        case {"if": {"is": "segment", "segment_id": int(number)}}:
            return number
        case _:
            return None


def segment_of(stored: Mapping[str, Any]) -> str:
    """Return the segment that a start or goal names, as its field has it; "" when it names none."""
    where: Mapping[str, Any] = stored.get("where") or {}
    return str(_segment_of(stored) or where.get("segment_id") or "")


def _by_date(name: str, details: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"date": name}
    days = details.get("days", "").strip() or "0"
    if not days.removeprefix("-").isdecimal() or len(days) > 5:
        raise Invalid("trigger_invalid", given=days)
    made["days_before"] = int(days)
    if name == DateKind.DAY:
        made["day"] = details.get("day") or ""
    if name == DateKind.FIELD or (name == DateKind.COUPON_END and details.get("name")):
        made["name"] = details.get("name") or ""
    return made


def segments(session: Session) -> Choices:
    """Return the saved segments."""
    found = [(str(id_), name) for id_, name in audience_choice.segments(session)]
    return [("", _("選んでください")), *found]


def tags(session: Session) -> Choices:
    """Return the tags."""
    return [("", _("選んでください")), *((name, name) for name in audience_choice.tags(session))]


def coupons(session: Session) -> Choices:
    """Return the coupons."""
    rows: Sequence[tuple[str, str]] = [
        (key, title)
        for key, title in session.execute(select(Coupon.key, Coupon.title).order_by(Coupon.title))
    ]
    return [("", _("なし")), *rows]


def messages(session: Session) -> Choices:
    """Return the ready messages."""
    ready = select(Message.id, Message.name).where(Message.key.is_not(None)).order_by(Message.name)
    found = [(str(id_), name) for id_, name in session.execute(ready)]
    return [("", _("新しく文章を書く")), *found]
