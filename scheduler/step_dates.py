"""The dates of friends' lives that steps count back from, read for a whole batch at once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.step_settings import CountBack, DateKind
from segments.leaves.json_fields import field_text
from segments.models import Coupon, CouponGrant, Cycle, Facts, Friend
from segments.shop import Shop


class Asked(NamedTuple):
    """One enrolment whose date is asked for."""

    id: int
    friend_id: int
    since: date
    """The first yearly date, and the first coupon's end, is meant whose step comes from this day on."""
    context: Mapping[str, Any]


def dates(
    session: Session, wanted: CountBack, asked: Collection[Asked], now: datetime, settings: Shop
) -> dict[int, date]:
    """Return, by enrolment, the day that `wanted` names for each friend who has one, by the shop's calendar."""
    if wanted.date is DateKind.DAY:
        return {each.id: wanted.day for each in asked if wanted.day is not None}
    if wanted.date is DateKind.CAUSE:
        told = {each.id: _told(each.context.get(wanted.name or ""), settings) for each in asked}
        return {id_: day for id_, day in told.items() if day is not None}
    if wanted.date is DateKind.COUPON_END and wanted.days < 0:
        return _ended_coupons(session, wanted, asked, settings)
    known = _of_friends(session, wanted, {each.friend_id for each in asked}, now, settings)
    yearly = wanted.date in {DateKind.BIRTHDAY, DateKind.FIRST_PURCHASE}
    return {
        # Counted back, a yearly date may lie ahead of the day on which its step comes.
        each.id: next_yearly(day, each.since, wanted.days) if yearly else day
        for each in asked
        if (day := known.get(each.friend_id)) is not None
    }


def next_yearly(day: date, since: date, days_before: int = 0) -> date:
    """Return the first yearly return of `day` whose count-back by `days_before` is not before `since`.

    29 February is kept on the 28th in common years, as in conditions. The day itself is not its own return.
    """
    year = max(since.year - 1, day.year + 1)
    while _count_back(kept := kept_in(day, year), days_before) < since:
        year += 1
    return kept


def kept_in(day: date, year: int) -> date:
    """Return when a yearly `day` is kept in `year`."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _count_back(day: date, days: int) -> date:
    return date.fromordinal(day.toordinal() - days)


def _of_friends(
    session: Session, wanted: CountBack, friend_ids: Collection[int], now: datetime, settings: Shop
) -> dict[int, date]:
    reader = _READERS[wanted.date]
    rows: list[tuple[int, Any]] = [
        tuple(row) for row in session.execute(reader(session, wanted, friend_ids, now))
    ]
    found = {friend_id: _told(value, settings) for friend_id, value in rows}
    return {friend_id: day for friend_id, day in found.items() if day is not None}


def _told(value: Any, settings: Shop) -> date | None:
    """Return the day of a date, a moment, or the text of either; None for anything else."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    except ValueError:
        return None
    if isinstance(value, datetime):
        # A moment without a zone is one of the shop's clock.
        return value.astimezone(settings.zone).date() if value.tzinfo else value.date()
    return value if isinstance(value, date) else None


_Reader = Callable[[Session, CountBack, Collection[int], datetime], Any]


def _own(column: Any) -> _Reader:
    def read(session: Session, wanted: CountBack, friend_ids: Collection[int], now: datetime) -> Any:
        del wanted, now
        return select(Friend.id, column).where(
            bulk.among(session, Friend.id, friend_ids), column.is_not(None)
        )

    return read


def _fact(column: Any) -> _Reader:
    def read(session: Session, wanted: CountBack, friend_ids: Collection[int], now: datetime) -> Any:
        del wanted, now
        these = bulk.among(session, Facts.friend_id, friend_ids)
        return select(Facts.friend_id, column).where(these, column.is_not(None))

    return read


def _field(session: Session, wanted: CountBack, friend_ids: Collection[int], now: datetime) -> Any:
    del now
    text = field_text(Friend.fields, wanted.name or "")
    return select(Friend.id, text).where(bulk.among(session, Friend.id, friend_ids), text.is_not(None))


def _coupon(session: Session, wanted: CountBack, friend_ids: Collection[int], now: datetime) -> Any:
    """Select the end of each friend's coupon that ends next and is not used."""
    mine = (*_unused(session, wanted, friend_ids), CouponGrant.expires_at > now)
    ends = func.min(CouponGrant.expires_at, type_=CouponGrant.expires_at.type)
    return select(CouponGrant.friend_id, ends).where(*mine).group_by(CouponGrant.friend_id)


def _unused(
    session: Session, wanted: CountBack, friend_ids: Collection[int]
) -> Sequence[ColumnElement[bool]]:
    mine = [bulk.among(session, CouponGrant.friend_id, friend_ids), CouponGrant.redeemed_at.is_(None)]
    if wanted.name is not None:
        of_key = select(Coupon.id).where(Coupon.key == wanted.name)
        mine.append(CouponGrant.coupon_id.in_(of_key))
    return mine


def _ended_coupons(
    session: Session, wanted: CountBack, asked: Collection[Asked], settings: Shop
) -> dict[int, date]:
    """Return the end of each one's first unused coupon whose day after it, that of the step, is not before `since`.

    When the step comes the coupon is over. Asked since the step's own day, it is still the one that was first chosen,
    whatever coupons were given meanwhile.
    """
    firsts = {each.id: _count_back(each.since, -wanted.days) for each in asked}
    if not firsts:
        return {}
    mine = _unused(session, wanted, {each.friend_id for each in asked})
    since = datetime.combine(min(firsts.values()), time(), settings.zone)
    query = select(CouponGrant.friend_id, CouponGrant.expires_at).where(
        *mine, CouponGrant.expires_at >= since
    )
    ends: dict[int, list[date]] = {}
    for friend_id, at in session.execute(query):
        ends.setdefault(friend_id, []).append(settings.today(at))
    chosen = {
        each.id: min((day for day in ends.get(each.friend_id, ()) if day >= firsts[each.id]), default=None)
        for each in asked
    }
    return {id_: day for id_, day in chosen.items() if day is not None}


def _cycle(session: Session, wanted: CountBack, friend_ids: Collection[int], now: datetime) -> Any:
    del now
    of_category = Cycle.category == (wanted.name or "")
    these = bulk.among(session, Cycle.friend_id, friend_ids)
    return select(Cycle.friend_id, Cycle.due_at).where(these, of_category, Cycle.due_at.is_not(None))


_READERS: dict[DateKind, _Reader] = {
    DateKind.BIRTHDAY: _own(Friend.birthday),
    DateKind.FIRST_PURCHASE: _fact(Facts.first_purchase_at),
    DateKind.TRIAL_END: _fact(Facts.trial_offer_ends_at),
    DateKind.COUPON_END: _coupon,
    DateKind.CYCLE_DUE: _cycle,
    DateKind.FIELD: _field,
}
