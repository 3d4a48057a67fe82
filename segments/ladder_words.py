"""Words for all ladders: what they, their rungs and the reasons are called, in Japanese and English."""

from segments.class_words import CLASS_NAMES, STATUS_NAMES
from segments.growth_words import GROWTH_NAMES
from segments.stage_words import STAGE_NAMES
from segments.stage_words import reason_words as reason_words

LADDER_NAMES = {
    "pyramid": ("顧客ステージ", "Stage"),
    "growth": ("成長段階", "Growth stage"),
    "class": ("顧客分類", "Customer class"),
    "status": ("購買状況", "Purchase status"),
}

RUNG_NAMES = {
    "pyramid": STAGE_NAMES,
    "growth": GROWTH_NAMES,
    "class": CLASS_NAMES,
    "status": STATUS_NAMES,
}

BEFORE = ("購入前", "Before the first purchase")
"""What standing on no rung is called."""


def ladder_name(ladder: str, language: str) -> str:
    """Return the name of a ladder in `language` (ja or anything else for English)."""
    names = LADDER_NAMES.get(ladder)
    return names[language != "ja"] if names else ladder


def rung_name(ladder: str, rung: str, language: str) -> str:
    """Return the name of a rung of a ladder, an unknown one as it is."""
    names = RUNG_NAMES.get(ladder, {}).get(rung) or (None if rung else BEFORE)
    return names[language != "ja"] if names else rung
