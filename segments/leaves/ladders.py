"""Questions about where a friend stands on the ladders, and how they moved."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, select, true

from segments.classes import CustomerClass
from segments.cycle import CycleStatus
from segments.growth import Growth
from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.ladder_names import LADDERS, Ladder, rung_name, standing
from segments.leaves.node import Cost, Leaf, Seen, Timeless, glance, having
from segments.leaves.ranges import MaybePeriod
from segments.leaves.said import Said
from segments.models import Facts, StageChange
from segments.stages import Stage


def _seen(column: Any, ladder: Ladder) -> Seen:
    return glance(column, lambda rung: rung_name(rung, ladder))


class InStage(Timeless):
    """Stands on one of these rungs of the pyramid."""

    kind: Literal["stage"] = Field(default="stage", alias="is")
    stages: list[Stage] = Field(min_length=1)

    def sql(self, context: Context) -> ColumnElement[bool]:
        return context.broad(Facts.stage).in_([each.value for each in self.stages])

    def words(self, known: Known) -> Said:
        return standing([*self.stages], Ladder.PYRAMID)

    def seen(self, context: Context) -> Seen:
        return _seen(Facts.stage, Ladder.PYRAMID)


class InGrowth(Timeless):
    """Stands on one of these rungs of the seven growth stages."""

    kind: Literal["growth"] = Field(default="growth", alias="is")
    stages: list[Growth] = Field(min_length=1)

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Facts.growth.in_([each.value for each in self.stages])

    def words(self, known: Known) -> Said:
        return standing([*self.stages], Ladder.GROWTH)

    def seen(self, context: Context) -> Seen:
        return _seen(Facts.growth, Ladder.GROWTH)


class InClass(Timeless):
    """Is in one of these customer classes."""

    kind: Literal["class"] = Field(default="class", alias="is")
    classes: list[CustomerClass] = Field(min_length=1)

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Facts.customer_class.in_([each.value for each in self.classes])

    def words(self, known: Known) -> Said:
        return standing([*self.classes], Ladder.CLASS)

    def seen(self, context: Context) -> Seen:
        return _seen(Facts.customer_class, Ladder.CLASS)


class InStatus(Timeless):
    """Stands so in their purchase cycle over all purchases, as last recorded."""

    kind: Literal["purchase_status"] = Field(default="purchase_status", alias="is")
    statuses: list[CycleStatus] = Field(min_length=1)

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Facts.purchase_status.in_([each.value for each in self.statuses])

    def words(self, known: Known) -> Said:
        return standing([*self.statuses], Ladder.STATUS)

    def seen(self, context: Context) -> Seen:
        return _seen(Facts.purchase_status, Ladder.STATUS)


class Suppressed(Timeless):
    """Is to get no further offers."""

    kind: Literal["suppressed"] = Field(default="suppressed", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Facts.suppressed_at.is_not(None)

    def words(self, known: Known) -> Said:
        return Said("ご案内を控えている", "gets no further offers")


class StageChanged(MaybePeriod, Leaf):
    """Moved on a ladder (`pyramid`, `growth`, `class`, `status`), to one of these rungs if any are named."""

    kind: Literal["stage_changed"] = Field(default="stage_changed", alias="is")
    cost: ClassVar[Cost] = Cost.ROWS
    ladder: Ladder = Ladder.PYRAMID
    to: list[Annotated[str, Field(pattern=r"^[a-z_]{1,16}$")]] = Field(
        default_factory=list[str], max_length=20
    )

    def sql(self, context: Context) -> ColumnElement[bool]:
        moved = select(StageChange.friend_id).where(*self._moves(), self.lies(StageChange.at, context))
        return having(moved, StageChange.friend_id, context)

    def edges(self, span: Span) -> list[Edge]:
        return self.crossed(span, StageChange.friend_id, StageChange.at, *self._moves())

    def _moves(self) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        to = StageChange.to_stage.in_(self.to) if self.to else true()
        return StageChange.ladder == self.ladder.value, to

    def words(self, known: Known) -> Said:
        ladder, when = LADDERS[self.ladder], self.between()
        to = said.one_of(rung_name(each, self.ladder) for each in self.to)
        if not self.to:
            return Said(f"{when.ja}{ladder.ja}が変わった", f"{ladder.en} changed{when.en}")
        return Said(f"{when.ja}{ladder.ja}が{to.ja}に変わった", f"{ladder.en} became {to.en}{when.en}")
