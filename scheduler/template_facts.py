"""Gathers, in a few queries for many friends, the facts that message templates may name."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.fact_sources import (
    Catalogue,
    HeldCoupon,
    best_coupons,
    catalogue,
    last_products,
    references,
    suggested,
)
from scheduler.fact_words import cleaned, cycle_reason, name_sama, referral_url, share_url, stranger
from scheduler.link_calls import FACT as LINKS
from scheduler.link_calls import FriendLinks
from scheduler.messages import named_facts
from scheduler.models import Delivery, DeliveryKind, Enrolment, MessageVersion
from scheduler.vocabulary import FACTS
from scheduler.waiting import Waiting
from segments import links, shop
from segments.link_tokens import Tracking
from segments.models import Cycle, Facts, Friend
from segments.recommending import Recommendation, recommend
from segments.shop import Shop

REFERRAL_FACTS = frozenset({"referral_code", "referral_url", "share_url"})
RECOMMENDED = frozenset({"recommended", "recommendations"})
TRIAL_PRODUCT = "trial_product"
"""Key of an enrolment's context: the code of the trial product that this friend was offered."""


Subjects = Sequence[int] | Sequence[Delivery] | Sequence[Waiting]


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
    subjects: Subjects,
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
    of_shop = _OfShop(settings)
    for subject in asked:
        spoken = language or looked_up.rows[subject.friend_id].language
        known = _known(looked_up, subject, of_shop, spoken) | given
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
    recommended: dict[int, list[Recommendation]]
    codes: dict[int, str]
    links: Mapping[str, links.Target]
    names: frozenset[str]
    """The facts asked for."""


class _OfShop:
    """The shop's facts, worded once a language and not for each friend."""

    def __init__(self, settings: Shop) -> None:
        self.settings = settings
        self._worded: dict[str, dict[str, Any]] = {}

    def worded(self, language: str) -> dict[str, Any]:
        """Return them in `language`."""
        if language not in self._worded:
            self._worded[language] = shop_facts(self.settings, language)
        return self._worded[language]


def _look_up(session: Session, friend_ids: set[int], names: frozenset[str], now: datetime) -> _LookedUp:
    ids = sorted(friend_ids)
    last = last_products(session, ids) if "last_product" in names else {}
    return _LookedUp(
        rows=_rows(session, ids, names),
        last=last,
        goods=catalogue(session, last.values()) if names & {"last_product", "trial"} else Catalogue(()),
        coupons=best_coupons(session, ids, now) if names & {"coupon", "coupons"} else {},
        recommended=recommend(session, ids, now) if names & RECOMMENDED else {},
        codes=references(session, ids) if names & REFERRAL_FACTS else {},
        links=links.targets(session) if LINKS in names else {},
        names=names,
    )


def _known(found: _LookedUp, subject: _Subject, of_shop: _OfShop, language: str) -> dict[str, Any]:
    row, names = found.rows[subject.friend_id], found.names
    known = _of_friend(row, language, names) | of_shop.worded(language)
    if names & REFERRAL_FACTS:
        known |= _of_referral(found.codes.get(row.id), of_shop.settings, language)
    if names & {"coupon", "coupons"}:
        coupons = [coupon.worded(language) for coupon in found.coupons.get(row.id, ())]
        known |= {"coupons": coupons, "coupon": coupons[0] if coupons else None}
    if names & RECOMMENDED:
        goods = [suggested(each, language) for each in found.recommended.get(row.id, ())]
        known |= {"recommendations": goods, "recommended": goods[0] if goods else None}
    if "last_product" in names:
        known["last_product"] = found.goods.product(found.last.get(row.id), language)
    if "trial" in names:
        known["trial"] = _trial(found.goods, subject, row, language)
    if "cause" in names:
        known["cause"] = dict(subject.cause)
    return known


def _wanted(session: Session, subjects: Subjects) -> frozenset[str]:
    """Return the facts that the messages of deliveries name, without their parts; all for friend ids."""
    versions = {each.message_version_id for each in subjects if not isinstance(each, int)}
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


def _subjects(session: Session, given: Subjects) -> list[_Subject]:
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


def _causes(session: Session, given: Subjects) -> dict[int, dict[str, Any]]:
    ids = {each.enrolment_id for each in given if not isinstance(each, int) and each.enrolment_id is not None}
    if not ids:
        return {}
    rows = session.execute(select(Enrolment.id, Enrolment.context).where(Enrolment.id.in_(ids)))
    return dict(rows.all())


_OF_FACTS: Final = frozenset({"stage", "purchase_count", "last_purchase", "trial"})
_OF_CYCLE: Final = frozenset({"next_due", "cycle_reason"})


def _rows(session: Session, friend_ids: Sequence[int], names: frozenset[str]) -> dict[int, Any]:
    """Return of each friend the columns that the facts called `names` are made of."""
    columns: list[Any] = [Friend.id, Friend.display_name, Friend.language, Friend.member_number]
    query = select(*columns).where(bulk.among(session, Friend.id, friend_ids))
    if names & _OF_FACTS:
        of_facts = (Facts.stage, Facts.purchase_count, Facts.last_purchase_at, Facts.trial_offer_ends_at)
        query = query.add_columns(*of_facts).outerjoin(Facts, Facts.friend_id == Friend.id)
    if names & _OF_CYCLE:
        of_all = (Cycle.friend_id == Friend.id) & (Cycle.category == "")
        query = query.add_columns(Cycle.n, Cycle.cycle_days, Cycle.due_at).outerjoin(Cycle, of_all)
    return {row.id: row for row in session.execute(query)}


_MADE_OF_A_ROW: Final[Mapping[str, Callable[[Any, str, str], Any]]] = {
    "name": lambda _row, name, language: name or stranger(language),
    "name_sama": lambda _row, name, language: name_sama(name, language),
    "stage": lambda row, _name, _language: row.stage,
    "member_number": lambda row, _name, _language: row.member_number,
    "purchase_count": lambda row, _name, _language: row.purchase_count,
    "last_purchase": lambda row, _name, _language: row.last_purchase_at,
    "next_due": lambda row, _name, _language: row.due_at,
    "cycle_reason": lambda row, _name, language: cycle_reason(row.n, row.cycle_days, language),
}


def _of_friend(row: Any, language: str, names: frozenset[str]) -> dict[str, Any]:
    name = cleaned(row.display_name)
    known = {fact: make(row, name, language) for fact, make in _MADE_OF_A_ROW.items() if fact in names}
    return known | {"language": row.language}


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
