"""What sells, what is bought next, who comes back and what a customer is worth."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from bot import picture_addresses
from bot.api import analysis_shapes as shape
from bot.api.access import blueprint, keyed, parsed
from bot.api.shapes import BIGGEST_ID
from bot.i18n import current_language
from bot.services import current_services
from segments import (
    best_sellers,
    buying_times,
    cohorts,
    deciles,
    next_products,
    products,
    recommending,
    repeats,
    rfm,
    shop,
)
from segments.errors import NotFound
from segments.local_times import start_of
from segments.models import Friend

Asked = TypeVar("Asked", bound=BaseModel)


@blueprint.get("/analysis/best-sellers")
@keyed
def best() -> ResponseReturnValue:
    """Return the products that sold best."""
    asked = _asked(shape.BestSellersIn)
    with current_services().database.reading() as session:
        since, until = _period(session, asked)
        sold = best_sellers.best_sellers(session, since, until, asked.by, asked.limit, asked.category)
    return _told(shape.BestSellersOut, products=[asdict(each) | {"name": _name(each)} for each in sold])


@blueprint.get("/analysis/next")
@keyed
def following() -> ResponseReturnValue:
    """Return what is bought after a product."""
    asked = _asked(shape.NextIn)
    with current_services().database.reading() as session:
        product = products.by_code(session, asked.product)
        if product is None:
            raise NotFound("product_unknown", product_code=asked.product)
        found = next_products.follows(session, product.id, asked.limit)
    rows = [asdict(each) | {"name": _name(each), "share": each.share} for each in found]
    return _told(shape.NextOut, product=product.code, products=rows)


@blueprint.get("/friends/<int:friend_id>/recommendations")
@keyed
def recommendations(friend_id: int) -> ResponseReturnValue:
    """Return what to suggest to a friend."""
    asked, language = _asked(shape.LimitIn), current_language()
    services = current_services()
    with services.database.reading() as session:
        if friend_id > BIGGEST_ID or session.get(Friend, friend_id) is None:
            raise NotFound("friend_unknown", friend_id=friend_id)
        found = recommending.recommend(session, [friend_id], services.clock.now(), asked.limit)[friend_id]
        rows = [
            {
                "code": each.product.code,
                "name": _name(each.product),
                "price_yen": each.product.price_yen,
                "url": each.product.page_url,
                "image": picture_addresses.public(each.product.image_url or "", services.settings) or None,
                "why": each.why.value,
                "reason": each.reason(language),
            }
            for each in found
        ]
    return _told(shape.RecommendationsOut, friend_id=friend_id, products=rows)


@blueprint.get("/analysis/f2")
@keyed
def f2() -> ResponseReturnValue:
    """Return the F2 conversion by month of the first purchase."""
    asked, now = _asked(shape.F2In), current_services().clock.now()
    with current_services().database.reading() as session:
        own, (since, until) = shop.load(session), _period(session, asked)
        found = repeats.f2(session, since, until, asked.days, own.today(now), own.zone)
    *months, total = [asdict(row) | {"rate": row.rate} for row in found]
    return _told(shape.F2Out, days=asked.days, months=months, total=total)


@blueprint.get("/analysis/repeat")
@keyed
def repeat() -> ResponseReturnValue:
    """Return the share of repeaters among buyers."""
    asked = _asked(shape.PeriodIn)
    with current_services().database.reading() as session:
        found = repeats.repeats(session, *_period(session, asked), shop.load(session).zone)
    return _told(shape.RepeatOut, **asdict(found), rate=found.rate, ever_rate=found.ever_rate)


@blueprint.get("/analysis/cohorts")
@keyed
def cohort_table() -> ResponseReturnValue:
    """Return friends by the month of their first purchase, with what they are worth."""
    with current_services().database.reading() as session:
        found = cohorts.load(session, current_services().clock.now())
    rows = [
        asdict(row)
        | {
            "value_yen": row.value(),
            "whole_months": sum(found.is_whole(row, offset) for offset in range(len(row.yen))),
        }
        for row in found.rows
    ]
    return _told(shape.CohortsOut, day=found.day, cohorts=rows, value_yen=found.value())


@blueprint.get("/analysis/rfm")
@keyed
def rfm_table() -> ResponseReturnValue:
    """Return how many buyers stand in each cell of the RFM table."""
    with current_services().database.reading() as session:
        policy = rfm.load(session)
        cells = rfm.table(session, policy, current_services().clock.now())
    return _told(shape.RfmOut, **policy.to_json(), cells=[asdict(cell) for cell in cells])


@blueprint.get("/analysis/deciles")
@keyed
def decile_table() -> ResponseReturnValue:
    """Return the buyers in ten groups by what they spent."""
    with current_services().database.reading() as session:
        measured = deciles.in_force(session, current_services().clock.now())
        rows = deciles.table(session, measured)
    return _told(
        shape.DecilesOut,
        day=measured.day,
        deciles=[asdict(row) | {"average_yen": row.average_yen} for row in rows],
    )


@blueprint.get("/analysis/times")
@keyed
def times() -> ResponseReturnValue:
    """Return when orders are made."""
    asked = _asked(shape.PeriodIn)
    with current_services().database.reading() as session:
        found = buying_times.buying_times(session, *_period(session, asked), shop.load(session).zone)
    return _told(shape.TimesOut, orders=found.orders, months=[asdict(month) for month in found.months])


def _asked(wanted: type[Asked]) -> Asked:
    return parsed(wanted, request.args.to_dict())


def _period(session: Session, asked: shape.PeriodIn) -> tuple[datetime | None, datetime | None]:
    zone = shop.load(session).zone
    since = None if asked.since is None else start_of(asked.since, zone)
    return since, None if asked.until is None else start_of(asked.until + timedelta(days=1), zone)


def _name(named: Any) -> str:
    return cast("str", named.name if current_language() == "ja" else named.name_en or named.name)


def _told(answer: type[BaseModel], **values: Any) -> ResponseReturnValue:
    return jsonify(answer.model_validate(values).model_dump(mode="json"))
