"""Questions about coupons, and about who brought the friend."""

from typing import ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Select, and_, func, select, true

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.node import Cost, Days, Leaf, MaybeNames, Named, Seen, Timeless, glance, having
from segments.leaves.ranges import MaybePeriod
from segments.leaves.said import Said
from segments.models import Coupon, CouponGrant, Friend, Referral


class _OfCoupons(Leaf):
    """A question about the coupons of one of these kinds, or of any."""

    cost: ClassVar[Cost] = Cost.ROWS
    keys: MaybeNames = Field(default_factory=list[str])

    def _grants(self, *where: ColumnElement[bool]) -> Select[int]:
        return select(CouponGrant.friend_id).where(self._meant(), *where)

    def _meant(self) -> ColumnElement[bool]:
        kinds = select(Coupon.id).where(Coupon.key.in_(self.keys))
        return CouponGrant.coupon_id.in_(kinds) if self.keys else true()

    def _what(self, known: Known) -> Said:
        names = said.one_of(known.name("coupon", each) for each in self.keys)
        return Said(f"クーポン{names.ja}", names.en) if self.keys else Said("クーポン", "a coupon")

    def named(self) -> list[Named]:
        return [Named("coupon", each) for each in self.keys]


class HasCoupon(_OfCoupons):
    """Holds a coupon they can still use, of one of these kinds or of any."""

    kind: Literal["has_coupon"] = Field(default="has_coupon", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        held = self._grants(CouponGrant.redeemed_at.is_(None), CouponGrant.expires_at > context.now)
        return having(held, CouponGrant.friend_id, context)

    def edges(self, span: Span) -> list[Edge]:
        return span.passed(CouponGrant.friend_id, CouponGrant.expires_at, self._meant())

    def words(self, known: Known) -> Said:
        what = self._what(known)
        return Said(f"使える{what.ja}を持っている", f"holds {what.en}, still to be used")


class CouponExpiring(_OfCoupons):
    """Holds a coupon they can still use, which ends today or on one of so many days after it, by the shop's calendar."""

    kind: Literal["coupon_expiring"] = Field(default="coupon_expiring", alias="is")
    days: Days

    def sql(self, context: Context) -> ColumnElement[bool]:
        ends = CouponGrant.expires_at
        soon = and_(ends > context.now, ends < context.day(self.days + 1))
        return having(self._grants(CouponGrant.redeemed_at.is_(None), soon), CouponGrant.friend_id, context)

    def edges(self, span: Span) -> list[Edge]:
        ends = (CouponGrant.friend_id, CouponGrant.expires_at)
        return span.passed(*ends, self._meant()) + span.crossed(*ends, self.days + 1, self._meant())

    def words(self, known: Known) -> Said:
        what = self._what(known)
        return Said(
            f"{self.days}日以内に期限が切れる{what.ja}を持っている",
            f"holds {what.en} that expires within {said.days(self.days).en}",
        )

    def seen(self, context: Context) -> Seen:
        mine = self._grants(CouponGrant.redeemed_at.is_(None), CouponGrant.expires_at > context.now)
        first = mine.with_only_columns(func.min(CouponGrant.expires_at)).where(
            CouponGrant.friend_id == Friend.id
        )
        return glance(
            first.correlate(Friend).scalar_subquery(),
            lambda at: (
                said.day_of(at, context.zone).plus("まで", "") if at else Said("クーポンなし", "no coupon")
            ),
        )


class UsedCoupon(MaybePeriod, _OfCoupons):
    """Used a coupon of one of these kinds, or of any, within the period if one is given."""

    kind: Literal["used_coupon"] = Field(default="used_coupon", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        used = self._grants(self.lies(CouponGrant.redeemed_at, context))
        return having(used, CouponGrant.friend_id, context)

    def edges(self, span: Span) -> list[Edge]:
        return self.crossed(span, CouponGrant.friend_id, CouponGrant.redeemed_at, self._meant())

    def words(self, known: Known) -> Said:
        what, when = self._what(known), self.between()
        return Said(f"{when.ja}{what.ja}を利用", f"used {what.en}{when.en}")


class WasReferred(Timeless):
    """Was brought by another friend."""

    kind: Literal["was_referred"] = Field(default="was_referred", alias="is")
    cost: ClassVar[Cost] = Cost.ROWS

    def sql(self, context: Context) -> ColumnElement[bool]:
        return having(select(Referral.newcomer_id), Referral.newcomer_id, context)

    def words(self, known: Known) -> Said:
        return Said("ほかの友だちの紹介で来た", "was brought by another friend")
