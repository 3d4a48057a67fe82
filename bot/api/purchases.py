"""Purchases told by the till or the web shop; the order id makes telling one twice harmless."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from bot.api import errors
from bot.api.access import blueprint, json_body, keyed, parsed, problems_of, source
from bot.api.shapes import (
    PLAIN,
    PurchaseIn,
    PurchaseOut,
    PurchaseResult,
    PurchasesOut,
    RawPurchases,
    RefundIn,
    Result,
)
from bot.services import current_services
from segments import purchases
from segments.errors import Invalid, KokyakuError, NotFound
from segments.models import Purchase
from segments.orders import NewPurchase
from segments.recording import Outcome, Told, record_many

TOGETHER = 100
"""Orders a transaction: a thousand at once would keep everyone else waiting for the lock."""


@blueprint.post("/purchases")
@keyed
def record() -> ResponseReturnValue:
    """Record one order, or up to a thousand under `purchases`."""
    body = json_body()
    is_many = isinstance(body, dict) and "purchases" in cast("dict[str, Any]", body)
    raw: list[Any] = parsed(RawPurchases, body).purchases if is_many else [body]
    results = _judged(raw)
    count = {kind: sum(each.result is kind for each in results) for kind in Result}
    answer = PurchasesOut(
        created=count[Result.CREATED],
        unchanged=count[Result.UNCHANGED],
        refused=count[Result.REFUSED],
        results=results,
    )
    return jsonify(answer.model_dump(mode="json", exclude_none=True))


def _judged(raw: Sequence[Any]) -> list[PurchaseResult]:
    read = [_read(each) for each in raw]
    outcomes = iter(_recorded([each for each in read if isinstance(each, NewPurchase)]))
    return [next(outcomes) if isinstance(each, NewPurchase) else each for each in read]


def _read(raw: Any) -> NewPurchase | PurchaseResult:
    try:
        return PurchaseIn.model_validate(raw).order()
    except ValidationError as error:
        named = cast("dict[str, Any]", raw).get("order_id") if isinstance(raw, dict) else None
        order_id = named if isinstance(named, str) else None
        return _refused(order_id, Invalid("fields_invalid", fields=problems_of(error)))


def _recorded(orders: Sequence[NewPurchase]) -> Iterator[PurchaseResult]:
    services = current_services()
    for group in _groups(orders):
        now = services.clock.now()
        with services.database.begin() as session:
            outcomes = record_many(session, group, now, source(), announce_since=purchases.ALWAYS)
        for order, outcome in zip(group, outcomes, strict=True):
            yield _result(order.order_id, outcome)


def _groups(orders: Sequence[NewPurchase]) -> Iterator[list[NewPurchase]]:
    """Cut into transactions, in each of which an order id stands once."""
    group: dict[str, NewPurchase] = {}
    for order in orders:
        if len(group) == TOGETHER or order.order_id in group:
            yield list(group.values())
            group = {}
        group[order.order_id] = order
    if group:
        yield list(group.values())


def _result(order_id: str, outcome: Outcome | KokyakuError) -> PurchaseResult:
    if isinstance(outcome, KokyakuError):
        return _refused(order_id, outcome)
    result = Result.CREATED if outcome.told is Told.NEW else Result.UNCHANGED
    return PurchaseResult(order_id=order_id, result=result, purchase_id=outcome.purchase_id)


def _refused(order_id: str | None, error: KokyakuError) -> PurchaseResult:
    return PurchaseResult.model_validate(
        {"order_id": order_id, "result": Result.REFUSED, **errors.told(error)}
    )


@blueprint.post("/purchases/<order_id>/refund")
@keyed
def refund(order_id: str) -> ResponseReturnValue:
    """Refund an order, in full when no amount is given."""
    wanted = parsed(RefundIn, json_body()) if request.data else RefundIn()
    if not re.fullmatch(PLAIN, order_id):
        raise NotFound("order_unknown", order_id=order_id)
    services = current_services()
    with services.database.begin() as session:
        stored = purchases.refund(session, order_id, services.clock.now(), wanted.amount_yen)
        answer = _shown(stored)
    return jsonify(answer.model_dump(mode="json"))


def _shown(purchase: Purchase) -> PurchaseOut:
    return PurchaseOut(
        order_id=purchase.order_id,
        purchase_id=purchase.id,
        friend_id=purchase.friend_id,
        member_number=purchase.member_number,
        bought_at=purchase.bought_at,
        amount_yen=purchase.amount_yen,
        refunded_yen=purchase.refunded_yen,
        refunded_at=purchase.refunded_at,
    )
