"""The question of what was bought when: purchases counted within a period, of some products or of all."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    distinct,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy import cast as cast_sql

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span, day_start
from segments.leaves.node import Cost, Day, Leaf, MaybeNames, Named, Number, Seen, glance, having, one_needed
from segments.leaves.ranges import MaybePeriod
from segments.leaves.said import Said
from segments.models import Cycle, Facts, Friend, Product, Purchase, PurchaseItem
from segments.purchase_history import EVERYTHING, counts

_Limit = tuple[int | None, int | None]


class Bought(MaybePeriod, Leaf):
    """Bought these products, or from these categories, or anything, so often or for so much within a period.

    The period is counted back in days (`within_days`, `before_days`) or lies between two days, both included
    (`from_date`, `to_date`), by the shop's calendar. Refunds are taken off; of an order refunded in part each line
    keeps its share. Without numbers, once is enough; `at_most` alone takes those who never bought, too.
    """

    model_config = one_needed(
        "products", "categories", "within_days", "before_days", "from_date", "to_date",
        "at_least", "at_most", "at_least_yen", "at_most_yen",
    )  # fmt: skip

    kind: Literal["bought"] = Field(default="bought", alias="is")
    cost: ClassVar[Cost] = Cost.MANY_ROWS
    products: MaybeNames = Field(default_factory=list[str])
    categories: MaybeNames = Field(default_factory=list[str])
    from_date: Day | None = None
    to_date: Day | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    at_least_yen: Number | None = None
    at_most_yen: Number | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_dump(exclude={"kind"}, exclude_none=True, exclude_defaults=True):
            message = "products, categories, a period or a number is needed"
            raise ValueError(message)
        return self

    def sql(self, context: Context) -> ColumnElement[bool]:
        enough = [self._reached(*each, context) for each in self._least()]
        too_much = [not_(self._reached(*each, context)) for each in self._most()]
        return and_(true(), *enough, *too_much)

    def edges(self, span: Span) -> list[Edge]:
        return self.crossed(span, Purchase.friend_id, Purchase.bought_at, Purchase.friend_id.is_not(None))

    def _least(self) -> list[_Limit]:
        """Return the (times, yen) that must be reached."""
        numbers = (self.at_least, self.at_most, self.at_least_yen, self.at_most_yen)
        at_least = 1 if numbers == (None,) * 4 else self.at_least
        both = [(at_least, None), (None, self.at_least_yen)]
        return [each for each in both if any(each)]

    def _most(self) -> list[_Limit]:
        """Return the (times, yen) that must not be reached."""
        times: list[_Limit] = [] if self.at_most is None else [(self.at_most + 1, None)]
        return times + ([] if self.at_most_yen is None else [(None, self.at_most_yen + 1)])

    def _reached(self, times: int | None, yen: int | None, context: Context) -> ColumnElement[bool]:
        """Return the expression for who bought so often, or for so much; what the facts say at once goes first."""
        begin, end = self._limits(context)
        plausible = self._plausible(times or 1, context)
        if begin is not None and self._told_by_cycles(times, yen, end):
            return and_(plausible, self._lately(begin, context))
        if self._of_some or end is not None:
            return and_(plausible, self._having(times, yen, context))
        if begin is None:
            return Facts.purchase_count >= times if times else Facts.spend_yen >= (yen or 0)
        return plausible if times == 1 else and_(plausible, self._having(times, yen, context))

    def _told_by_cycles(self, times: int | None, yen: int | None, end: datetime | None) -> bool:
        """Say whether it is enough to know when a category was last bought, which cycles do."""
        once = times == 1 and yen is None and end is None
        return once and bool(self.categories) and not self.products and EVERYTHING not in self.categories

    def _lately(self, begin: datetime, context: Context) -> ColumnElement[bool]:
        """Return the expression for who bought from the categories since `begin`.

        The cycles tell at once. Of those who wait to be learned anew, because a category was renamed, say, the
        purchases are asked.
        """
        bought = Cycle.category.in_(self.categories), Cycle.last_at >= begin
        known = having(select(Cycle.friend_id).where(*bought), Cycle.friend_id, context)
        orders = self._orders(context).where(Purchase.friend_id == Friend.id).correlate(Friend)
        return or_(
            and_(Facts.unlearned_since.is_(None), known),
            and_(Facts.unlearned_since.is_not(None), orders.exists()),
        )

    def _plausible(self, times: int, context: Context) -> ColumnElement[bool]:
        begin, end = self._limits(context)
        last, first = (
            context.broad(Facts.last_purchase_at, self.within_days),
            context.broad(Facts.first_purchase_at),
        )
        late = true() if begin is None else last >= begin
        early = true() if end is None else first < end
        bought = and_(Facts.last_purchase_at.is_not(None), Facts.first_purchase_at.is_not(None))
        return and_(Facts.purchase_count >= times, bought, late, early)

    def _limits(self, context: Context) -> tuple[datetime | None, datetime | None]:
        """Return the first moment of the period and the one after its last."""
        begins = [
            None if self.within_days is None else context.day(1 - self.within_days),
            None if self.from_date is None else day_start(self.from_date, context.zone),
        ]
        ends = [
            None if self.before_days is None else context.day(1 - self.before_days),
            None if self.to_date is None else day_start(self.to_date + timedelta(days=1), context.zone),
        ]
        return max(filter(None, begins), default=None), min(filter(None, ends), default=None)

    @property
    def _of_some(self) -> bool:
        return bool(self.products or self.categories)

    def _orders(self, context: Context) -> Select[Any]:
        begin, end = self._limits(context)
        orders = select(Purchase.friend_id).where(Purchase.friend_id.is_not(None), counts())
        if begin is not None:
            orders = orders.where(Purchase.bought_at >= begin)
        if end is not None:
            orders = orders.where(Purchase.bought_at < end)
        if self._of_some:
            named = ((Product.code, self.products), (Product.category, self.categories))
            # No empty list among them: PostgreSQL could make nothing of what is left, and would guess.
            goods = select(Product.id).where(or_(*(column.in_(names) for column, names in named if names)))
            orders = orders.join(PurchaseItem, PurchaseItem.purchase_id == Purchase.id).where(
                PurchaseItem.product_id.in_(goods)
            )
        return orders

    def _having(self, times: int | None, yen: int | None, context: Context) -> ColumnElement[bool]:
        orders = self._orders(context)
        if times is not None and times > 1:
            orders = orders.group_by(Purchase.friend_id).having(self._times() >= times)
        if yen is not None:
            orders = orders.group_by(Purchase.friend_id).having(self._yen() >= yen)
        return having(orders, Purchase.friend_id, context)

    def _times(self) -> ColumnElement[int]:
        return func.count(distinct(Purchase.id)) if self._of_some else func.count()

    def _yen(self) -> ColumnElement[int]:
        if not self._of_some:
            return func.sum(Purchase.amount_yen - Purchase.refunded_yen)
        line = cast_sql(PurchaseItem.amount_yen, BigInteger)
        kept = Purchase.amount_yen - Purchase.refunded_yen
        return func.sum(line * kept // func.nullif(Purchase.amount_yen, 0))

    def words(self, known: Known) -> Said:
        goods = [known.name("product", each) for each in self.products] + self.categories
        what = said.one_of(goods) if goods else Said("商品", "anything")
        numbers = [
            said.span(low, high, unit)
            for low, high, unit in (
                (self.at_least, self.at_most, said.times),
                (self.at_least_yen, self.at_most_yen, said.yen),
            )
            if (low, high) != (None, None)
        ]
        when, dates = self.between(), self._dates()
        much = Said("・".join(each.ja for each in numbers), "".join(f" {each.en}" for each in numbers))
        return Said(
            f"{dates.ja}{when.ja}{what.ja}を{much.ja}購入", f"bought {what.en}{much.en}{when.en}{dates.en}"
        )

    def _dates(self) -> Said:
        first = said.day(self.from_date) if self.from_date else None
        last = said.day(self.to_date) if self.to_date else None
        if first and last:
            return Said(f"{first.ja}から{last.ja}までに", f" from {first.en} to {last.en}")
        if first:
            return Said(f"{first.ja}以降に", f" since {first.en}")
        return Said(f"{last.ja}までに", f" until {last.en}") if last else said.NOTHING

    def seen(self, context: Context) -> Seen:
        mine = self._orders(context).where(Purchase.friend_id == Facts.friend_id).correlate(Facts)
        times = mine.with_only_columns(self._times()).scalar_subquery()
        if self.at_least_yen is None and self.at_most_yen is None:
            return glance(times, said.times_bought)
        yen = mine.with_only_columns(self._yen()).scalar_subquery()

        def say(number: int, spent: int | None) -> Said:
            count, sum_ = said.times_bought(number), said.yen(int(spent or 0))
            return Said(f"{count.ja}・{sum_.ja}", f"{count.en}, {sum_.en}")

        return Seen((times, yen), say)

    def named(self) -> list[Named]:
        goods = [Named("product", each) for each in self.products]
        return goods + [Named("category", each) for each in self.categories]
