"""One friend's trust account line by line: entries, and the messages that LINE took, of which there is no entry.

A message is entered nowhere, for a broadcast may go to a million: what it earned or cost follows from its delivery
and from the policy of that moment. Played from the beginning, the lines end at the balance that the facts keep.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session, aliased

from scheduler.contacting import KINDS
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from segments import trust, trust_policy
from segments.errors import NotFound
from segments.models import Facts, TrustEntry, TrustKind
from segments.trust_moves import Account, moved
from segments.trust_policy import TrustPolicy, TrustRules


class Line(NamedTuple):
    """One movement."""

    at: datetime
    kind: TrustKind
    points: int
    cause: str
    """`delivery:12` for a message of ours."""


class Statement(NamedTuple):
    """How an account stands at one moment."""

    balance: int
    """Below zero in the red."""
    red_until: datetime | None
    """When time alone ends it; None when it is not in the red."""
    lines: Sequence[Line]
    """The newest first."""


def statement(session: Session, friend_id: int, now: datetime, limit: int = 50) -> Statement:
    """Return how a friend's account stands at `now` and what moved it. Raises NotFound("friend_unknown")."""
    facts = session.get(Facts, friend_id)
    if facts is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    account, policy = trust.account_of(facts), trust_policy.in_force(session)
    red = account.red_until if account.owed(now, policy) else None
    return Statement(account.balance(now, policy), red, lines(session, friend_id)[: -limit - 1 : -1])


def lines(session: Session, friend_id: int) -> list[Line]:
    """Return every movement of a friend's account, the oldest first."""
    rules = trust_policy.rules(session)
    entries = session.scalars(select(TrustEntry).where(TrustEntry.friend_id == friend_id)).all()
    entered = [
        Line(each.at, each.kind, each.points, each.cause) for each in sorted(entries, key=lambda e: e.id)
    ]
    # Both are in order already, and a sort by moment alone leaves what happened at once as it stands.
    return sorted([*entered, *_messages(session, friend_id, rules)], key=lambda line: line.at)


def replayed(movements: Iterable[Line], rules: TrustRules) -> Account:
    """Return the account that movements lead to."""
    account = Account()
    for line in movements:
        policy: TrustPolicy = rules.at(line.at)
        account = moved(account, line.points, line.at, policy)
    return account


def _messages(session: Session, friend_id: int, rules: TrustRules) -> list[Line]:
    """Return a line for each push, whatever it carried; what rode on a reply was no contact of ours."""
    carrier = aliased(Delivery)
    push = func.coalesce(Delivery.carried_by, Delivery.id)
    on_reply = and_(carrier.kind == DeliveryKind.REPLY, carrier.id != Delivery.id)
    rows = session.execute(
        select(
            push, func.max(Delivery.ended_at), func.max(case((Delivery.purpose == Purpose.SALES, 1), else_=0))
        )
        .outerjoin(carrier, carrier.id == Delivery.carried_by)
        .where(
            Delivery.friend_id == friend_id,
            Delivery.state == DeliveryState.ACCEPTED,
            Delivery.ended_at.is_not(None),
            Delivery.kind.in_(KINDS),
            Delivery.purpose != Purpose.SERVICE,
            carrier.id.is_(None) | ~on_reply,
        )
        .group_by(push)
        .order_by(push)
    )
    told = ((first, at, TrustKind.SALE if sells else TrustKind.CARE) for first, at, sells in rows if at)
    weighed = ((first, at, kind, rules.at(at).weight(kind)) for first, at, kind in told)
    return [Line(at, kind, points, f"delivery:{first}") for first, at, kind, points in weighed if points]
