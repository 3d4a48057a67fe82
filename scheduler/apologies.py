"""Apologies (信頼貯金を減らしてしまったときは心から謝る): the ready scenario that a complaint starts, and started by hand."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import facts_locking, signals
from segments.errors import Invalid
from segments.models import CustomerEvent, EventKind

SCENARIO = "apology"
"""The key of the ready scenario: a message of apology, and a week later a question how things are."""
LONGEST_WHY = 200
SAME = timedelta(days=1)
"""How long the same words mean the same complaint: a form that was sent twice, two people who heard of it."""
LATE = timedelta(days=3)
"""A complaint that is told of later than this is history that another system hands over: no apology goes out for it."""
_DONE = "apologised"


def is_apology(key: str | None) -> bool:
    """Tell by a scenario's key whether it apologises; a copy that a shop makes of it has no key and is its own."""
    return key == SCENARIO


def is_done(key: str | None, event: CustomerEvent) -> bool:
    """Tell whether an event must not start the scenario of that key: somebody apologises for it in person."""
    return is_apology(key) and bool(event.payload.get(_DONE))


def is_history(key: str | None, event: CustomerEvent, now: datetime) -> bool:
    """Tell whether an event is too old at `now` to start the scenario of that key; a question is noticed when it is."""
    return is_apology(key) and event.at < now - LATE and "question_id" not in event.payload


def begin(
    session: Session, friend_id: int, why: str, by: str, now: datetime, *, in_person: bool = False
) -> bool:
    """Take note of what went wrong with a friend, as a complaint of theirs; the scenario apologises for it.

    From then on nothing is sold to them for the days the policy `trust` says, nor while the account is in the red.
    `in_person` keeps the scenario from starting. Told again in the same words within a day, it counts once, unless it
    was taken back; tell whether it did. Raises Invalid ("apology_why_missing") or NotFound ("friend_unknown").
    """
    why = " ".join(why.split())
    if not 0 < len(why) <= LONGEST_WHY:
        raise Invalid("apology_why_missing", limit=LONGEST_WHY)
    # Of two clicks at once the second waits here and sees the first.
    facts_locking.lock_one(session, friend_id)
    if _stands(session, friend_id, why, now):
        return False
    done: dict[str, Any] = {_DONE: True} if in_person else {}
    return signals.complain(session, friend_id, now, now=now, by=by, about=why, **done)


def _stands(session: Session, friend_id: int, why: str, now: datetime) -> bool:
    same = (
        CustomerEvent.friend_id == friend_id,
        CustomerEvent.kind == EventKind.COMPLAINED,
        CustomerEvent.at > now - SAME,
        CustomerEvent.payload["about"].as_string() == why,
    )
    return session.scalar(select(CustomerEvent.id).where(*same).limit(1)) is not None
