"""Records many orders in one transaction with a fixed number of queries: a till's one, an import's thousand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from segments import driver_queries, driver_rows, facts, purchase_news, trust
from segments.comparing import differs, shown_given, shown_stored
from segments.errors import Conflict, KokyakuError, NotFound
from segments.lookups import Buyers, Owner, Sold, Stored, sold, stored_orders
from segments.models import ProductKind, Purchase, PurchaseItem, TrustKind
from segments.orders import NewPurchase, problem_of, shares

_ORDERS: Any = Purchase.__table__
_INSERT = {
    name: dialect.insert(_ORDERS)
    .on_conflict_do_nothing(index_elements=["order_id"])
    .returning(_ORDERS.c.order_id, _ORDERS.c.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}

_TOLD = ("order_id", "friend_id", "member_number", "bought_at", "amount_yen", "refunded_at", "refunded_yen", "is_trial", "source", "created_at")  # fmt: skip
_INSERT_ONE = {name: insert.values(dict.fromkeys(_TOLD)) for name, insert in _INSERT.items()}


class Told(StrEnum):
    """What an order told us."""

    NEW = "new"
    MORE_REFUNDED = "more_refunded"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one order that was not refused."""

    purchase_id: int
    friend_id: int | None
    told: Told


@dataclass(frozen=True, slots=True)
class _Owned:
    """An order that may be recorded, and whose it is."""

    new: NewPurchase
    owner: Owner


def record_many(
    session: Session,
    news: Sequence[NewPurchase],
    now: datetime,
    source: str,
    *,
    announce_since: datetime | None,
) -> list[Outcome | KokyakuError]:
    """Record orders of distinct ids; return for each what came of it, or why it was refused.

    Orders bought at or after `announce_since` are news (PURCHASED); None announces nothing.
    Facts of the friends touched are right again when this returns.
    """
    session.flush()  # what follows goes past the session: it must find what the caller has just added
    products = sold(session, (item.product_code for new in news for item in new.items))
    buyers = Buyers(session, news)
    judged = [_judge(new, buyers, products, now) for new in news]
    owned = [one for one in judged if isinstance(one, _Owned)]
    # Inserted before we look: whether it is there already is for the database to say, as of now and at once.
    outcomes: dict[str, Outcome | KokyakuError] = {**_insert(session, owned, products, now, source)}
    known = [one for one in owned if one.new.order_id not in outcomes]
    outcomes |= _regard_all(session, known, now)
    outcomes |= {
        new.order_id: one for new, one in zip(news, judged, strict=True) if isinstance(one, KokyakuError)
    }
    _learn(session, owned, products, outcomes, announce_since, now)
    return [outcomes[new.order_id] for new in news]


def _judge(
    new: NewPurchase, buyers: Buyers, products: Mapping[str, Sold], now: datetime
) -> _Owned | KokyakuError:
    if problem := problem_of(new, now):
        return problem
    unknown = next((item.product_code for item in new.items if item.product_code not in products), None)
    if unknown is not None:
        return NotFound("product_unknown", product_code=unknown)
    owner = buyers.owner_of(new)
    return owner if isinstance(owner, KokyakuError) else _Owned(new, owner)


def _insert(
    session: Session, owned: Sequence[_Owned], products: Mapping[str, Sold], now: datetime, source: str
) -> dict[str, Outcome]:
    """Insert orders and their items; one that is stored already is left out of the answer."""
    if not owned:
        return {}
    ids = _insert_orders(session, [_row(one, products, now, source) for one in owned])
    stored = [one for one in owned if one.new.order_id in ids]
    items = [row for one in stored for row in _item_rows(one.new, ids[one.new.order_id], products)]
    if items:
        columns: dict[str, Any] = dict(zip(_ITEM, map(list, zip(*items, strict=True)), strict=True))
        driver_rows.insert(session, PurchaseItem.__tablename__, columns)
    return {one.new.order_id: Outcome(ids[one.new.order_id], one.owner.friend_id, Told.NEW) for one in stored}


