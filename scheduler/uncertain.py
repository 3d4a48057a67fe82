"""Deliveries of which nobody knows whether they arrived: a person takes them as arrived, or has them sent again.

Each delivery is claimed as it is decided, so that of two clicks, or of two processes, one alone does anything. What
is sent again keeps its row: it waits for its turn like any other, is judged and rendered anew, claims a message of the
month and leaves under a retry key of its own, for LINE has forgotten the first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, delete, insert, select, update
from sqlalchemy.orm import Session, aliased

from scheduler import bulk, contacting, lost_tries
from scheduler.contacting import News
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
    LostTry,
    Purpose,
)
from scheduler.reasons import Reason
from segments.errors import Conflict

KINDS = (DeliveryKind.BROADCAST, DeliveryKind.STEP)
"""What is decided here. Answers are decided in the inbox, where one can write another; a test tells whoever waits for it."""
SENT_AGAIN_FOR = timedelta(days=30)
"""How long after it got lost a message may be sent again: later it is news to nobody, and the month's count would miss it."""
MOST = 500
"""How many are decided in one transaction."""
Seen = Mapping[int, int]
"""Deliveries by id, each with how often it had been sent again when the page was drawn."""
_Carrier = aliased(Delivery)


class Lost(NamedTuple):
    """One delivery of which nobody knows whether it arrived."""

    id: int
    friend_id: int
    kind: DeliveryKind
    purpose: Purpose
    broadcast_id: int | None
    step_id: int | None
    ended_at: datetime
    reason: str | None
    chunk_id: int | None
    carried_by: int | None
    mode: ChunkMode | None
    carrier: DeliveryKind | None

    @property
    def rode(self) -> bool:
        """Whether it went with a reply, which costs nothing and is no contact of the plan."""
        return self.carrier is DeliveryKind.REPLY

    @property
    def is_message(self) -> bool:
        """Whether its try counts as a message of the month by itself."""
        return self.mode is not ChunkMode.MAIL and self.carried_by in (None, self.id)


def undecided() -> ColumnElement[bool]:
    """Return that a delivery waits for a person's decision."""
    return and_(Delivery.state == DeliveryState.UNCERTAIN, Delivery.kind.in_(KINDS))


def take_as_arrived(session: Session, seen: Seen) -> int:
    """Count deliveries as accepted, at the moment they got lost; nothing is sent. Return how many were uncertain still.

    At most MOST. Raises Conflict("uncertain_decided") when none was.
    """
    lost = _claimed(session, seen)
    _set(session, [each.id for each in lost], state=DeliveryState.ACCEPTED, reason=Reason.TAKEN_AS_ARRIVED)
    _tell(session, lost)
    return len(lost)


def send_again(session: Session, seen: Seen, by: str, now: datetime) -> int:
    """Put deliveries in line once more, though they may have arrived; return how many, those that cannot be left out.

    At most MOST. Raises Conflict: "uncertain_decided" when none is uncertain any more, else, when none of them can be
    sent again, why: "uncertain_by_mail", "uncertain_too_old" or "uncertain_campaign_over".
    """
    campaigns = _locked_campaigns(session, seen)
    lost = _claimed(session, seen)
    against = {each.id: obstacle(each, campaigns, now) for each in lost}
    going = [each for each in lost if against[each.id] is None]
    if not going:
        raise Conflict(next(code for code in against.values() if code is not None))
    _keep_tries(session, going, seen, by, now)
    _put_in_line(session, going, now)
    _reopen(session, {each.broadcast_id for each in going if each.broadcast_id is not None})
    return len(going)


def obstacle(one: Lost, campaigns: Mapping[int, BroadcastState], now: datetime) -> str | None:
    """Return the code of why a delivery cannot be sent again; None when it can. `campaigns`: states of its broadcasts."""
    if one.mode is ChunkMode.MAIL:
        return "uncertain_by_mail"
    if now - one.ended_at > SENT_AGAIN_FOR:
        return "uncertain_too_old"
    over = (
        campaigns.get(one.broadcast_id) in (None, BroadcastState.CANCELLED)
        if one.broadcast_id is not None
        else one.step_id is None
    )
    return "uncertain_campaign_over" if over else None


