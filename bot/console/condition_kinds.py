"""What the kinds of conditions are called where one is chosen, and in which group each is found."""

from collections.abc import Mapping

from flask_babel import gettext as _

from bot.i18n import N_

GROUPS: Mapping[str, Mapping[str, str]] = {
    N_("顧客ステージ"): {
        "stage": N_("顧客ステージ"),
        "stage_changed": N_("ステージの変化"),
        "growth": N_("成長段階"),
        "class": N_("顧客分類"),
        "suppressed": N_("ご案内を控えている"),
    },
    N_("購入"): {
        "purchase_count": N_("購入回数"),
        "spend": N_("購入金額の合計"),
        "last_purchase": N_("最後の購入"),
        "first_purchase": N_("最初の購入"),
        "bought": N_("商品・期間を指定した購入"),
        "product_count": N_("購入した商品の種類の数"),
        "favourite_category": N_("よく買うカテゴリー"),
        "loyalty": N_("ロイヤル・カジュアル"),
        "rfm": N_("RFMスコア"),
        "decile": N_("購入金額のデシル"),
        "subscribed": N_("定期購入が続いている"),
    },
    N_("購買サイクル"): {
        "due_within": N_("次の購入の予定"),
        "overdue": N_("次の購入の予定を過ぎた"),
        "cycle": N_("購買サイクルの状態（いま）"),
        "purchase_status": N_("購買状況（記録）"),
    },
    N_("反応"): {
        "last_reaction": N_("最後の反応"),
        "tapped": N_("リンクのタップ"),
        "tap_count": N_("タップの回数"),
        "message_count": N_("メッセージをくれた回数"),
        "events_joined": N_("イベントへの参加"),
        "free_item_claimed": N_("無料プレゼントを受け取った"),
    },
    N_("タグ"): {"tag": N_("タグ")},
    N_("アンケート"): {
        "answered": N_("質問への回答"),
        "answer_count": N_("回答の数"),
    },
    N_("クーポン・ポイント"): {
        "has_coupon": N_("使えるクーポンがある"),
        "coupon_expiring": N_("クーポンの期限が近い"),
        "used_coupon": N_("クーポンを使った"),
        "points": N_("ポイント残高"),
    },
    N_("紹介"): {
        "referral_count": N_("紹介した人数"),
        "was_referred": N_("紹介で来た"),
    },
    N_("日付"): {
        "birthday_within": N_("誕生日が近い"),
        "birthday_month": N_("誕生月"),
        "age": N_("年齢"),
        "followed": N_("友だち追加の時期"),
    },
    N_("配信"): {
        "last_contacted": N_("最後の配信"),
        "audience": N_("配信対象に入っていた"),
        "reachable": N_("メッセージを送れる"),
        "blocked": N_("ブロックしている"),
        "opted_in": N_("配信停止を希望していない"),
        "opted_out": N_("配信停止を希望している"),
        "offers_opted_out": N_("販売のご案内の停止を希望している"),
        "email_known": N_("メールアドレスがある"),
    },
    N_("お店の項目"): {
        "field": N_("項目の値"),
        "field_contains": N_("項目に含まれる文字"),
        "field_known": N_("項目が入力されている"),
        "field_number": N_("項目の数字"),
        "field_date": N_("項目の日付"),
    },
    N_("その他"): {
        "segment": N_("ほかのセグメント"),
        "everyone": N_("すべての友だち"),
        "route": N_("友だち追加の経路"),
        "language": N_("LINEの言語"),
        "member_linked": N_("会員番号とつながっている"),
        "trust": N_("信頼貯金"),
        "in_the_red": N_("信頼貯金が不足している"),
        "complained": N_("ご意見・苦情があった"),
        "friends": N_("名指しの友だち"),
        "random": N_("無作為に選ぶ"),
    },
}
"""Every kind that is no group, in the group under which it is offered."""

BRANCHES: Mapping[str, str] = {
    "all": N_("すべてにあてはまる"),
    "any": N_("どれかにあてはまる"),
    "none": N_("どれにもあてはまらない"),
}
_NAMES = {kind: name for kinds in GROUPS.values() for kind, name in kinds.items()}


def name_of(kind: str) -> str:
    """Return what a kind is called in the language of this request; an unknown one as it is."""
    return _(_NAMES[kind]) if kind in _NAMES else kind


def knows(kind: str) -> bool:
    """Tell whether a kind is one that can be chosen."""
    return kind in _NAMES


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return groups of (kind, name) in the language of this request."""
    return [(_(group), [(kind, _(name)) for kind, name in kinds.items()]) for group, kinds in GROUPS.items()]


def branches() -> list[tuple[str, str]]:
    """Return how conditions may be joined."""
    return [(kind, _(name)) for kind, name in BRANCHES.items()]
