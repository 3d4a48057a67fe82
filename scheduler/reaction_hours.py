"""Reads at which hours friends react, for a whole batch at once, and what hour is best for each."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.best_hour import best_hour, opening_hours, prior
from scheduler.timing import QuietHours
from segments.models import CustomerEvent, EventKind, LinkTap
from segments.shop import Shop

REACTIONS = frozenset(
    {EventKind.WROTE, EventKind.TAPPED, EventKind.ANSWERED, EventKind.ASKED, EventKind.FREE_ITEM_CLAIMED}
)
"""What a friend does with the phone in hand; purchases may come from a till that reports days alone."""
RECENT = timedelta(days=180)
SAMPLE = 3000
"""Pieces of the newest news that the shop's own hours are read from: enough for shares, and never a whole table."""


def best_hours(
    session: Session, friend_ids: Collection[int], now: datetime, settings: Shop
) -> dict[int, int]:
    """Return each friend's best hour on the shop's clock, in three queries however many they are."""
    hours = _own_hours(session, friend_ids, now, settings)
    quiet = QuietHours(settings.quiet_from, settings.quiet_until)
    shares = prior(_everybodys(session, settings), quiet, opening_hours(settings.opening_hours.of("ja")))
    return {friend_id: best_hour(hours.get(friend_id, []), shares) for friend_id in friend_ids}


def _own_hours(
    session: Session, friend_ids: Collection[int], now: datetime, settings: Shop
) -> dict[int, list[int]]:
    told = select(CustomerEvent.friend_id, CustomerEvent.at).where(
        bulk.among(session, CustomerEvent.friend_id, friend_ids),
        CustomerEvent.kind.in_(REACTIONS),
        CustomerEvent.at > now - RECENT,
        CustomerEvent.at <= now,
    )
    taps = select(LinkTap.friend_id, LinkTap.at).where(
        bulk.among(session, LinkTap.friend_id, friend_ids), LinkTap.at > now - RECENT, LinkTap.at <= now
    )
    hours: dict[int, list[int]] = {}
    for query in (told, taps):
        for friend_id, at in session.execute(query):
            hours.setdefault(friend_id, []).append(at.astimezone(settings.zone).hour)
    return hours


def _everybodys(session: Session, settings: Shop) -> list[int]:
    newest = select(CustomerEvent.kind, CustomerEvent.at).order_by(CustomerEvent.id.desc()).limit(SAMPLE)
    return [at.astimezone(settings.zone).hour for kind, at in session.execute(newest) if kind in REACTIONS]
