"""Questions about the purchase cycle, over all purchases (category '') or of one category."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, and_, or_, select

from segments.cycle import CycleStatus
from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.ladder_names import Ladder, rung_name
from segments.leaves.node import Cost, Days, Leaf, Named, Seen, glance, having
from segments.leaves.said import Said
from segments.models import Cycle, Friend

Category = Annotated[str, Field(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _OfCycle(Leaf):
    """A question about the dates of one cycle."""

    cost: ClassVar[Cost] = Cost.ROWS
    category: Category = ""

    def _holds(self, context: Context) -> ColumnElement[bool]:
        raise NotImplementedError

    def sql(self, context: Context) -> ColumnElement[bool]:
        rows = select(Cycle.friend_id).where(Cycle.category == self.category, self._holds(context))
        return having(rows, Cycle.friend_id, context)

    def _crossed(self, span: Span, column: Any, shift: int) -> list[Edge]:
        return span.crossed(Cycle.friend_id, column, shift, Cycle.category == self.category)

    def seen(self, context: Context) -> Seen:
        due = select(Cycle.due_at).where(Cycle.friend_id == Friend.id, Cycle.category == self.category)
        return glance(due.correlate(Friend).scalar_subquery(), lambda at: _due(at, context))

    def named(self) -> Sequence[Named]:
        return [Named("category", self.category)] if self.category else []

    def _subject(self) -> Said:
        if not self.category:
            return Said("次の購入予定", "next purchase")
        return Said(f"「{self.category}」の次の購入予定", f"next purchase of {self.category}")


class InCycle(_OfCycle):
    """Stands so in their purchase cycle at this moment, over all or of one category."""

    kind: Literal["cycle"] = Field(default="cycle", alias="is")
    statuses: list[CycleStatus] = Field(min_length=1)

    def _holds(self, context: Context) -> ColumnElement[bool]:
        return or_(*(_status(each, context.now) for each in self.statuses))

    def edges(self, span: Span) -> list[Edge]:
        dates = (Cycle.due_at, Cycle.slip_at, Cycle.lapse_at)
        return [
            edge
            for each in dates
            for edge in span.passed(Cycle.friend_id, each, Cycle.category == self.category)
        ]

    def words(self, known: Known) -> Said:
        names = said.one_of(rung_name(each, Ladder.STATUS) for each in self.statuses)
        of = Said(f"「{self.category}」の", f" for {self.category}") if self.category else said.NOTHING
        return Said(f"{of.ja}購入サイクルが{names.ja}", f"purchase cycle{of.en} is {names.en}")


class DueWithin(_OfCycle):
    """Is expected to buy today or on one of so many days after it, by the shop's calendar."""

    kind: Literal["due_within"] = Field(default="due_within", alias="is")
    days: Days

    def _holds(self, context: Context) -> ColumnElement[bool]:
        return and_(Cycle.due_at >= context.day(0), Cycle.due_at < context.day(self.days + 1))

    def edges(self, span: Span) -> list[Edge]:
        return self._crossed(span, Cycle.due_at, 0) + self._crossed(span, Cycle.due_at, self.days + 1)

    def words(self, known: Known) -> Said:
        subject = self._subject()
        return Said(f"{subject.ja}が{self.days}日以内", f"{subject.en} due within {said.days(self.days).en}")


class Overdue(_OfCycle):
    """Was expected to buy so many days ago or earlier, by the shop's calendar, and has not since."""

    kind: Literal["overdue"] = Field(default="overdue", alias="is")
    days: Days

    def _holds(self, context: Context) -> ColumnElement[bool]:
        return Cycle.due_at < context.day(1 - self.days)

    def edges(self, span: Span) -> list[Edge]:
        return self._crossed(span, Cycle.due_at, 1 - self.days)

    def words(self, known: Known) -> Said:
        subject = self._subject()
        return Said(
            f"{subject.ja}を{self.days}日以上過ぎている",
            f"{subject.en} overdue by {said.days(self.days).en} or more",
        )


def _due(at: datetime | None, context: Context) -> Said:
    if at is None:
        return Said("購入予定は不明", "no date known")
    day = said.day_of(at, context.zone)
    return Said(f"予定は{day.ja}", f"expected on {day.en}")


def _status(status: CycleStatus, now: datetime) -> ColumnElement[bool]:
    match status:
        case CycleStatus.ACTIVE:
            return Cycle.due_at > now
        case CycleStatus.DUE:
            return and_(Cycle.due_at <= now, Cycle.slip_at > now)
        case CycleStatus.SLIPPING:
            return and_(Cycle.due_at <= now, Cycle.slip_at <= now, Cycle.lapse_at > now)
        case CycleStatus.LAPSED:
            return and_(Cycle.due_at <= now, Cycle.slip_at <= now, Cycle.lapse_at <= now)
