"""Questions about birthdays and age, by the shop's calendar; who was born on 29 February keeps the 28th in common years."""

from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, and_, extract, or_, select, true

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.friends import OfFriend
from segments.leaves.node import Cost, Leaf, Seen, glance
from segments.leaves.ranges import Range
from segments.leaves.said import Said
from segments.models import Friend

FIRST_YEAR = 1900
MANY_DAYS = 60
"""Days of the calendar from which on all birthdays are looked at instead of single ones."""
_month, _day = extract("month", Friend.birthday), extract("day", Friend.birthday)


class BirthdayWithin(Leaf):
    """Has their birthday today (0) or within so many days, by the shop's calendar."""

    kind: Literal["birthday_within"] = Field(default="birthday_within", alias="is")
    cost: ClassVar[Cost] = Cost.FRIEND
    days: int = Field(ge=0, le=365, strict=True)

    def sql(self, context: Context) -> ColumnElement[bool]:
        coming = sorted(_coming(context.today, self.days))
        return and_(Friend.birthday.is_not(None), (_month * 100 + _day).in_(coming))

    def edges(self, span: Span) -> list[Edge]:
        if span.same_day:
            return []
        return _born_on(_coming(span.since.today, self.days) ^ _coming(span.until.today, self.days), span)

    def words(self, known: Known) -> Said:
        if self.days == 0:
            return Said("誕生日が今日", "has their birthday today")
        return Said(f"誕生日が{self.days}日以内", f"has their birthday within {said.days(self.days).en}")

    def seen(self, context: Context) -> Seen:
        return glance(Friend.birthday, _born)


class BirthdayIn(OfFriend):
    """Has their birthday in one of these months, 1 to 12."""

    kind: Literal["birthday_month"] = Field(default="birthday_month", alias="is")
    months: list[Annotated[int, Field(ge=1, le=12, strict=True)]] = Field(min_length=1, max_length=12)

    def sql(self, context: Context) -> ColumnElement[bool]:
        return and_(Friend.birthday.is_not(None), _month.in_(self.months))

    def words(self, known: Known) -> Said:
        names = [date(2000, month, 1) for month in self.months]
        return Said(
            f"誕生日が{'・'.join(f'{each.month}月' for each in names)}",
            f"has their birthday in {' or '.join(f'{each:%B}' for each in names)}",
        )

    def seen(self, context: Context) -> Seen:
        return glance(Friend.birthday, _born)


class Age(Range, Leaf):
    """Is so many years old today, by the shop's calendar."""

    kind: Literal["age"] = Field(default="age", alias="is")
    cost: ClassVar[Cost] = Cost.FRIEND

    def sql(self, context: Context) -> ColumnElement[bool]:
        old = (
            true() if self.at_least is None else Friend.birthday < _born_before(context.today, self.at_least)
        )
        young = (
            true()
            if self.at_most is None
            else Friend.birthday >= _born_before(context.today, self.at_most + 1)
        )
        return and_(Friend.birthday.is_not(None), old, young)

    def edges(self, span: Span) -> list[Edge]:
        if span.same_day:
            return []
        limits = [
            years
            for years in (self.at_least, None if self.at_most is None else self.at_most + 1)
            if years is not None
        ]
        return [
            edge
            for years in limits
            for edge in span.between(
                Friend.id,
                Friend.birthday,
                _born_before(span.since.today, years),
                _born_before(span.until.today, years),
            )
        ]

    def words(self, known: Known) -> Said:
        years = self.span(said.counted("歳", "year", "years"))
        return Said(f"年齢が{years.ja}", f"is {years.en} old")

    def seen(self, context: Context) -> Seen:
        return glance(Friend.birthday, _born)


def _born(birthday: date | None) -> Said:
    return said.day(birthday).plus("生まれ", "") if birthday else Said("誕生日は不明", "birthday unknown")


def _coming(today: date, days: int) -> set[int]:
    """Return month × 100 + day of the birthdays kept today or within so many days."""
    coming = {today + timedelta(days=offset) for offset in range(days + 1)}
    kept = {day.month * 100 + day.day for day in coming}
    if any((day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3 for day in coming):
        kept.add(229)
    return kept


def _born_on(days: set[int], span: Span) -> list[Edge]:
    """Return who has such a birthday: by name of the day in every year, so that a plain index finds them."""
    if not days:
        return []
    if len(days) > MANY_DAYS:
        return [select(Friend.id).where(Friend.birthday.is_not(None))]
    last = span.until.today.year
    born = [day for year in range(FIRST_YEAR, last + 1) for each in days if (day := _day_in(year, each))]
    beyond = or_(Friend.birthday < date(FIRST_YEAR, 1, 1), Friend.birthday > date(last, 12, 31))
    return [select(Friend.id).where(Friend.birthday.in_(born)), select(Friend.id).where(beyond)]


def _day_in(year: int, month_and_day: int) -> date | None:
    try:
        return date(year, month_and_day // 100, month_and_day % 100)
    except ValueError:
        return None


def _born_before(today: date, years: int) -> date:
    """Return the day before which everyone was born who is at least so many years old today."""
    tomorrow = today + timedelta(days=1)
    if years >= tomorrow.year:
        return date.min
    try:
        return tomorrow.replace(year=tomorrow.year - years)
    except ValueError:
        return date(tomorrow.year - years, 3, 1)
