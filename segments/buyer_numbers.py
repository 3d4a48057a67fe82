"""The query that reads everything the ladders look at in buyers, as whole numbers only: it is made for arrays."""

from typing import Any

from sqlalchemy import and_, bindparam, case, func, select
from sqlalchemy.orm import Session

from segments.ladder_facts import FACTS, MOMENTS
from segments.ladders import LADDERS
from segments.local_times import micros
from segments.models import Cycle, Facts, Friend
from segments.purchase_history import EVERYTHING

NEVER = -(2**62)
"""What stands for a moment that is not there: no driver's None, which no array of numbers can hold."""

_ELSEWHERE: dict[str, Any] = {
    "followed": case((Friend.followed_at.is_not(None), 1), else_=0),
    "reaction_count": Facts.message_count + Facts.tap_count,
    "due_at": Cycle.due_at,
    "slip_at": Cycle.slip_at,
    "lapse_at": Cycle.lapse_at,
}


def buyers(session: Session) -> Any:
    """Return the query of `batch` buyers `after` an id: the id, FACTS in their order, the code of each ladder's rung.

    A rung that is none (any more) counts as the lowest.
    """
    facts = [_fact(session, name) for name in FACTS]
    return (
        select(Facts.friend_id, *facts, *(_rung(ladder) for ladder in LADDERS.values()))
        .join(Friend, Friend.id == Facts.friend_id)
        .outerjoin(Cycle, and_(Cycle.friend_id == Facts.friend_id, Cycle.category == EVERYTHING))
        .where(Facts.friend_id > bindparam("after"), Facts.purchase_count > 0)
        .order_by(Facts.friend_id)
        .limit(bindparam("batch"))
    )


def _fact(session: Session, name: str) -> Any:
    column: Any = _ELSEWHERE[name] if name in _ELSEWHERE else getattr(Facts, name)
    return func.coalesce(micros(session, column), NEVER) if name in MOMENTS else column


def _rung(ladder: Any) -> Any:
    column = getattr(Facts, ladder.rung_column)
    return case(*((column == str(rung), code) for code, rung in enumerate(ladder.rungs)), else_=0)
