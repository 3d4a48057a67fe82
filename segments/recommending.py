"""Which products to suggest to a friend, and why: what buyers of the same went on to, upgrades, else what is popular.

What the friend bought is left out, and what is a lesser version of it; so are products that are not on sale
and trial products, which have an offer of their own (systems.md, S2).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import popular
from segments.models import NextProduct, Product, ProductKind, Purchase, PurchaseItem
from segments.purchase_history import counts
from segments.recommending_words import Why, reason_words

LIMIT = 5
RECENT = 20
"""A friend's products that suggestions are drawn from: those bought last."""
LEAST = 2
"""Friends who must have gone on to a product before it is suggested for that."""
DOUBT = 20
"""Buyers who went on to nothing, added to those counted: thin counts must not win."""
LIFT_DOUBT = 5
"""Friends who must have gone on before half of the lift is believed."""
UPGRADE = 0.1
"""An upgrade of what the friend has weighs as much as if a tenth of its buyers had gone on to it."""
TOGETHER = 1000


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One product for one friend, with its reason."""

    product: Product
    why: Why
    because_of: Product | None
    """What the friend bought that leads to it; None for what is merely popular."""
    went_on: int
    """How many friends went on to it from there; of what is popular, how many bought it in 90 days."""
    buyers: int
    score: float
    """Comparable among one friend's recommendations of why NEXT and UPGRADE alone; 0 for what is popular."""

    def reason(self, language: str) -> str:
        """Return the reason in words: 「深蒸し茶」を買った方の32%が次に選んでいます."""
        name = name_of(self.because_of, language) if self.because_of else ""
        return reason_words(self.why, name, self.went_on, self.buyers, language)


class _Lead(NamedTuple):
    """One way from a product that was bought to one that may be suggested."""

    follower: int
    start: int
    why: Why
    went_on: int
    buyers: int
    weight: float


def recommend(
    session: Session, friend_ids: Sequence[int], now: datetime, limit: int = LIMIT
) -> dict[int, list[Recommendation]]:
    """Return for each of the friends (at most some hundreds) up to `limit` products, the best first."""
    bought = _bought(session, friend_ids)
    upgrades = dict(
        session.execute(
            select(Product.id, Product.upgrade_of_id).where(Product.upgrade_of_id.is_not(None))
        ).all()
    )
    recent = {product for mine in bought.values() for product in mine[:RECENT]}
    leads = _leads(session, recent, upgrades)
    ranked = {friend: _ranked(bought.get(friend, ()), leads, upgrades) for friend in friend_ids}
    wanted = {lead.follower for ways in ranked.values() for lead, _ in ways} | recent
    favourites = popular.load(session, now)
    goods = _goods(session, wanted | {each.product_id for each in favourites})
    return {
        friend: _chosen(ways, favourites, _owned(bought.get(friend, ()), upgrades), goods, limit)
        for friend, ways in ranked.items()
    }


def name_of(product: Product, language: str) -> str:
    """Return a product's name in `language`, or in the other one where it has none."""
    return product.name if language == "ja" else product.name_en or product.name


def weight(went_on: int, buyers: int, lift: float) -> float:
    """Return how strongly a step speaks: its share times its lift, both drawn to nothing special by thin counts."""
    share = went_on / (buyers + DOUBT)
    return share * (1 + (lift - 1) * went_on / (went_on + LIFT_DOUBT))


def _bought(session: Session, friend_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return the products each friend bought, the latest first."""
    last = func.max(Purchase.bought_at)
    rows = session.execute(
        select(Purchase.friend_id, PurchaseItem.product_id)
        .join(PurchaseItem, PurchaseItem.purchase_id == Purchase.id)
        .where(Purchase.friend_id.in_(friend_ids), counts())
        .group_by(Purchase.friend_id, PurchaseItem.product_id)
        .order_by(Purchase.friend_id, last.desc(), PurchaseItem.product_id)
    )
    bought = defaultdict[int, list[int]](list)
    for friend_id, product_id in rows:
        bought[friend_id or 0].append(product_id)
    return bought


def _leads(
    session: Session, product_ids: Iterable[int], upgrades: Mapping[int, int | None]
) -> dict[int, list[_Lead]]:
    """Return what each of these products leads to."""
    leads = defaultdict[int, list[_Lead]](list)
    wanted = set(product_ids)
    for some in _slices(wanted):
        steps = select(NextProduct).where(NextProduct.product_id.in_(some), NextProduct.went_on >= LEAST)
        for step in session.scalars(steps):
            value = weight(step.went_on, step.buyers, step.lift)
            leads[step.product_id].append(
                _Lead(step.next_product_id, step.product_id, Why.NEXT, step.went_on, step.buyers, value)
            )
    for better, lesser in upgrades.items():
        if lesser in wanted:
            leads[lesser].append(_Lead(better, lesser, Why.UPGRADE, 0, 0, UPGRADE))
    return leads


def _ranked(
    bought: Sequence[int], leads: Mapping[int, Sequence[_Lead]], upgrades: Mapping[int, int | None]
) -> list[tuple[_Lead, float]]:
    """Return the products that what was bought leads to, each by its strongest lead with the sum of all, best first."""
    owned = _owned(bought, upgrades)
    ways = defaultdict[int, list[_Lead]](list)
    for lead in (lead for product in bought[:RECENT] for lead in leads.get(product, ())):
        if lead.follower not in owned:
            ways[lead.follower].append(lead)
    sums = [
        (max(each, key=lambda lead: lead.weight), sum(lead.weight for lead in each)) for each in ways.values()
    ]
    return sorted(sums, key=lambda found: (-found[1], found[0].follower))


def _owned(bought: Sequence[int], upgrades: Mapping[int, int | None]) -> set[int]:
    """Return what was bought with all that it is an upgrade of."""
    owned = set(bought)
    for product in bought:
        lesser = upgrades.get(product)
        while lesser is not None and lesser not in owned:
            owned.add(lesser)
            lesser = upgrades.get(lesser)
    return owned


def _goods(session: Session, product_ids: Iterable[int]) -> dict[int, Product]:
    goods: dict[int, Product] = {}
    for some in _slices(product_ids):
        goods |= {each.id: each for each in session.scalars(select(Product).where(Product.id.in_(some)))}
    return goods


def _slices(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    return (ordered[start : start + TOGETHER] for start in range(0, len(ordered), TOGETHER))


def _chosen(
    ways: Sequence[tuple[_Lead, float]],
    favourites: Sequence[popular.Popular],
    owned: set[int],
    goods: Mapping[int, Product],
    limit: int,
) -> list[Recommendation]:
    chosen: dict[int, Recommendation] = {}
    for each in _offered(ways, favourites, goods):
        if len(chosen) == limit:
            break
        if each.product.id not in owned and _is_on_sale(each.product):
            chosen.setdefault(each.product.id, each)
    return list(chosen.values())


def _offered(
    ways: Sequence[tuple[_Lead, float]], favourites: Sequence[popular.Popular], goods: Mapping[int, Product]
) -> Iterator[Recommendation]:
    for lead, score in ways:
        if lead.follower in goods:
            start = goods.get(lead.start)
            yield Recommendation(goods[lead.follower], lead.why, start, lead.went_on, lead.buyers, score)
    for each in favourites:
        if each.product_id in goods:
            yield Recommendation(goods[each.product_id], Why.POPULAR, None, each.buyers, each.buyers, 0.0)


def _is_on_sale(product: Product) -> bool:
    return product.available and product.kind is not ProductKind.TRIAL
