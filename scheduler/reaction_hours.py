"""Reads at which hours friends react, for a whole batch at once, and what hour is best for each."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import bulk, recipients
from scheduler.best_hour import best_hour, opening_hours, prior
from scheduler.timing import QuietHours, wall_here
from segments.models import CustomerEvent, EventKind, LinkTap
from segments.shop import Shop

REACTIONS = frozenset(
    {EventKind.WROTE, EventKind.TAPPED, EventKind.ANSWERED, EventKind.ASKED, EventKind.FREE_ITEM_CLAIMED}
)
"""What a friend does with the phone in hand; purchases may come from a till that reports days alone."""
RECENT = timedelta(days=180)
SAMPLE = 3000
"""Pieces of the newest news that the shop's own hours are read from: enough for shares, and never a whole table."""


class BestHour(NamedTuple):
    """An hour of the day on a friend's own clock."""

    hour: int
    zone: ZoneInfo

    def on(self, day: date, shop: ZoneInfo) -> time:
        """Return what the shop's clock shows then, on its `day`."""
        return wall_here(day, time(self.hour), self.zone, shop)


def best_hours(
    session: Session, friend_ids: Collection[int], now: datetime, settings: Shop
) -> dict[int, BestHour]:
    """Return each friend's best hour, in four queries however many they are.

    Their own hours and the quiet ones are those of the clock they live by. Everybody's habits and the opening hours are
    taken for habits of the day, whatever the clock: nine in the morning is nine in the morning.
    """
    zones = recipients.zones(session, friend_ids, settings)
    hours = _own_hours(session, friend_ids, now, zones, settings)
    quiet = QuietHours(settings.quiet_from, settings.quiet_until)
    shares = prior(_everybodys(session, settings), quiet, opening_hours(settings.opening_hours.of("ja")))
    return {
        friend_id: BestHour(best_hour(hours.get(friend_id, []), shares), zones.get(friend_id, settings.zone))
        for friend_id in friend_ids
    }


def _own_hours(
    session: Session,
    friend_ids: Collection[int],
    now: datetime,
    zones: Mapping[int, ZoneInfo],
    settings: Shop,
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
            own = zones.get(friend_id, settings.zone)
            hours.setdefault(friend_id, []).append(at.astimezone(own).hour)
    return hours


def _everybodys(session: Session, settings: Shop) -> list[int]:
    newest = select(CustomerEvent.kind, CustomerEvent.at).order_by(CustomerEvent.id.desc()).limit(SAMPLE)
    return [at.astimezone(settings.zone).hour for kind, at in session.execute(newest) if kind in REACTIONS]
