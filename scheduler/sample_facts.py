"""A made-up friend of whom everything is known: what a message would say, before it goes to anybody."""

from datetime import datetime, timedelta
from typing import Any

from scheduler.fact_words import cycle_reason, name_sama, referral_url, share_url
from scheduler.link_calls import FACT as LINKS
from scheduler.link_calls import SampleLinks
from scheduler.template_facts import shop_facts
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
        "cause": {"order_id": "1", "code": CODE, "number": "1234"},
        LINKS: SampleLinks(LINK),
        **known,
        "free_item": item | of_shop["free_item"],
    }
