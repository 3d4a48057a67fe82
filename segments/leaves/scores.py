"""Questions about RFM scores, spend deciles, loyalty and taste, by the cuts of segments.rfm_cuts."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.node import Leaf, Named, Names, Node, Seen, Timeless, glance, one_needed
from segments.leaves.ranges import fits
from segments.leaves.said import Said
from segments.models import Facts
from segments.rfm_cuts import (
    Loyalty,
    RfmPolicy,
    count_range,
    decile_of,
    decile_range,
    recency_range,
    scores_of,
    spend_range,
)

Score = Annotated[int, Field(ge=1, le=5, strict=True)]
BOUGHT = Facts.purchase_count >= 1


class Scores(Node):
    """A range of scores, 5 being the best."""

    at_least: Score = 1
    at_most: Score = 5

    def words(self) -> Said:
        """Say the range."""
        return said.span(self.at_least, self.at_most, lambda score: Said(str(score), str(score)))


class InRfm(Leaf):
    """Has these RFM scores, 1 to 5, at this moment; who never bought has none."""

    model_config = one_needed("recency", "frequency", "monetary")

    kind: Literal["rfm"] = Field(default="rfm", alias="is")
    reads_rfm: ClassVar[bool] = True
    recency: Scores | None = None
    frequency: Scores | None = None
    monetary: Scores | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.recency or self.frequency or self.monetary):
            message = "recency, frequency or monetary is needed"
            raise ValueError(message)
        return self

    def sql(self, context: Context) -> ColumnElement[bool]:
        policy, last = context.known.rfm, context.broad(Facts.last_purchase_at)
        after, until = self._limits(context)
        recent = and_(true() if after is None else last > after, true() if until is None else last <= until)
        often = _scored(Facts.purchase_count, self.frequency, count_range, policy.purchase_counts)
        much = _scored(Facts.spend_yen, self.monetary, spend_range, policy.spend_yen)
        return and_(BOUGHT, last.is_not(None), recent, often, much)

    def edges(self, span: Span) -> list[Edge]:
        before, now = self._limits(span.since), self._limits(span.until)
        return [
            edge
            for low, high in zip(before, now, strict=True)
            if low is not None
            for edge in span.between(Facts.friend_id, Facts.last_purchase_at, low, high)
        ]

    def _limits(self, context: Context) -> tuple[datetime | None, datetime | None]:
        if self.recency is None:
            return None, None
        cuts = context.known.rfm.recency_days
        after, _ = recency_range(self.recency.at_least, cuts, context.now)
        _, until = recency_range(self.recency.at_most, cuts, context.now)
        return after, until

    def words(self, known: Known) -> Said:
        asked = (
            (Said("最終購入日（R）", "recency"), self.recency),
            (Said("購入頻度（F）", "frequency"), self.frequency),
            (Said("購入金額（M）", "monetary"), self.monetary),
        )
        parts = [(name, each.words()) for name, each in asked if each]
        return Said(
            "RFMスコアの" + "、".join(f"{name.ja}が{range_.ja}" for name, range_ in parts),
            "RFM score of " + " and ".join(f"{name.en} {range_.en}" for name, range_ in parts),
        )

    def seen(self, context: Context) -> Seen:
        def say(last: datetime | None, purchases: int, yen: int) -> Said:
            scores = scores_of(last, purchases, yen, context.known.rfm, context.now)
            if scores is None:
                return Said("購入なし", "never bought")
            figures = f"R{scores.recency} F{scores.frequency} M{scores.monetary}"
            return Said(figures, figures)

        return Seen((Facts.last_purchase_at, Facts.purchase_count, Facts.spend_yen), say)


def _scored(column: Any, scores: Scores | None, limits: Any, cuts: Any) -> ColumnElement[bool]:
    if scores is None:
        return true()
    return fits(column, limits(scores.at_least, cuts)[0], limits(scores.at_most, cuts)[1])


class InDecile(Timeless):
    """Is in one of these tenths of the buyers by spend, 1 the highest, by the bounds as last measured."""

    kind: Literal["decile"] = Field(default="decile", alias="is")
    reads_rfm: ClassVar[bool] = True
    deciles: list[Annotated[int, Field(ge=1, le=10, strict=True)]] = Field(min_length=1, max_length=10)

    def sql(self, context: Context) -> ColumnElement[bool]:
        ranges = [decile_range(each, context.known.rfm.deciles.bounds) for each in self.deciles]
        return and_(BOUGHT, or_(false(), *(fits(Facts.spend_yen, low, high) for low, high in ranges)))

    def words(self, known: Known) -> Said:
        names = "・".join(map(str, self.deciles))
        return Said(f"購入金額のデシルが{names}", f"spend decile {' or '.join(map(str, self.deciles))}")

    def seen(self, context: Context) -> Seen:
        def say(purchases: int, yen: int) -> Said:
            decile = decile_of(yen, context.known.rfm.deciles.bounds) if purchases else None
            return Said(f"デシル{decile}", f"decile {decile}") if decile else Said("デシルなし", "no decile")

        return Seen((Facts.purchase_count, Facts.spend_yen), say)


class InLoyalty(Timeless):
    """Is a loyal or a casual buyer; who never bought is neither."""

    kind: Literal["loyalty"] = Field(default="loyalty", alias="is")
    reads_rfm: ClassVar[bool] = True
    kinds: list[Loyalty] = Field(min_length=1, max_length=2)

    def sql(self, context: Context) -> ColumnElement[bool]:
        loyal = _loyal(context.known.rfm)
        asked = {Loyalty.LOYAL: loyal, Loyalty.CASUAL: not_(loyal)}
        return and_(BOUGHT, or_(*(asked[each] for each in self.kinds)))

    def words(self, known: Known) -> Said:
        names = {
            Loyalty.LOYAL: Said("ロイヤル顧客", "loyal"),
            Loyalty.CASUAL: Said("カジュアル顧客", "casual"),
        }
        chosen = said.one_of(names[each] for each in self.kinds)
        return Said(f"購買傾向が{chosen.ja}", f"is a {chosen.en} buyer")

    def seen(self, context: Context) -> Seen:
        return glance(Facts.purchase_count, said.counted("回購入", "purchase", "purchases"))


def _loyal(policy: RfmPolicy) -> ColumnElement[bool]:
    return and_(Facts.purchase_count >= policy.loyal_purchases, Facts.purchase_status != "lapsed")


class FavouriteCategory(Timeless):
    """Spent most on one of these categories."""

    kind: Literal["favourite_category"] = Field(default="favourite_category", alias="is")
    categories: Names

    def sql(self, context: Context) -> ColumnElement[bool]:
        return and_(Facts.favourite_category.is_not(None), Facts.favourite_category.in_(self.categories))

    def words(self, known: Known) -> Said:
        names = said.one_of(self.categories)
        return Said(f"よく買うカテゴリーが{names.ja}", f"spends most on {names.en}")

    def seen(self, context: Context) -> Seen:
        return glance(Facts.favourite_category, lambda name: Said(name or "なし", name or "none"))

    def named(self) -> list[Named]:
        return [Named("category", each) for each in self.categories]
