"""Reads what of many friends decides whether they may be written to, and weighs it by the shop's policies."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.candidate_facts import Recipient
from scheduler.contact_plan import Plan, Standing
from scheduler.house import House
from segments import zone_names
from segments.models import Facts, Friend
from segments.shop import Shop
from segments.trust_moves import Account

_DECIDING = (
    Friend.line_user_id.is_not(None),
    Friend.followed_at.is_not(None),
    Friend.blocked_at.is_not(None),
    Friend.opted_out_at.is_not(None),
    Friend.offers_opted_out_at.is_not(None),
    Facts.suppressed_at.is_not(None),
    # Only strangers are asked when they wrote: friends who follow are then alike.
    case((Friend.followed_at.is_(None), Friend.last_wrote_at)),
    Friend.timezone,
)
"""What of a friend decides as it is, in the order of the parameters of _recipient."""
_WEIGHED = (Facts.stage, Facts.recent_contacts, Facts.trust_red_until, Facts.complained_at)
"""What decides once it is weighed by the shop's policies: of most friends nothing comes of it."""


COLUMNS: Sequence[Any] = (*_WEIGHED, *_DECIDING)
"""What a query has to select of Friend, with Facts joined from outside, for Weighing."""


def recipients(session: Session, friend_ids: Iterable[int], house: House) -> dict[int, Recipient]:
    """Return what of each friend decides whether they may be written to; friends who are alike share one."""
    rows: Iterable[Any] = session.execute(
        select(Friend.id, *COLUMNS)
        .outerjoin(Facts, Facts.friend_id == Friend.id)
        .where(bulk.among(session, Friend.id, friend_ids))
    )
    weighing = Weighing(house)
    return {friend_id: weighing.recipient(*columns) for friend_id, *columns in rows}


class Weighing:
    """Weighs what was read of friends by the shop's policies; those of whom the same comes share one recipient."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._plan = Plan(house.contact, house.settings.today(house.now), house.settings.zone)
        self._spared = timedelta(days=house.trust.complaint_silence_days)
        self._alike: dict[tuple[Any, ...], Recipient] = {}

    def recipient(
        self,
        stage: str | None,
        recent: str | None,
        red_until: datetime | None,
        complained_at: datetime | None,
        *own: Any,
    ) -> Recipient:
        """Return the recipient of one row of COLUMNS."""
        house = self._house
        contact = self._plan.standing(stage or "", recent or "")
        owed = Account(0, red_until).owed(house.now, house.trust) if red_until else 0
        until = complained_at + self._spared if complained_at else None
        until = until if until and until > house.now else None
        key = (id(contact), owed, until, *own)
        if key not in self._alike:
            self._alike[key] = _recipient(house.settings, contact, owed, until, *cast("list[Any]", own))
        return self._alike[key]


def _recipient(
    settings: Shop,
    contact: Standing,
    owed: int,
    spared_until: datetime | None,
    on_line: bool,
    follows: bool,
    blocked: bool,
    opted_out: bool,
    offers_opted_out: bool,
    suppressed: bool,
    last_wrote_at: datetime | None,
    timezone: str | None,
) -> Recipient:
    return Recipient(
        on_line=on_line,
        follows=follows,
        blocked=blocked,
        opted_out=opted_out,
        suppressed=suppressed,
        last_wrote_at=last_wrote_at,
        zone=_zone(timezone) or settings.zone,
        offers_opted_out=offers_opted_out,
        owed=owed,
        spared_until=spared_until,
        contact=contact,
    )


def zones(session: Session, friend_ids: Iterable[int], settings: Shop) -> dict[int, ZoneInfo]:
    """Return the zones by whose wall clocks friends sleep."""
    rows = session.execute(
        select(Friend.id, Friend.timezone).where(bulk.among(session, Friend.id, friend_ids))
    )
    return {friend_id: _zone(name) or settings.zone for friend_id, name in rows}


def _zone(name: str | None) -> ZoneInfo | None:
    return zone_names.find(name) if name else None
