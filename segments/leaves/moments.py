"""Questions answered by a moment that the facts already hold: the last or first time of something, and what lasts."""

from typing import ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, and_

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.node import Leaf, Seen, Timeless, glance
from segments.leaves.ranges import LastTime, MaybePeriod
from segments.leaves.said import Said
from segments.models import Facts


class _Last(LastTime, Leaf):
    """A moment of the facts so many days ago."""

    column: ClassVar[str]
    subject: ClassVar[Said]

    def sql(self, context: Context) -> ColumnElement[bool]:
        return self.lies(context.broad(getattr(Facts, self.column), self.within_days), context)

    def edges(self, span: Span) -> list[Edge]:
        return self.crossed(span, Facts.friend_id, getattr(Facts, self.column))

    def words(self, known: Known) -> Said:
        return Said(f"{self.subject.ja}{self.ago().ja}", f"{self.subject.en} {self.ago().en}")

    def seen(self, context: Context) -> Seen:
        return glance(
            getattr(Facts, self.column),
            lambda at: said.day_of(at, context.zone) if at else Said("一度もありません", "never"),
        )


class LastPurchase(_Last):
    """Last bought within or before so many days; who never bought is in neither unless `or_never` says so."""

    kind: Literal["last_purchase"] = Field(default="last_purchase", alias="is")
    column: ClassVar[str] = "last_purchase_at"
    subject: ClassVar[Said] = Said("最後の購入が", "last bought")


class FirstPurchase(_Last):
    """First bought within or before so many days."""

    kind: Literal["first_purchase"] = Field(default="first_purchase", alias="is")
    column: ClassVar[str] = "first_purchase_at"
    subject: ClassVar[Said] = Said("最初の購入が", "first bought")


class LastReaction(_Last):
    """Last wrote or tapped within or before so many days."""

    kind: Literal["last_reaction"] = Field(default="last_reaction", alias="is")
    column: ClassVar[str] = "last_reaction_at"
    subject: ClassVar[Said] = Said("最後の反応が", "last reacted")


class LastContacted(_Last):
    """Last got a message of ours, replies left out; with `or_never`, `before_days: 14` is "not for 14 days"."""

    kind: Literal["last_contacted"] = Field(default="last_contacted", alias="is")
    column: ClassVar[str] = "last_contacted_at"
    subject: ClassVar[Said] = Said("最後の配信が", "last contacted")


class Complained(MaybePeriod, Leaf):
    """Complained, at any time or last so many days ago."""

    kind: Literal["complained"] = Field(default="complained", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return and_(
            Facts.complaint_count > 0,
            self.lies(context.broad(Facts.complained_at, self.within_days), context),
        )

    def edges(self, span: Span) -> list[Edge]:
        return self.crossed(span, Facts.friend_id, Facts.complained_at)

    def words(self, known: Known) -> Said:
        return Said(f"{self.between().ja}ご意見・苦情があった", f"complained{self.between().en}")

    def seen(self, context: Context) -> Seen:
        return glance(Facts.complaint_count, said.counted("件", "complaint", "complaints"))


class Subscribed(Leaf):
    """Has a subscription whose deliveries are unbroken at this moment."""

    kind: Literal["subscribed"] = Field(default="subscribed", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return and_(Facts.subscription_until.is_not(None), Facts.subscription_until > context.now)

    def edges(self, span: Span) -> list[Edge]:
        return span.passed(Facts.friend_id, Facts.subscription_until)

    def words(self, known: Known) -> Said:
        return Said("定期購入が続いている", "has an unbroken subscription")

    def seen(self, context: Context) -> Seen:
        return glance(
            Facts.subscription_until,
            lambda at: (
                said.day_of(at, context.zone).plus("まで", "")
                if at
                else Said("定期購入なし", "no subscription")
            ),
        )


class FreeItemClaimed(Timeless):
    """Claimed the free item."""

    kind: Literal["free_item_claimed"] = Field(default="free_item_claimed", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Facts.free_item_claimed_at.is_not(None)

    def words(self, known: Known) -> Said:
        return Said("無料プレゼントを受け取った", "claimed the free item")
