"""Compiles a condition into one SQL expression over Friend joined with Facts, for SQLite and PostgreSQL alike.

Every expression is true or false, never unknown: `none` must hold for friends of whom a fact is missing.
"""

from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, and_, extract, false, not_, or_, true

from segments import condition_leaves as leaf
from segments.compiler_rows import of_others
from segments.conditions import All, AnyOf, Condition, NoneOf
from segments.models import Facts, Friend


def compile(condition: Condition, now: datetime, zone: tzinfo) -> ColumnElement[bool]:  # noqa: A001 — as in re.compile
    """Return the expression that holds for the friends who match at `now`; birthdays go by the days of `zone`.

    It stands in a query that selects from Friend joined with Facts.
    """
    if isinstance(condition, All | AnyOf | NoneOf):
        return _branch(condition, [compile(each, now, zone) for each in condition.of])
    if isinstance(condition, leaf.OfFacts):
        return _of_facts(condition, now)
    if isinstance(condition, leaf.OfFriend):
        return _of_friend(condition, now, now.astimezone(zone).date())
    return of_others(condition, now)


def sendable() -> ColumnElement[bool]:
    """Return the expression for friends a message could be written to: LINE knows them and they followed once."""
    return and_(Friend.line_user_id.is_not(None), Friend.followed_at.is_not(None))


def _branch(condition: All | AnyOf | NoneOf, parts: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    match condition:
        case All():
            return and_(true(), *parts)
        case AnyOf():
            return or_(false(), *parts)
        case NoneOf():
            return not_(or_(false(), *parts))


def _of_facts(condition: leaf.OfFacts, now: datetime) -> ColumnElement[bool]:
    match condition:
        case leaf.InStage():
            return Facts.stage.in_([stage.value for stage in condition.stages])
        case leaf.Suppressed():
            return Facts.suppressed_at.is_not(None)
        case leaf.FreeItemClaimed():
            return Facts.free_item_claimed_at.is_not(None)
        case leaf.PurchaseCount():
            return _between(Facts.purchase_count, condition.at_least, condition.at_most)
        case leaf.Spend():
            return _between(Facts.spend_yen, condition.at_least, condition.at_most)
        case leaf.ReferralCount():
            return _between(Facts.referral_count, condition.at_least, condition.at_most)
        case leaf.LastPurchase():
            return _ago(Facts.last_purchase_at, condition.within_days, condition.before_days, now)


def _of_friend(condition: leaf.OfFriend, now: datetime, today: date) -> ColumnElement[bool]:
    match condition:
        case leaf.Everyone():
            return true()
        case leaf.Speaks():
            return Friend.language.in_(condition.languages)
        case leaf.CameBy():
            return and_(Friend.route.is_not(None), Friend.route.in_(condition.routes))
        case leaf.OptedIn():
            return Friend.opted_out_at.is_(None)
        case leaf.Reachable():
            return and_(sendable(), Friend.blocked_at.is_(None), Friend.opted_out_at.is_(None))
        case leaf.Followed():
            return _ago(Friend.followed_at, condition.within_days, condition.before_days, now)
        case leaf.BirthdayWithin():
            return _birthday(today, condition.days)
        case leaf.OneOf():
            return Friend.id.in_(condition.ids)


def _between(column: Any, at_least: int | None, at_most: int | None) -> ColumnElement[bool]:
    low = true() if at_least is None else column >= at_least
    return and_(low, true() if at_most is None else column <= at_most)


def _ago(column: Any, within: int | None, before: int | None, now: datetime) -> ColumnElement[bool]:
    late = true() if within is None else column > now - timedelta(days=within)
    early = true() if before is None else column <= now - timedelta(days=before)
    return and_(column.is_not(None), late, early)


def _birthday(today: date, days: int) -> ColumnElement[bool]:
    coming = {today + timedelta(days=offset) for offset in range(days + 1)}
    months_and_days = {day.month * 100 + day.day for day in coming}
    if any((day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3 for day in coming):
        months_and_days.add(229)  # in common years the 29th of February is kept a day early
    born = extract("month", Friend.birthday) * 100 + extract("day", Friend.birthday)
    return and_(Friend.birthday.is_not(None), born.in_(sorted(months_and_days)))
