"""What refusals, reasons and states are called in front of people: codes of the lower floors put into words."""

from collections.abc import Mapping

from flask_babel import gettext as _

from bot.i18n import N_, catalogue, current_language
from bot.models import Role
from bot.refusal_words import ERRORS
from scheduler import reasons
from scheduler.models import BroadcastState, DeliveryKind, DeliveryState
from segments.errors import KokyakuError
from segments.imports import words as import_words
from segments.models import EventKind

ANY_ERROR = N_("この操作はできませんでした（%(code)s）。")

PROBLEMS = {
    "text_too_long": N_("本文は%(limit)s文字までです（現在%(length)s文字）。"),
    "syntax_error": N_("波かっこ「{ }」の使い方に誤りがあります。"),
    "template_too_long": N_("本文が長すぎます。"),
    "too_long": N_("%(limit)s文字までです（現在%(length)s文字）。"),
    "alt_text_too_long": N_("%(limit)s文字までです（現在%(length)s文字）。"),
    "unknown_fact": N_("「%(fact)s」という差し込みはありません。"),
    "unknown_link": N_("「%(name)s」という名前のリンクは登録されていません。"),
    "link_name_missing": N_('link("名前") のように、登録したリンクの名前を書いてください。'),
    "unknown_filter": N_("「%(name)s」という書き方は使えません。"),
    "not_allowed": N_("この波かっこの使い方（%(what)s）はできません。"),
    "flex_too_big": N_("メッセージ全体が大きすぎます。文章を短くしてください。"),
    "missing": N_("空欄にはできません。"),
}
ANY_PROBLEM = N_("このままでは送信できません（%(code)s）。")

BROADCAST_STATES = {
    BroadcastState.DRAFT: N_("下書き"),
    BroadcastState.AWAITING_APPROVAL: N_("承認待ち"),
    BroadcastState.SCHEDULED: N_("予約済み"),
    BroadcastState.PLANNING: N_("準備中"),
    BroadcastState.SENDING: N_("配信中"),
    BroadcastState.PAUSED: N_("一時停止中"),
    BroadcastState.DONE: N_("完了"),
    BroadcastState.CANCELLED: N_("取り消し済み"),
}
PAUSE_REASONS = {
    "operator": N_("運用担当者が一時停止しました。"),
    "quota_exhausted": N_("今月のメッセージ通数を使い切りました。プランの変更後、または翌月に再開できます。"),
    "token_invalid": N_("LINEのアクセストークンが無効です。設定を直してから再開してください。"),
    "refused": N_(
        "LINEがメッセージを受け付けませんでした。内容を確かめ、直したものを新しい配信として送ってください。"
    ),
}
DELIVERY_STATES = {
    DeliveryState.QUEUED: N_("送信待ち"),
    DeliveryState.SENDING: N_("送信中"),
    DeliveryState.ACCEPTED: N_("受付済み"),
    DeliveryState.FAILED: N_("失敗"),
    DeliveryState.SKIPPED: N_("見送り"),
    DeliveryState.CANCELLED: N_("取り消し"),
    DeliveryState.UNCERTAIN: N_("届いたか不明"),
}
DELIVERY_KINDS = {
    DeliveryKind.BROADCAST: N_("一斉配信"),
    DeliveryKind.STEP: N_("ステップ配信"),
    DeliveryKind.REPLY: N_("応答"),
    DeliveryKind.TEST: N_("テスト送信"),
    DeliveryKind.MANUAL: N_("個別送信"),
}
ROLES = {
    Role.OWNER: N_("オーナー"),
    Role.OPERATOR: N_("運用担当者"),
    Role.VIEWER: N_("閲覧のみ"),
    Role.TILL: N_("レジ担当"),
}
EVENTS = {
    EventKind.FOLLOWED: N_("友だち追加"),
    EventKind.REFOLLOWED: N_("ブロック解除"),
    EventKind.BLOCKED: N_("ブロック"),
    EventKind.OPTED_OUT: N_("配信停止"),
    EventKind.OPTED_IN: N_("配信再開"),
    EventKind.OFFERS_OPTED_OUT: N_("販売のご案内の停止"),
    EventKind.OFFERS_OPTED_IN: N_("販売のご案内の再開"),
    EventKind.WROTE: N_("メッセージを受信"),
    EventKind.TAPPED: N_("ボタンをタップ"),
    EventKind.ASKED: N_("質問"),
    EventKind.FREE_ITEM_CLAIMED: N_("無料プレゼントの受け取り"),
    EventKind.TRIAL_OFFERED: N_("お試しのご案内"),
    EventKind.TRIAL_OFFER_ENDED: N_("お試しのご案内の期限切れ"),
    EventKind.PURCHASED: N_("購入"),
    EventKind.REFUNDED: N_("返金"),
    EventKind.SATISFIED: N_("「満足」と回答"),
    EventKind.DISSATISFIED: N_("「不満」と回答"),
    EventKind.CYCLE_DUE: N_("次の購入の時期"),
    EventKind.STAGE_CHANGED: N_("顧客ステージの変化"),
    EventKind.MEMBER_LINKED: N_("会員番号の連携"),
    EventKind.REFERRAL_ENTERED: N_("紹介コードの入力"),
    EventKind.REFERRAL_REWARDED: N_("紹介の特典"),
    EventKind.COUPON_GRANTED: N_("クーポンの付与"),
    EventKind.COUPON_REDEEMED: N_("クーポンの利用"),
    EventKind.ANSWERED: N_("アンケートに回答"),
    EventKind.EVENT_JOINED: N_("イベントに参加"),
    EventKind.COMPLAINED: N_("苦情"),
    EventKind.COMPLAINT_WITHDRAWN: N_("苦情の取り消し"),
    EventKind.POINTS_EARNED: N_("ポイントの付与"),
    EventKind.SEGMENT_ENTERED: N_("セグメントに入りました"),
    EventKind.SEGMENT_LEFT: N_("セグメントから外れました"),
    EventKind.TAGGED: N_("タグの追加"),
}


