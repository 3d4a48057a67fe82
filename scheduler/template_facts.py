"""Gathers, in a few queries for many friends, the facts that message templates may name."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.fact_sources import (
    Catalogue,
    HeldCoupon,
    best_coupons,
    catalogue,
    last_products,
    references,
)
from scheduler.fact_words import cleaned, cycle_reason, name_sama, referral_url, share_url, stranger
from scheduler.link_calls import FACT as LINKS
from scheduler.link_calls import FriendLinks
from scheduler.messages import named_facts
from scheduler.models import Delivery, DeliveryKind, Enrolment, MessageVersion
from scheduler.vocabulary import FACTS
from segments import links, shop
from segments.link_tokens import Tracking
from segments.models import Cycle, Facts, Friend
from segments.shop import Shop

REFERRAL_FACTS = frozenset({"referral_code", "referral_url", "share_url"})
TRIAL_PRODUCT = "trial_product"
"""Key of an enrolment's context: the code of the trial product that this friend was offered."""


class _Subject(NamedTuple):
    """One rendering: what it is found by, whom it is for, what started it."""

    key: int
    friend_id: int
    cause: Mapping[str, Any]
    delivery_id: int | None = None
    is_counted: bool = True
    """Whether taps on its links are a friend's; those of a test are the operator's own."""


def personal_facts(
    session: Session,
    subjects: Sequence[int] | Sequence[Delivery],
    now: datetime,
    zone: ZoneInfo | None = None,
    *,
    language: str | None = None,
    wanted: Collection[str] | None = None,
    tracking: Tracking | None = None,
) -> dict[int, dict[str, Any]]:
    """Return the facts of at most 500 friends, for `messages.render`; scheduler.vocabulary lists them.

    `subjects` are friend ids, or deliveries, which add what started their scenario as `cause`; the
    answer is keyed by the id of what was given. What is not known of a friend is left out. Names of
    products and coupons are in the friend's language, or in `language` when that is given. `zone`
    (the shop's when None) is the wall clock of dates. Only facts in `wanted` are looked up: those
    that the deliveries' messages name, or all for friend ids. Friends whose referral code is wanted
    and who have none get one. With `tracking`, links lead through us so that taps are known.
    """
    names = _wanted(session, subjects) if wanted is None else frozenset(wanted)
    asked = _subjects(session, subjects)
    settings = shop.load(session)
    looked_up = _look_up(session, {subject.friend_id for subject in asked}, names, now)
    given = {"zone": zone or settings.zone}
    facts: dict[int, dict[str, Any]] = {}
    for subject in asked:
        spoken = language or looked_up.rows[subject.friend_id].language
        known = _known(looked_up, subject, settings, spoken) | given
        if LINKS in names:
            counted = tracking if subject.is_counted else None
            known[LINKS] = FriendLinks(looked_up.links, counted, subject.friend_id, subject.delivery_id)
        facts[subject.key] = {name: value for name, value in known.items() if value not in (None, "")}
    return facts


class _LookedUp(NamedTuple):
    """What the database said of all friends asked about."""

    rows: dict[int, Any]
    """By friend: the columns of `_rows`."""
    last: dict[int, int]
    goods: Catalogue
    coupons: dict[int, list[HeldCoupon]]
    codes: dict[int, str]
    links: Mapping[str, links.Target]


def _look_up(session: Session, friend_ids: set[int], names: frozenset[str], now: datetime) -> _LookedUp:
    ids = sorted(friend_ids)
    last = last_products(session, ids) if "last_product" in names else {}
    return _LookedUp(
        rows=_rows(session, ids),
        last=last,
        goods=catalogue(session, last.values()) if names & {"last_product", "trial"} else Catalogue(()),
        coupons=best_coupons(session, ids, now) if names & {"coupon", "coupons"} else {},
        codes=references(session, ids) if names & REFERRAL_FACTS else {},
        links=links.targets(session) if LINKS in names else {},
    )


