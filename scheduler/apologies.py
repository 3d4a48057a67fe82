"""Apologies (信頼貯金を減らしてしまったときは心から謝る): the ready scenario that a complaint starts, and started by hand."""

from datetime import datetime

from sqlalchemy.orm import Session

from segments import signals
from segments.errors import Invalid

SCENARIO = "apology"
"""The key of the ready scenario: a message of apology, and a week later a question how things are."""
LONGEST_WHY = 200


def begin(session: Session, friend_id: int, why: str, by: str, now: datetime) -> bool:
    """Take note of what went wrong with a friend, as a complaint of theirs; the scenario apologises for it.

    From then on nothing is sold to them for the days the policy `trust` says, nor while the account is in the red.
    Told twice in the same words on the same day, it counts once; tell whether it did. Raises Invalid
    ("apology_why_missing") or NotFound ("friend_unknown").
    """
    why = " ".join(why.split())
    if not 0 < len(why) <= LONGEST_WHY:
        raise Invalid("apology_why_missing", limit=LONGEST_WHY)
    reference = f"apology:{now:%Y-%m-%d}:{why}"
    return signals.complain(session, friend_id, now, reference=reference, now=now, by=by, about=why)
