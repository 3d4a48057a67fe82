"""Questions about the trust account: what is in it, and whether it is in the red."""

from typing import ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, and_

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.node import Leaf, Seen, glance
from segments.leaves.said import Said
from segments.leaves.sums import Sum
from segments.models import Facts


class Trust(Sum):
    """Has so many points in the trust account; one that is in the red holds none."""

    kind: Literal["trust"] = Field(default="trust", alias="is")
    column: ClassVar[str] = "trust"
    subject: ClassVar[Said] = Said("信頼貯金が", "trust account holds")
    unit: ClassVar[said.Unit] = staticmethod(said.counted("点", "point", "points"))


class InTheRed(Leaf):
    """Has a trust account in the red at this moment: care goes to such friends, offers do not."""

    kind: Literal["in_the_red"] = Field(default="in_the_red", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return and_(Facts.trust_red_until.is_not(None), Facts.trust_red_until > context.now)

    def edges(self, span: Span) -> list[Edge]:
        return span.passed(Facts.friend_id, Facts.trust_red_until)

    def words(self, known: Known) -> Said:
        return Said("信頼貯金が不足している", "has a trust account in the red")

    def seen(self, context: Context) -> Seen:
        return glance(
            Facts.trust_red_until,
            lambda until: (
                Said("不足なし", "not in the red")
                if until is None or until <= context.now
                else said.day_of(until, context.zone).plus("に回復する見込み", ": recovered by then")
            ),
        )