def _insert_orders(session: Session, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return the ids of those that were not stored yet."""
    dialect = session.get_bind().dialect.name
    if len(rows) == 1:  # as at a till
        return dict(driver_queries.asked(session, _INSERT_ONE[dialect], rows[0]))
    stored: Any = session.connection().execute(_INSERT[dialect], rows).all()
    return dict(stored)


def _row(one: _Owned, products: Mapping[str, Sold], now: datetime, source: str) -> dict[str, Any]:
    new = one.new
    return {
        "order_id": new.order_id,
        "friend_id": one.owner.friend_id,
        "member_number": one.owner.member_number,
        "bought_at": new.bought_at,
        "amount_yen": new.amount_yen,
        "refunded_at": now if new.refunded_yen else None,
        "refunded_yen": new.refunded_yen,
        "is_trial": _is_trial(new, products),
        "source": source,
        "created_at": now,
    }


def _is_trial(new: NewPurchase, products: Mapping[str, Sold]) -> bool:
    return {products[item.product_code].kind for item in new.items} == {ProductKind.TRIAL}


_ITEM = ("purchase_id", "line", "product_id", "quantity", "amount_yen")


def _item_rows(new: NewPurchase, purchase_id: int, products: Mapping[str, Sold]) -> list[tuple[int, ...]]:
    prices = {item.product_code: products[item.product_code].price_yen for item in new.items}
    amounts = shares(new.items, new.amount_yen, prices)
    return [
        (purchase_id, number, products[item.product_code].id, item.quantity, amount)
        for number, (item, amount) in enumerate(zip(new.items, amounts, strict=True), start=1)
    ]


def _regard_all(
    session: Session, known: Sequence[_Owned], now: datetime
) -> dict[str, Outcome | KokyakuError]:
    stored = stored_orders(session, [one.new.order_id for one in known])
    return {one.new.order_id: _regard(session, one, stored[one.new.order_id], now) for one in known}


def _regard(session: Session, one: _Owned, stored: Stored, now: datetime) -> Outcome | KokyakuError:
    """Take from an order that is stored already what is new in it: a refund, at most."""
    new, owner, refunded = one.new, one.owner, one.new.refunded_yen
    if differs(stored, new, owner):
        given = shown_given(new, owner)
        return Conflict("order_differs", order_id=new.order_id, stored=shown_stored(stored), given=given)
    outcome = Outcome(stored.id, stored.friend_id, Told.NOTHING)
    if refunded <= stored.refunded_yen:
        return outcome
    claim = (
        update(Purchase)
        .where(Purchase.id == stored.id, Purchase.refunded_yen < refunded)
        .values(refunded_yen=refunded, refunded_at=now)
        .returning(Purchase.id)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(claim) is None:  # somebody told of it between our look and this
        return outcome
    purchase_news.refunded(session, stored.id, refunded - stored.refunded_yen, now)
    return Outcome(stored.id, stored.friend_id, Told.MORE_REFUNDED)


def _learn(
    session: Session,
    owned: Sequence[_Owned],
    products: Mapping[str, Sold],
    outcomes: Mapping[str, Outcome | KokyakuError],
    announce_since: datetime | None,
    now: datetime,
) -> None:
    """Raise the news, then make the facts follow; what a friend did long ago changes their stage in silence."""
    told: list[purchase_news.Order] = []
    loud, silent = set[int](), set[int]()
    for new, outcome in ((one.new, outcomes[one.new.order_id]) for one in owned):
        if not isinstance(outcome, Outcome) or outcome.told == Told.NOTHING or outcome.friend_id is None:
            continue
        is_news = announce_since is not None and new.bought_at >= announce_since
        if is_news and outcome.told == Told.NEW:
            told.append(_order(new, outcome.purchase_id, outcome.friend_id, products))
        (loud if is_news else silent).add(outcome.friend_id)
    purchase_news.tell(session, told)
    if loud:
        facts.learn_purchases_many(session, loud, now)
        trust.enter(session, TrustKind.PURCHASE, [one.friend_id for one in told], now)
    if silent - loud:
        facts.learn_purchases_many(session, silent - loud, now, announce=False)


def _order(
    new: NewPurchase, purchase_id: int, friend_id: int, products: Mapping[str, Sold]
) -> purchase_news.Order:
    codes = [item.product_code for item in new.items]
    trial = _is_trial(new, products)
    return purchase_news.Order(
        new.bought_at, purchase_id, friend_id, new.order_id, new.amount_yen, codes, trial
    )
