"""Records many orders in one transaction with a fixed number of queries: a till's one, an import's thousand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from segments import facts, purchase_news
from segments.comparing import differs, shown_given, shown_stored
from segments.errors import Conflict, KokyakuError, NotFound
from segments.lookups import Buyers, Owner, Sold, Stored, sold, stored_orders
from segments.models import ProductKind, Purchase, PurchaseItem
from segments.orders import NewPurchase, problem_of, shares


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
class _Fresh:
    new: NewPurchase
    owner: Owner


@dataclass(frozen=True, slots=True)
class _Known:
    new: NewPurchase
    stored: Stored


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
    products = sold(session, (item.product_code for new in news for item in new.items))
    outcomes: dict[str, Outcome | KokyakuError] = {}
    pending = list(news)
    while pending:
        judged = _judge(session, pending, products, now)
        fresh = [one for one in judged if isinstance(one, _Fresh)]
        outcomes |= _insert(session, fresh, products, now, source)
        outcomes |= {
            one.new.order_id: _regard(session, one, now) for one in judged if isinstance(one, _Known)
        }
        outcomes |= {
            new.order_id: one
            for new, one in zip(pending, judged, strict=True)
            if isinstance(one, KokyakuError)
        }
        # What is still open was stored by somebody else between our look and our insert: look again.
        pending = [new for new in pending if new.order_id not in outcomes]
    _learn(session, news, outcomes, announce_since, now)
    return [outcomes[new.order_id] for new in news]


def _judge(
    session: Session, news: Sequence[NewPurchase], products: Mapping[str, Sold], now: datetime
) -> list[_Fresh | _Known | KokyakuError]:
    buyers = Buyers(session, news)
    stored = stored_orders(session, (new.order_id for new in news))
    return [_judge_one(new, buyers, products, stored.get(new.order_id), now) for new in news]


def _judge_one(
    new: NewPurchase, buyers: Buyers, products: Mapping[str, Sold], stored: Stored | None, now: datetime
) -> _Fresh | _Known | KokyakuError:
    if problem := problem_of(new, now):
        return problem
    unknown = next((item.product_code for item in new.items if item.product_code not in products), None)
    if unknown is not None:
        return NotFound("product_unknown", product_code=unknown)
    owner = buyers.owner_of(new)
    if isinstance(owner, KokyakuError):
        return owner
    if stored is None:
        return _Fresh(new, owner)
    if differs(stored, new, owner):
        given = shown_given(new, owner)
        return Conflict("order_differs", order_id=new.order_id, stored=shown_stored(stored), given=given)
    return _Known(new, stored)


def _insert(
    session: Session, fresh: Sequence[_Fresh], products: Mapping[str, Sold], now: datetime, source: str
) -> dict[str, Outcome]:
    """Insert orders and their items; one that somebody else has stored meanwhile is left out of the answer."""
    if not fresh:
        return {}
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(Purchase).on_conflict_do_nothing(index_elements=["order_id"])
    rows = [_row(one, products, now, source) for one in fresh]
    ids = dict(session.execute(statement.returning(Purchase.order_id, Purchase.id), rows).all())
    stored = [one for one in fresh if one.new.order_id in ids]
    items = [row for one in stored for row in _item_rows(one.new, ids[one.new.order_id], products)]
    if items:
        session.execute(insert(PurchaseItem), items)
    return {one.new.order_id: Outcome(ids[one.new.order_id], one.owner.friend_id, Told.NEW) for one in stored}


def _row(one: _Fresh, products: Mapping[str, Sold], now: datetime, source: str) -> dict[str, Any]:
    new = one.new
    kinds = {products[item.product_code].kind for item in new.items}
    return {
        "order_id": new.order_id,
        "friend_id": one.owner.friend_id,
        "member_number": one.owner.member_number,
        "bought_at": new.bought_at,
        "amount_yen": new.amount_yen,
        "refunded_at": now if new.refunded_yen else None,
        "refunded_yen": new.refunded_yen,
        "is_trial": kinds == {ProductKind.TRIAL},
        "source": source,
        "created_at": now,
    }


def _item_rows(new: NewPurchase, purchase_id: int, products: Mapping[str, Sold]) -> list[dict[str, Any]]:
    prices = {item.product_code: products[item.product_code].price_yen for item in new.items}
    amounts = shares(new.items, new.amount_yen, prices)
    return [
        {
            "purchase_id": purchase_id,
            "line": number,
            "product_id": products[item.product_code].id,
            "quantity": item.quantity,
            "amount_yen": amount,
        }
        for number, (item, amount) in enumerate(zip(new.items, amounts, strict=True), start=1)
    ]


def _regard(session: Session, known: _Known, now: datetime) -> Outcome:
    """Take from an order that is stored already what is new in it: a refund, at most."""
    stored, refunded = known.stored, known.new.refunded_yen
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
    news: Sequence[NewPurchase],
    outcomes: Mapping[str, Outcome | KokyakuError],
    announce_since: datetime | None,
    now: datetime,
) -> None:
    """Raise the news, then make the facts follow; what a friend did long ago changes their stage in silence."""
    told: list[int] = []
    loud, silent = set[int](), set[int]()
    for new in news:
        outcome = outcomes[new.order_id]
        if not isinstance(outcome, Outcome) or outcome.told == Told.NOTHING:
            continue
        is_news = announce_since is not None and new.bought_at >= announce_since
        if is_news and outcome.told == Told.NEW:
            told.append(outcome.purchase_id)
        if outcome.friend_id is not None:
            (loud if is_news else silent).add(outcome.friend_id)
    purchase_news.purchased(session, told)
    facts.learn_purchases_many(session, loud, now)
    facts.learn_purchases_many(session, silent - loud, now, announce=False)
