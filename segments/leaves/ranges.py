"""The two shapes most questions have: a number in a range, and a moment so many days ago.

Days are those of the shop's calendar. `within_days: 1` is today, `within_days: 30` is today or one of the 29 days
before it; `before_days: 30` is any earlier day, so that both together leave nobody out and count nobody twice.
"""

from typing import Any, Self

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement, and_, or_, true

from segments.leaves import said
from segments.leaves.context import Context, Edge, Span
from segments.leaves.node import Days, Node, Number, one_needed
from segments.leaves.said import Said


class MaybePeriod(Node):
    """A moment so many days ago, if it matters."""

    within_days: Days | None = Field(default=None, description="fewer calendar days ago than this")
    before_days: Days | None = Field(default=None, description="so many calendar days ago or more")

    def lies(self, column: Any, context: Context) -> ColumnElement[bool]:
        """Return the expression for a moment in the period; without a moment it is in none."""
        late = true() if self.within_days is None else column >= context.day(1 - self.within_days)
        early = true() if self.before_days is None else column < context.day(1 - self.before_days)
        return and_(column.is_not(None), late, early)

    def crossed(self, span: Span, friend_id: Any, column: Any, *where: ColumnElement[bool]) -> list[Edge]:
        """Return whose moment came into the period or left it."""
        limits = [days for days in (self.within_days, self.before_days) if days is not None]
        return [edge for days in limits for edge in span.crossed(friend_id, column, 1 - days, *where)]

    def ago(self) -> Said:
        """Say the period; nothing when it does not matter."""
        return said.ago(self.within_days, self.before_days)

    def between(self) -> Said:
        """Say the period before a verb: 30日以内に / within the last 30 days."""
        words = self.ago()
        return words if words == said.NOTHING else Said(f"{words.ja}に", f" {words.en}")


class Period(MaybePeriod):
    """A moment so many days ago."""

    model_config = one_needed("within_days", "before_days")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.within_days is None and self.before_days is None:
            message = "within_days or before_days is needed"
            raise ValueError(message)
        return self


class LastTime(Period):
    """The last time something happened, so many days ago, or never where that counts as long ago."""

    or_never: bool = Field(default=False, strict=True, description="who never did is meant too")

    def lies(self, column: Any, context: Context) -> ColumnElement[bool]:
        """Return the expression, with those of whom there is no such moment when they are meant."""
        inside = super().lies(column, context)
        return or_(column.is_(None), inside) if self.or_never else inside

    def ago(self) -> Said:
        """Say the period."""
        return super().ago().plus("（または一度もない）", " or never") if self.or_never else super().ago()


def must_limit(at_least: object, at_most: object) -> None:
    """Refuse a range without an end, which everything would be in; raises ValueError."""
    if at_least is None and at_most is None:
        message = "at_least or at_most is needed"
        raise ValueError(message)


class Range(Node):
    """A number between two others, both included."""

    model_config = one_needed("at_least", "at_most")

    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        must_limit(self.at_least, self.at_most)
        return self

    def fits(self, column: Any) -> ColumnElement[bool]:
        """Return the expression for a number in the range; the column is never null."""
        return fits(column, self.at_least, self.at_most)

    def span(self, unit: said.Unit) -> Said:
        """Say the range."""
        return said.span(self.at_least, self.at_most, unit)


def fits(column: Any, at_least: float | None, at_most: float | None) -> ColumnElement[bool]:
    """Return the expression for a number between two others, both included."""
    low = true() if at_least is None else column >= at_least
    return and_(low, true() if at_most is None else column <= at_most)