def lost_ones(*which: ColumnElement[bool]) -> Any:
    """Return the query of undecided deliveries as `Lost`, in the order of their ids."""
    return (
        select(
            Delivery.id,
            Delivery.friend_id,
            Delivery.kind,
            Delivery.purpose,
            Delivery.broadcast_id,
            Delivery.step_id,
            Delivery.ended_at,
            Delivery.reason,
            Delivery.chunk_id,
            Delivery.carried_by,
            Chunk.mode,
            _Carrier.kind,
        )
        .outerjoin(Chunk, Chunk.id == Delivery.chunk_id)
        .outerjoin(_Carrier, and_(_Carrier.id == Delivery.carried_by, _Carrier.id != Delivery.id))
        .where(undecided(), *which)
        .order_by(Delivery.id)
    )


def _claimed(session: Session, seen: Seen) -> list[Lost]:
    """Return those that nobody has decided since they were seen, locked: whoever comes second waits and finds none."""
    ids = sorted(seen)[:MOST]
    query = lost_ones(bulk.among(session, Delivery.id, ids)).with_for_update(of=Delivery)
    found = [Lost(*row) for row in session.execute(query)]
    # Read under the lock: one that was sent again and got lost once more is another question than the page's.
    tried = lost_tries.counts(session, [each.id for each in found])
    lost = [each for each in found if tried.get(each.id, 0) == seen[each.id]]
    if not lost:
        raise Conflict("uncertain_decided")
    return lost


def _locked_campaigns(session: Session, delivery_ids: Iterable[int]) -> dict[int, BroadcastState]:
    """Return the states of the broadcasts these belong to, locked: none of them ends or is cancelled meanwhile."""
    of_these = select(Delivery.broadcast_id).where(bulk.among(session, Delivery.id, delivery_ids))
    query = select(Broadcast.id, Broadcast.state).where(
        Broadcast.id.in_(of_these), Broadcast.removed_at.is_(None)
    )
    rows = session.execute(query.order_by(Broadcast.id).with_for_update(key_share=True))
    return dict(rows.all())


def _keep_tries(session: Session, lost: Sequence[Lost], seen: Seen, by: str, now: datetime) -> None:
    """Keep what the friends may have got already, and that it counts; the next try's body takes its place."""
    these = bulk.among(session, DeliveryBody.delivery_id, [each.id for each in lost])
    bodies = dict(session.execute(select(DeliveryBody.delivery_id, DeliveryBody.messages).where(these)).all())
    rows = [
        {
            "delivery_id": each.id,
            "number": seen[each.id] + 1,
            "asked_at": now,
            "asked_by": by[:64],
            "ended_at": each.ended_at,
            "is_message": each.is_message,
            "reason": each.reason,
            "chunk_id": each.chunk_id,
            "messages": bodies.get(each.id),
        }
        for each in lost
    ]
    session.execute(insert(LostTry).execution_options(render_nulls=True), rows)
    session.execute(delete(DeliveryBody).where(these))


def _put_in_line(session: Session, lost: Sequence[Lost], now: datetime) -> None:
    """Let the next tick collect them. One that LINE refused in company still goes alone."""
    _set(
        session,
        [each.id for each in lost],
        state=DeliveryState.QUEUED,
        reason=None,
        chunk_id=None,
        not_before=now,
        rides_from=None,
        first_attempt_at=None,
        ended_at=None,
        request_id=None,
        carried_by=case((Delivery.carried_by == Delivery.id, Delivery.id)),
    )


def _reopen(session: Session, broadcast_ids: Collection[int]) -> None:
    """Have broadcasts that were done go on: nothing leaves of one that is over."""
    done = update(Broadcast).where(Broadcast.id.in_(broadcast_ids), Broadcast.state == BroadcastState.DONE)
    values = {"state": BroadcastState.SENDING, "ended_at": None}
    session.execute(done.values(values).execution_options(synchronize_session="fetch"))


def _tell(session: Session, lost: Sequence[Lost]) -> None:
    """Tell of the contacts they were, at the moment each got lost; what one push carried is one contact."""
    pushes: dict[tuple[datetime, int], list[News]] = {}
    for each in lost:
        kind = DeliveryKind.REPLY if each.rode else each.kind
        push = each.id if each.rode else each.carried_by or each.id
        news = News(each.id, each.friend_id, kind, each.purpose)
        pushes.setdefault((each.ended_at, push), []).append(news)
    for at in sorted({at for at, _push in pushes}):
        contacting.tell(session, [those for (when, _), those in pushes.items() if when == at], at)


def _set(session: Session, ids: Sequence[int], **values: Any) -> None:
    changed = update(Delivery).where(bulk.among(session, Delivery.id, ids)).values(**values)
    session.execute(changed.execution_options(synchronize_session=False))
