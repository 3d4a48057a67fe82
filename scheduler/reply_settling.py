"""What became of messages that rode on a reply, once the reply's own outcome is known.

A reply has no retry key: when it is not certain that LINE took it, what rode is uncertain too and is never pushed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, delete, select, update
from sqlalchemy.orm import Session, aliased

from scheduler import bulk, contacting, savings
from scheduler.contacting import News
from scheduler.models import Attempt, Delivery, DeliveryBody, DeliveryKind, DeliveryState, Purpose, Way

_Reply = aliased(Delivery)


class _Rode(NamedTuple):
    """A message whose reply has an outcome."""

    id: int
    friend_id: int
    kind: DeliveryKind
    purpose: Purpose
    reply_id: int
    outcome: DeliveryState
    reason: str | None
    request_id: str | None


def settle(session: Session, now: datetime, reply_ids: Sequence[int] | None = None, limit: int = 500) -> int:
    """Record what became of what rode on replies whose own outcome is known; return how many.

    Of some replies, or of any: what a crash left between is found by the tick.
    """
    rode = _rode(session, reply_ids, limit)
    doubtful = _doubtful(session, [each.reply_id for each in rode if each.outcome is DeliveryState.FAILED])
    accepted = [each for each in rode if each.outcome is DeliveryState.ACCEPTED]
    back = [each for each in rode if each.outcome is DeliveryState.FAILED and each.reply_id not in doubtful]
    unclear = [each for each in rode if each not in accepted and each not in back]
    _accept(session, accepted, now)
    _put_back(session, back)
    for each in unclear:
        reason = each.reason or "uncertain"
        _end(session, [each], {"state": DeliveryState.UNCERTAIN, "reason": reason, "ended_at": now})
    return len(rode)


def _rode(session: Session, reply_ids: Sequence[int] | None, limit: int) -> list[_Rode]:
    columns = (Delivery.id, Delivery.friend_id, Delivery.kind, Delivery.purpose)
    query = (
        select(*columns, _Reply.id, _Reply.state, _Reply.reason, _Reply.request_id)
        .join(_Reply, and_(_Reply.id == Delivery.carried_by, _Reply.kind == DeliveryKind.REPLY))
        .where(
            Delivery.state == DeliveryState.SENDING,
            Delivery.carried_by > 0,  # A range: SQLite would not use the index for IS NOT NULL.
            _Reply.state != DeliveryState.SENDING,
        )
        .order_by(Delivery.carried_by)
        .limit(limit)
        .with_for_update(of=Delivery, key_share=True, skip_locked=True)
    )
    if reply_ids is not None:
        query = query.where(bulk.among(session, Delivery.carried_by, reply_ids))
    return [_Rode(*row) for row in session.execute(query)]


def _doubtful(session: Session, reply_ids: Sequence[int]) -> set[int]:
    """Return those failed replies to which LINE answered with trouble of its own: it may have taken them."""
    if not reply_ids:
        return set()
    troubled = select(Attempt.delivery_id).where(Attempt.delivery_id.in_(reply_ids), Attempt.status >= 500)
    return {id_ for id_ in session.scalars(troubled) if id_ is not None}


def _accept(session: Session, those: Sequence[_Rode], now: datetime) -> None:
    if not those:
        return
    columns = {"id": [each.id for each in those], "request_id": [each.request_id for each in those]}
    ended = {"state": DeliveryState.ACCEPTED, "reason": None, "ended_at": now}
    bulk.update_columns(session, Delivery, "id", columns, **ended)
    # As the reply that it is part of: the friend heard from us, but it is no contact of the plan.
    news = [News(each.id, each.friend_id, DeliveryKind.REPLY, each.purpose) for each in those]
    contacting.tell(session, [[each] for each in news], now)
    savings.note(session, Way.REPLY, len(those), now)


def _put_back(session: Session, those: Sequence[_Rode]) -> None:
    """Let what LINE certainly did not take be pushed at its latest time; it spoils no second reply."""
    if those:
        bodies = bulk.among(session, DeliveryBody.delivery_id, [each.id for each in those])
        session.execute(delete(DeliveryBody).where(bodies))
        queued = {"state": DeliveryState.QUEUED, "first_attempt_at": None, "carried_by": None}
        _end(session, those, {**queued, "rides_from": None})


def _end(session: Session, those: Sequence[_Rode], values: dict[str, object]) -> None:
    ended = update(Delivery).where(bulk.among(session, Delivery.id, [each.id for each in those]))
    session.execute(ended.values(values).execution_options(synchronize_session=False))