def _known(found: _LookedUp, subject: _Subject, settings: Shop, language: str) -> dict[str, Any]:
    row = found.rows[subject.friend_id]
    coupons = [coupon.worded(language) for coupon in found.coupons.get(row.id, ())]
    return (
        _of_friend(row, language)
        | shop_facts(settings, language)
        | _of_referral(found.codes.get(row.id), settings, language)
        | {
            "coupons": coupons,
            "coupon": coupons[0] if coupons else None,
            "last_product": found.goods.product(found.last.get(row.id), language),
            "trial": _trial(found.goods, subject, row, language),
            "cause": dict(subject.cause),
        }
    )


def _wanted(session: Session, subjects: Sequence[int] | Sequence[Delivery]) -> frozenset[str]:
    """Return the facts that the messages of deliveries name, without their parts; all for friend ids."""
    versions = {each.message_version_id for each in subjects if isinstance(each, Delivery)}
    if not versions or any(isinstance(each, int) for each in subjects):
        return frozenset(FACTS)
    contents = session.scalars(select(MessageVersion.content).where(MessageVersion.id.in_(versions)))
    return frozenset(fact.split(".")[0] for content in contents for fact in named_facts(content))


def shop_facts(settings: Shop, language: str) -> dict[str, Any]:
    """Return the facts that are the shop's and the same for all friends of a language."""
    item = settings.free_item
    parts = {"title": item.title.of(language), "text": item.text.of(language), "url": item.url}
    return {
        "shop_name": settings.name,
        "opening_hours": settings.opening_hours.of(language),
        "how_to_buy": settings.how_to_buy.of(language),
        "free_item": {name: value for name, value in parts.items() if value},
    }


def _subjects(session: Session, given: Sequence[int] | Sequence[Delivery]) -> list[_Subject]:
    causes = _causes(session, given)
    return [
        _Subject(each, each, {})
        if isinstance(each, int)
        else _Subject(
            each.id,
            each.friend_id,
            causes.get(each.enrolment_id or 0, {}),
            each.id,
            is_counted=each.kind is not DeliveryKind.TEST,
        )
        for each in given
    ]


def _causes(session: Session, given: Iterable[int | Delivery]) -> dict[int, dict[str, Any]]:
    ids = {
        each.enrolment_id for each in given if isinstance(each, Delivery) and each.enrolment_id is not None
    }
    if not ids:
        return {}
    rows = session.execute(select(Enrolment.id, Enrolment.context).where(Enrolment.id.in_(ids)))
    return dict(rows.all())


def _rows(session: Session, friend_ids: Sequence[int]) -> dict[int, Any]:
    rows = session.execute(
        select(
            Friend.id,
            Friend.display_name,
            Friend.language,
            Friend.member_number,
            Facts.stage,
            Facts.purchase_count,
            Facts.last_purchase_at,
            Facts.trial_offer_ends_at,
            Cycle.n,
            Cycle.cycle_days,
            Cycle.due_at,
        )
        .outerjoin(Facts, Facts.friend_id == Friend.id)
        .outerjoin(Cycle, (Cycle.friend_id == Friend.id) & (Cycle.category == ""))
        .where(Friend.id.in_(friend_ids))
    )
    return {row.id: row for row in rows}


def _of_friend(row: Any, language: str) -> dict[str, Any]:
    name = cleaned(row.display_name)
    return {
        "name": name or stranger(language),
        "name_sama": name_sama(name, language),
        "language": row.language,
        "stage": row.stage,
        "member_number": row.member_number,
        "purchase_count": row.purchase_count,
        "last_purchase": row.last_purchase_at,
        "next_due": row.due_at,
        "cycle_reason": cycle_reason(row.n, row.cycle_days, language),
    }


def _of_referral(code: str | None, settings: Shop, language: str) -> dict[str, Any]:
    if not code:
        return {}
    url = referral_url(settings.basic_id, code)
    return {
        "referral_code": code,
        "referral_url": url,
        "share_url": url and share_url(settings.name, code, url, language),
    }


def _trial(goods: Catalogue, subject: _Subject, row: Any, language: str) -> dict[str, Any] | None:
    offered = goods.trial(subject.cause.get(TRIAL_PRODUCT), language)
    if offered and row.trial_offer_ends_at:
        offered = offered | {"ends": row.trial_offer_ends_at}
    return offered
