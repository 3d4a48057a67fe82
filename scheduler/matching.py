"""Whether friends and their news match what scenarios ask: conditions, triggers and goals."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import compiler, condition_known, conditions
from segments.models import CustomerEvent, EventKind, Facts, Friend
from segments.shop import Shop

PYRAMID = {"ladder": "pyramid"}
IF = "if"
"""The key of a goal that is a condition instead of news."""


def matching(
    session: Session,
    condition: dict[str, Any] | None,
    friend_ids: Collection[int],
    now: datetime,
    settings: Shop,
) -> set[int]:
    """Return those of the friends whom a stored condition holds for; None holds for everybody."""
    if condition is None:
        return set(friend_ids)
    tree = conditions.parse(condition)
    holds = compiler.compile(tree, now, settings.zone, condition_known.load(session, tree))
    query = select(Friend.id).join(Facts, Facts.friend_id == Friend.id)
    return set(session.scalars(query.where(Friend.id.in_(friend_ids), holds)))


def is_news_for(wanted: Mapping[str, Any] | None, event: CustomerEvent) -> bool:
    """Tell whether an event is what a trigger or goal waits for.

    `{"event": "purchased", "where": {"count_at_least": 2, "trial": false}}`: `…_at_least` and
    `…_at_most` compare numbers of the payload, a list in the payload must contain the value, a list in
    `where` must contain the payload's value, anything else must be equal. Of moves on a ladder it is the pyramid's
    that are meant, unless `ladder` names another.
    """
    if wanted is None or wanted.get("event") != event.kind:
        return False
    meant = PYRAMID if event.kind == EventKind.STAGE_CHANGED else {}
    asked: Mapping[str, Any] = meant | (wanted.get("where") or {})
    return all(_holds(key, value, meant | event.payload) for key, value in asked.items())


def _holds(key: str, wanted: Any, payload: Mapping[str, Any]) -> bool:
    for suffix, compare in (("_at_least", int.__ge__), ("_at_most", int.__le__)):
        if key.endswith(suffix):
            number = payload.get(key.removesuffix(suffix))
            return isinstance(number, int) and compare(number, wanted) is True
    given = payload.get(key)
    if isinstance(given, list):
        return wanted in given
    return given in wanted if isinstance(wanted, list) else given == wanted


def reached(session: Session, goal: dict[str, Any] | None, enrolments: Iterable[Any]) -> set[int]:
    """Return the ids of enrolments whose goal was reached since they began, however late its news was read.

    An enrolment is any row with id, friend_id, entered_at and cause; what caused it is no goal of it.
    """
    if goal is None:
        return set()
    members = list(enrolments)
    news = session.scalars(
        select(CustomerEvent).where(
            CustomerEvent.kind == goal["event"],
            CustomerEvent.friend_id.in_({member.friend_id for member in members}),
            CustomerEvent.at >= min(member.entered_at for member in members),
        )
    )
    by_friend: dict[int, list[CustomerEvent]] = {}
    for event in news:
        if is_news_for(goal, event):
            by_friend.setdefault(event.friend_id, []).append(event)
    return {
        member.id
        for member in members
        if any(_ends(event, member) for event in by_friend.get(member.friend_id, ()))
    }


def condition_of(goal: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the condition a goal is, `{"if": {…}}`; None for a goal that is news, or none at all."""
    return goal.get(IF) if goal is not None else None


def _ends(event: CustomerEvent, member: Any) -> bool:
    if event.at == member.entered_at:  # a till that reports only dates has all purchases of a day at midnight
        return event.id > _event_id(member.cause)
    return event.at > member.entered_at


def _event_id(cause: str) -> int:
    kind, _, number = cause.partition(":")
    return int(number) if kind == "event" and number.isdecimal() else 0


def cause_of(event: CustomerEvent) -> str:
    """Return the cause that an enrolment started by `event` carries."""
    return f"event:{event.id}"
