"""Tells what messages that LINE took mean for the friends who got them: contacts, and trust earned or spent.

A push counts once, whatever it carries: as one that sells when any part of it does. Answers and tests are none.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from segments import contacts

KINDS = (DeliveryKind.BROADCAST, DeliveryKind.STEP)
"""What counts as a contact, unless somebody waits for it."""


class News(NamedTuple):
    """One delivery that had not been recorded as accepted so far."""

    id: int
    friend_id: int
    kind: DeliveryKind
    purpose: Purpose

    @property
    def counts(self) -> bool:
        """Whether it is a contact of the contact plan."""
        return self.kind in KINDS and self.purpose is not Purpose.SERVICE


def news_of(session: Session, delivery_ids: Iterable[int]) -> dict[int, News]:
    """Return those of the deliveries that nobody has recorded as accepted; asked before that is done.

    A worker that was only cut off records late what another has recorded since: it must count once.
    """
    new = select(Delivery.id, Delivery.friend_id, Delivery.kind, Delivery.purpose).where(
        bulk.among(session, Delivery.id, delivery_ids), Delivery.state != DeliveryState.ACCEPTED
    )
    return {row[0]: News(*row) for row in session.execute(new)}


def tell(session: Session, pushes: Iterable[Sequence[News]], now: datetime) -> None:
    """Tell of pushes that LINE took, each with what it carried; at most 500."""
    friends: list[int] = []
    cared: list[int] = []
    sold: list[int] = []
    for carried in pushes:
        if all(each.kind is DeliveryKind.TEST for each in carried):
            continue
        friends.append(carried[0].friend_id)
        purposes = {each.purpose for each in carried if each.counts}
        if Purpose.SALES in purposes:
            sold.append(carried[0].friend_id)
        elif purposes:
            cared.append(carried[0].friend_id)
    if friends:
        contacts.contacted(session, friends, now, cared=cared, sold=sold)


def tell_alike(session: Session, friend_ids: Sequence[int], purpose: Purpose, now: datetime) -> None:
    """Tell of one message of a broadcast that LINE took for many friends."""
    cared, sold = (friend_ids if purpose is each else () for each in (Purpose.CARE, Purpose.SALES))
    contacts.contacted(session, friend_ids, now, cared=cared, sold=sold)
