"""A made-up friend of whom everything is known, and real ones looked at without writing: what a message would say."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from scheduler.fact_words import cycle_reason, name_sama, referral_url, share_url
from scheduler.link_calls import FACT as LINKS
from scheduler.link_calls import SampleLinks
from scheduler.template_facts import personal_facts, shop_facts
from segments.recommending_words import Why, reason_words
from segments.shop import Shop

NAMES = {"ja": "山田 花子", "en": "Hanako"}
GOODS = {
    "ja": ("見本の商品", "お試しセット", "見本のクーポン"),
    "en": ("Sample", "Trial set", "Sample coupon"),
}
CODE = "ABCD2345"
BASIC_ID = "@sample"
LINK, PICTURE = "https://example.com/", "https://example.com/sample.jpg"
CAUSE = {"order_id": "1", "code": CODE, "number": "1234"}
"""What may have started a scenario."""


def sample_facts(settings: Shop, language: str, now: datetime) -> dict[str, Any]:
    """Return every fact of scheduler.vocabulary; the shop's own are real, where it has told them."""
    product, trial, coupon_title = GOODS.get(language, GOODS["en"])
    name = NAMES.get(language, NAMES["en"])
    link = referral_url(settings.basic_id or BASIC_ID, CODE)
    coupon = {"title": coupon_title, "code": CODE, "discount_yen": 500, "expires": now + timedelta(days=30)}
    goods = {"code": "SAMPLE", "price_yen": 980, "url": LINK, "image": PICTURE}
    recommended = goods | {"name": product, "reason": reason_words(Why.POPULAR, "", 12, 12, language)}
    item = {"title": product, "text": product, "url": LINK}
    of_shop = shop_facts(settings, language)
    known = {name: value for name, value in of_shop.items() if value}
    return {
        "zone": settings.zone,
        "language": language,
        "name": name,
        "name_sama": name_sama(name, language),
        "stage": "existing",
        "member_number": "1234",
        "purchase_count": 3,
        "last_purchase": now - timedelta(days=25),
        "next_due": now + timedelta(days=5),
        "cycle_reason": cycle_reason(2, 30.0, language),
        "last_product": goods | {"name": product},
        "recommended": recommended,
        "recommendations": [recommended],
        "trial": goods | {"name": trial, "ends": now + timedelta(days=7)},
        "coupon": coupon,
        "coupons": [coupon],
        "referral_code": CODE,
        "referral_url": link,
        "share_url": share_url(settings.name or product, CODE, link, language),
        "shop_name": product,
        "opening_hours": "10:00-19:00",
        "how_to_buy": product,
        "cause": CAUSE,
        LINKS: SampleLinks(LINK),
        **known,
        "free_item": item | of_shop["free_item"],
    }


def facts_to_look_at(
    session: Session,
    friend_ids: Sequence[int],
    wanted: Collection[str],
    now: datetime,
    *,
    language: str | None = None,
    is_started: bool = True,
) -> dict[int, dict[str, Any]]:
    """Return the facts of at most 500 real friends as personal_facts does, but write nothing.

    A referral code that a friend would only get now is made up, and so is what started a scenario, unless
    `is_started` says that nothing does.
    """
    found = personal_facts(session, friend_ids, now, language=language, wanted=wanted, code_instead=CODE)
    made_up = {"cause": CAUSE} if is_started and "cause" in wanted else {}
    return {friend_id: known | made_up for friend_id, known in found.items()}
