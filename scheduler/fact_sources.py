"""Looks up goods, coupons and referral codes for many friends at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from segments import referrals
from segments.models import Coupon, CouponGrant, Friend, Product, ProductKind, Purchase, PurchaseItem
from segments.recommending import Recommendation

COUPONS_SHOWN = 10


class HeldCoupon(NamedTuple):
    """One coupon in a friend's hands."""

    title: str
    title_en: str
    discount_yen: int
    code: str
    expires_at: datetime

    def worded(self, language: str) -> dict[str, Any]:
        """Return it as the fact `coupon`."""
        title = self.title if language == "ja" else self.title_en or self.title
        return {
            "title": title,
            "code": self.code,
            "discount_yen": self.discount_yen,
            "expires": self.expires_at,
        }


class Catalogue:
    """The products that facts may name."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._by_id = {product.id: product for product in products}
        trials = [product for product in self._by_id.values() if product.kind is ProductKind.TRIAL]
        self._trials = {product.code: product for product in trials}
        self._newest_trial = max(
            (product for product in trials if product.available), key=lambda each: each.id, default=None
        )

    def product(self, product_id: int | None, language: str) -> dict[str, Any] | None:
        """Return a product as the fact `last_product`."""
        product = self._by_id.get(product_id or 0)
        return worded(product, language) if product else None

    def trial(self, code: object, language: str) -> dict[str, Any] | None:
        """Return the trial product of this code, or the newest, as the fact `trial`."""
        product = self._trials.get(str(code)) if code else self._newest_trial
        return worded(product, language) if product else None


def worded(product: Product, language: str) -> dict[str, Any]:
    """Return a product as a fact: code, name, price_yen and, where known, url and image."""
    name = product.name if language == "ja" else product.name_en or product.name
    parts = {
        "code": product.code,
        "name": name,
        "price_yen": product.price_yen,
        "url": product.page_url,
        # LINE shows pictures over https alone.
        "image": product.image_url if (product.image_url or "").startswith("https://") else None,
    }
    return {key: value for key, value in parts.items() if value is not None}


def suggested(one: Recommendation, language: str) -> dict[str, Any]:
    """Return a product as the fact `recommended`, with the reason in words."""
    return worded(one.product, language) | {"reason": one.reason(language)}


def trial_product(session: Session, code: str | None = None) -> Product | None:
    """Return the trial product on offer: the one of `code`, or the newest that is available."""
    query = select(Product).where(Product.kind == ProductKind.TRIAL, Product.available)
    if code is not None:
        query = query.where(Product.code == code)
    return session.scalars(query.order_by(Product.id.desc()).limit(1)).first()


def last_products(session: Session, friend_ids: Sequence[int]) -> dict[int, int]:
    """Return the product id of the dearest line of each friend's last purchase that was not refunded."""
    place = func.row_number().over(
        partition_by=Purchase.friend_id,
        order_by=(Purchase.bought_at.desc(), PurchaseItem.amount_yen.desc(), PurchaseItem.id),
    )
    counts = or_(Purchase.refunded_at.is_(None), Purchase.refunded_yen < Purchase.amount_yen)
    ranked = (
        select(Purchase.friend_id, PurchaseItem.product_id, place.label("place"))
        .join(PurchaseItem, PurchaseItem.purchase_id == Purchase.id)
        .where(Purchase.friend_id.in_(friend_ids), counts)
        .subquery()
    )
    rows = session.execute(select(ranked.c.friend_id, ranked.c.product_id).where(ranked.c.place == 1))
    return dict(rows.all())


def best_coupons(session: Session, friend_ids: Sequence[int], now: datetime) -> dict[int, list[HeldCoupon]]:
    """Return each friend's usable coupons, the most valuable first, of equals the one that expires first."""
    rows = session.execute(
        select(
            CouponGrant.friend_id,
            Coupon.title,
            Coupon.title_en,
            Coupon.discount_yen,
            CouponGrant.code,
            CouponGrant.expires_at,
        )
        .join(Coupon, Coupon.id == CouponGrant.coupon_id)
        .where(
            CouponGrant.friend_id.in_(friend_ids),
            CouponGrant.redeemed_at.is_(None),
            CouponGrant.expires_at > now,
        )
        .order_by(Coupon.discount_yen.desc(), CouponGrant.expires_at, CouponGrant.id)
    )
    held: dict[int, list[HeldCoupon]] = {}
    for friend_id, title, title_en, yen, code, expires_at in rows:
        mine = held.setdefault(friend_id, [])
        if len(mine) < COUPONS_SHOWN:
            mine.append(HeldCoupon(title, title_en, yen, code, expires_at))
    return held


def references(session: Session, friend_ids: Sequence[int], instead: str | None = None) -> dict[int, str]:
    """Return each friend's referral code; those who have none yet get one, or are shown with `instead` if given."""
    rows = session.execute(select(Friend.id, Friend.referral_code).where(Friend.id.in_(friend_ids)))
    codes = dict(rows.all())
    if instead is not None:
        return {id_: code or instead for id_, code in codes.items()}
    without = [id_ for id_, code in codes.items() if code is None]
    for friend in session.scalars(select(Friend).where(Friend.id.in_(without))) if without else ():
        codes[friend.id] = referrals.code_of(session, friend)
    return {id_: code for id_, code in codes.items() if code}


def catalogue(session: Session, product_ids: Iterable[int]) -> Catalogue:
    """Return the products of these ids and the trial products, of which a shop has few."""
    wanted = or_(Product.id.in_(set(product_ids)), Product.kind == ProductKind.TRIAL)
    return Catalogue(session.scalars(select(Product).where(wanted)))
