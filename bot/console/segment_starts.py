"""Segments to begin from: conditions that shops ask for, each to be changed before it is saved."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from bot.i18n import N_


@dataclass(frozen=True)
class Start:
    """A condition with its name and what it is good for."""

    key: str
    name: str
    purpose: str
    condition: dict[str, Any]

    @property
    def title(self) -> str:
        """Its name in the language of this request."""
        return _(self.name)

    @property
    def use(self) -> str:
        """What it is good for, in the language of this request."""
        return _(self.purpose)


def _all(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"is": "all", "of": list(conditions)}


STARTS = (
    Start(
        "due",
        N_("そろそろ次の購入（しばらく連絡なし）"),
        N_("2回以上購入し、7日以内に次の購入が見込まれ、14日間連絡していない友だち。お知らせに最適です。"),
        _all(
            {"is": "purchase_count", "at_least": 2},
            {"is": "due_within", "days": 7},
            {"is": "last_contacted", "before_days": 14, "or_never": True},
        ),
    ),
    Start(
        "f2",
        N_("2回目の購入を待っている友だち"),
        N_("1回だけ購入し、まだ離れていない友だち。使い方や2回目の特典のご案内に。"),
        _all(
            {"is": "purchase_count", "at_least": 1, "at_most": 1},
            {"is": "cycle", "statuses": ["active", "due", "slipping"]},
            {"is": "none", "of": [{"is": "suppressed"}]},
        ),
    ),
    Start(
        "lapsed",
        N_("離れた常連のお客様"),
        N_("3回以上購入していたのに、購入の周期を過ぎて離れた友だち。呼び戻しに。"),
        _all(
            {"is": "purchase_count", "at_least": 3},
            {"is": "cycle", "statuses": ["lapsed"]},
            {"is": "reachable"},
        ),
    ),
    Start(
        "slipping",
        N_("遅れ気味のお客様"),
        N_("いつもの周期より遅れている友だち。離れる前の声かけに。"),
        _all({"is": "cycle", "statuses": ["slipping"]}, {"is": "reachable"}),
    ),
    Start(
        "birthday",
        N_("7日以内に誕生日を迎える友だち"),
        N_("お祝いのメッセージやクーポンに。"),
        _all({"is": "birthday_within", "days": 7}, {"is": "reachable"}),
    ),
    Start(
        "best",
        N_("購入金額の上位2割"),
        N_("購入金額のデシル1と2の友だち。特別なご案内や先行販売に。"),
        _all({"is": "decile", "deciles": [1, 2]}, {"is": "reachable"}),
    ),
    Start(
        "newcomers",
        N_("新しい友だち（まだ購入なし）"),
        N_("30日以内に友だちになり、まだ購入していない友だち。はじめてのご案内に。"),
        _all({"is": "followed", "within_days": 30}, {"is": "purchase_count", "at_most": 0}),
    ),
    Start(
        "quiet",
        N_("反応のない友だち"),
        N_("90日以上、メッセージもタップもない友だち。配信から外したいときに。"),
        _all({"is": "last_reaction", "before_days": 90, "or_never": True}, {"is": "reachable"}),
    ),
    Start(
        "coupon",
        N_("クーポンの期限が近い友だち"),
        N_("使えるクーポンが3日以内に切れる友だち。使い忘れのお知らせに。"),
        _all({"is": "coupon_expiring", "days": 3}, {"is": "reachable"}),
    ),
    Start(
        "referrers",
        N_("紹介してくれた友だち"),
        N_("1人以上を紹介してくれた友だち。お礼に。"),
        _all({"is": "referral_count", "at_least": 1}),
    ),
)


def start_of(key: str) -> Start | None:
    """Return the start of this key."""
    return next((each for each in STARTS if each.key == key), None)
