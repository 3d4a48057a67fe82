"""Why a product is suggested, in words."""

from enum import StrEnum

ENOUGH = 10
"""Buyers from whom on a share is told: of fewer, a percentage would say more than is known."""


class Why(StrEnum):
    """Why a product is suggested."""

    NEXT = "next"
    UPGRADE = "upgrade"
    POPULAR = "popular"


_WORDS = {
    "share": (
        "「{name}」を買った方の{percent}%が次に選んでいます",
        "{percent}% of those who bought {name} chose this next",
    ),
    "next": ("「{name}」を買った方が次に選んでいます", "chosen next by those who bought {name}"),
    "upgrade": ("「{name}」の上位版です", "a better version of {name}"),
    "popular": ("いま多くの方に選ばれています", "popular at the moment"),
}


def reason_words(why: Why, name: str, went_on: int, buyers: int, language: str) -> str:
    """Return the reason; `name` is what the friend bought, of whose `buyers` so many went on to the suggestion."""
    percent = round(100 * went_on / buyers) if buyers >= ENOUGH else 0
    key = "share" if why is Why.NEXT and percent else why.value
    return _WORDS[key][language != "ja"].format(name=name, percent=percent)
