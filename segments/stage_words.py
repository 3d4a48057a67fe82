"""Words for the customer pyramid and its rungs, and for the reasons of every ladder, in Japanese and English."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from segments.class_words import CLASS_REASONS, STATUS_REASONS
from segments.growth_words import GROWTH_REASONS

TOKYO = ZoneInfo("Asia/Tokyo")

STAGE_NAMES = {
    "aware": ("認知", "Aware"),
    "prospect": ("見込み", "Prospect"),
    "trial": ("トライアル", "Trial"),
    "existing": ("既存", "Existing"),
    "regular": ("常連", "Regular"),
    "exit": ("離脱", "Exit"),
}

REASONS = {
    "known": ("お名前だけ登録されています", "On record, not yet a friend"),
    "followed": ("友だち追加されました", "Added us as a friend"),
    "free_item_claimed": ("無料プレゼントを受け取りました（{at}）", "Claimed the free item ({at})"),
    "inquired": ("お問い合わせや回答がありました（{at}）", "Asked or answered something ({at})"),
    "trial_bought": ("お試し商品を購入しました（{at}）", "Bought a trial product ({at})"),
    "full_price": ("正規価格の商品を購入しました（{count}回）", "Bought at full price ({count}×)"),
    "often": (
        "直近{days}日に正規価格で{needed}回以上購入しました",
        "Bought at full price {needed} times or more within {days} days",
    ),
    "often_or_much": (
        "直近{days}日に正規価格で{needed}回以上、または{spend}円以上購入しました",
        "Bought at full price {needed} times or more, or for ¥{spend} or more, within {days} days",
    ),
    "trial_offer_ended": (
        "お試しのご案内の期限（{at}）までに購入がありませんでした",
        "Did not buy before the trial offer ended ({at})",
    ),
    "trial_dissatisfied": (
        "お試しに「不満」と回答しました（{at}）",
        "Was not satisfied with the trial ({at})",
    ),
    "lapsed": (
        "最後の購入（{at}）から購入の周期を大きく過ぎました",
        "Long past the purchase cycle since the last purchase ({at})",
    ),
    **GROWTH_REASONS,
    **CLASS_REASONS,
    **STATUS_REASONS,
}
"""By key; the ladders share none."""


def stage_name(stage: str, language: str) -> str:
    """Return the name of a rung in `language` (ja or anything else for English)."""
    names = STAGE_NAMES.get(stage)
    return names[language != "ja"] if names else stage


def reason_words(reason: str, params: Mapping[str, Any], language: str, zone: tzinfo = TOKYO) -> str:
    """Say why a friend stands on a rung; days are those of `zone`. An unknown reason is given back as it is."""
    words = REASONS.get(reason)
    if words is None:
        return reason
    shown = {name: _shown(name, value, language, zone) for name, value in params.items()}
    return words[language != "ja"].format_map(_Known(shown))


class _Known(dict[str, str]):
    """A gap whose fact is missing shows a dash instead of failing."""

    def __missing__(self, key: str) -> str:
        return "—"


def _shown(name: str, value: Any, language: str, zone: tzinfo) -> str:
    if name == "at":
        return day_words(datetime.fromisoformat(value), language, zone)
    return f"{value:,}" if isinstance(value, int) else str(value)


def day_words(moment: datetime, language: str, zone: tzinfo) -> str:
    """Write the day of `moment` in `zone`: 2026年11月21日 or 21 November 2026."""
    day = moment.astimezone(zone)
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B} {day.year}"
