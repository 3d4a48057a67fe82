"""Gathers, in a few queries for many friends, the facts that message templates may name."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler.fact_lookups import RECOMMENDED, REFERRAL_FACTS, LookedUp, look_up
from scheduler.fact_sources import Catalogue, suggested
from scheduler.fact_subjects import Subject, Subjects, facts_named, subjects_of
from scheduler.fact_words import cleaned, cycle_reason, name_sama, referral_url, share_url, stranger
from scheduler.link_calls import FACT as LINKS
from scheduler.link_calls import FriendLinks
from segments import shop
from segments.link_tokens import Tracking
from segments.shop import Shop

TRIAL_PRODUCT = "trial_product"
"""Key of an enrolment's context: the code of the trial product that this friend was offered."""


def personal_facts(
    session: Session,
    subjects: Subjects,
    now: datetime,
    zone: ZoneInfo | None = None,
    *,
    language: str | None = None,
    wanted: Collection[str] | None = None,
    tracking: Tracking | None = None,
    code_instead: str | None = None,
) -> dict[int, dict[str, Any]]:
    """Return the facts of at most 500 friends, for `messages.render`; scheduler.vocabulary lists them.

    `subjects` are friend ids, or deliveries, which add what started their scenario as `cause`; the
    answer is keyed by the id of what was given. What is not known of a friend is left out. Names of
    products and coupons are in the friend's language, or in `language` when that is given. `zone`
    (the shop's when None) is the wall clock of dates. Only facts in `wanted` are looked up: those
    that the deliveries' messages name, or all for friend ids. Friends whose referral code is wanted
    and who have none get one; with `code_instead` they are shown with that, and nothing is written. With
    `tracking`, links lead through us so that taps are known.
    """
    names = facts_named(session, subjects) if wanted is None else frozenset(wanted)
    asked = subjects_of(session, subjects)
    settings = shop.load(session)
    looked_up = look_up(session, {subject.friend_id for subject in asked}, names, now, code_instead)
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


def _known(found: LookedUp, subject: Subject, of_shop: _OfShop, language: str) -> dict[str, Any]:
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


def _trial(goods: Catalogue, subject: Subject, row: Any, language: str) -> dict[str, Any] | None:
    offered = goods.trial(subject.cause.get(TRIAL_PRODUCT), language)
    if offered and row.trial_offer_ends_at:
        offered = offered | {"ends": row.trial_offer_ends_at}
    return offered