def error_words(error: KokyakuError, language: str) -> str:
    """Return a refusal in words of `language`; one without words of its own is told by its code."""
    speak = catalogue(language).gettext
    words = ERRORS.get(error.code)
    if words is not None:
        try:
            return speak(words) % _worded(error.params, language)
        except (KeyError, TypeError):
            pass  # Raised without what its words want to name: the code still tells what it was.
    if import_words.knows(error.code):
        return import_words.reason_words(error.code, error.params, language)
    return speak(ANY_ERROR) % {"code": error.code}


def _worded(params: Mapping[str, object], language: str) -> Mapping[str, object]:
    """Return what a refusal names, a reason for not sending in words; what is none stays as it is."""
    if "reason" not in params:
        return params
    return {**params, "reason": reasons.reason_words(str(params["reason"]), language)}


def explain(error: KokyakuError) -> str:
    """Return a refusal in the language of this request."""
    return error_words(error, current_language())


def problem_words(code: str, params: Mapping[str, object]) -> str:
    """Return what is wrong with a message text, in the language of this request."""
    return problem_in(code, params, current_language())


def problem_in(code: str, params: Mapping[str, object], language: str) -> str:
    """Return what is wrong with a message text, in words of `language`."""
    speak = catalogue(language).gettext
    words = PROBLEMS.get(code)
    return speak(words) % params if words else speak(ANY_PROBLEM) % {"code": code}


def reason_words(reason: str | None) -> str:
    """Return why a delivery did not leave, or is uncertain."""
    if not reason:
        return ""
    return reasons.reason_words(reason, current_language())


def pause_words(reason: str, language: str) -> str:
    """Return why a broadcast stands still, in words of `language`."""
    return catalogue(language).gettext(PAUSE_REASONS.get(reason, reason))


def role_name(role: Role) -> str:
    """Return what a role is called."""
    return _(ROLES[role])
