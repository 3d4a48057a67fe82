"""The facts that message templates may name, and which of them are complete links."""

from typing import Final

FACTS: Final[dict[str, frozenset[str]]] = {
    "name": frozenset(),
    "name_sama": frozenset(),
    "language": frozenset(),
    "stage": frozenset(),
    "member_number": frozenset(),
    "purchase_count": frozenset(),
    "last_product": frozenset({"code", "name", "price_yen", "url", "image"}),
    "recommended": frozenset({"code", "name", "price_yen", "url", "image", "reason"}),
    "recommendations": frozenset(),
    "last_purchase": frozenset(),
    "next_due": frozenset(),
    "cycle_reason": frozenset(),
    "coupon": frozenset({"title", "code", "discount_yen", "expires"}),
    "coupons": frozenset(),
    "referral_code": frozenset(),
    "referral_url": frozenset(),
    "share_url": frozenset(),
    "trial": frozenset({"code", "name", "price_yen", "url", "image", "ends"}),
    "shop_name": frozenset(),
    "opening_hours": frozenset(),
    "how_to_buy": frozenset(),
    "free_item": frozenset({"title", "text", "url"}),
    "cause": frozenset(),
    "tracked_links": frozenset(),
}
"""Each fact with its parts. `cause` is what started a scenario: any part, e.g. `cause.order_id`.

`tracked_links` is what `link("name")` becomes (scheduler.link_calls); a template cannot name it itself.
"""

LINK_FACTS = frozenset(
    {
        "referral_url",
        "share_url",
        "last_product.url",
        "last_product.image",
        "recommended.url",
        "recommended.image",
        "trial.url",
        "trial.image",
        "free_item.url",
        "tracked_links",
    }
)
"""Facts that are whole links already: they stand in a `uri` without the filter `url`."""


def is_known(fact: str) -> bool:
    """Tell whether `fact` (`name`, `coupon.title`) is one that templates may name."""
    top, _, part = fact.partition(".")
    if top not in FACTS:
        return False
    return not part or top == "cause" or part in FACTS[top]
