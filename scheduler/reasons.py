"""Why something is not sent, or not yet: stable codes and their words."""

from enum import StrEnum

from scheduler.fact_names import name_of
from scheduler.outcome_words import OUTCOME_WORDS


class Reason(StrEnum):
    """Why a delivery is refused or held, or an enrolment ends; stored as text, e.g. in Delivery.reason."""

    BLOCKED = "blocked"
    NOT_FOLLOWING = "not_following"
    NO_LINE_ID = "no_line_id"
    OPTED_OUT = "opted_out"
    OFFERS_OPTED_OUT = "offers_opted_out"
    SUPPRESSED = "suppressed"
    COMPLAINED = "complained"
    TRUST_IN_THE_RED = "trust_in_the_red"
    SALES_SHARE = "sales_share"
    CONTACT_CEILING = "contact_ceiling"
    CONTROL_GROUP = "control_group"
    EXPIRED = "expired"
    ALREADY_GOT = "already_got"
    CAMPAIGN_CANCELLED = "campaign_cancelled"
    CAMPAIGN_PAUSED = "campaign_paused"
    SCENARIO_ENDED = "scenario_ended"
    STEP_REMOVED = "step_removed"
    QUIET_HOURS = "quiet_hours"
    CLOSED_DAY = "closed_day"
    BUNDLING = "bundling"
    OVER_BUDGET = "over_budget"
    PLAN_FULL = "plan_full"
    CONDITION = "condition"
    NO_TRIAL_PRODUCT = "no_trial_product"
    NO_MESSAGE = "no_message"
    NO_DATE = "no_date"
    WAITED = "waited"
    GOAL = "goal"
    COMPLETED = "completed"
    COMPLAINT_WITHDRAWN = "complaint_withdrawn"
    STOPPED = "stopped"
    FACT_MISSING = "fact_missing"
    EMPTY_TEXT = "empty_text"
    NOTHING_TO_SAY = "nothing_to_say"
    TOO_LONG = "too_long"
    BAD_LINK = "bad_link"
    TEMPLATE_FAILED = "template_failed"
    NOT_PRINTABLE = "not_printable"
    PREPARING_FAILED = "preparing_failed"
    NO_MAIL = "no_mail"
    MAIL_ADDRESS_BAD = "mail_address_bad"
    MAIL_REFUSED = "mail_refused"
    MAIL_PUT_OFF = "mail_put_off"
    MAIL_INTERRUPTED = "mail_interrupted"
    TAKEN_AS_ARRIVED = "taken_as_arrived"


WORDS: dict[Reason, tuple[str, str]] = {
    Reason.BLOCKED: ("ブロックされています", "The friend has blocked the account"),
    Reason.NOT_FOLLOWING: ("友だち追加されていません", "Not following the account"),
    Reason.NO_LINE_ID: ("LINEとまだつながっていません", "Not connected with LINE yet"),
    Reason.OPTED_OUT: ("配信停止を希望されています", "The friend asked for no more messages"),
    Reason.OFFERS_OPTED_OUT: ("販売のご案内の停止を希望されています", "The friend asked for no offers"),
    Reason.COMPLAINED: (
        "ご意見・苦情をいただいたため、しばらく販売のご案内を控えています",
        "No offers for a while after a complaint",
    ),
    Reason.TRUST_IN_THE_RED: (
        "信頼貯金が不足しているため、販売のご案内を控えています",
        "No offers while the trust account is in the red",
    ),
    Reason.SALES_SHARE: (
        "販売のご案内が続いたため、お役立ち情報が先になります",
        "Too many of the last messages were offers: care comes first",
    ),
    Reason.CONTACT_CEILING: (
        "接触計画の上限に達しています",
        "The contact plan allows no more messages for now",
    ),
    Reason.CONTROL_GROUP: (
        "効果を比べるための対照グループに入っています",
        "Drawn into the control group, which gets no offers",
    ),
    Reason.SUPPRESSED: ("今後のご案内を控える友だちです", "No further offers go to this friend"),
    Reason.EXPIRED: ("配信の期限を過ぎました", "It was too late for this message"),
    Reason.ALREADY_GOT: ("すでに届いています", "Already received"),
    Reason.CAMPAIGN_CANCELLED: ("配信が中止されました", "The send was cancelled"),
    Reason.CAMPAIGN_PAUSED: ("配信が一時停止中です", "The send is paused"),
    Reason.SCENARIO_ENDED: ("シナリオが終了しています", "The scenario has ended for this friend"),
    Reason.STEP_REMOVED: (
        "ステップがシナリオから外されました",
        "The step was taken out of the scenario",
    ),
    Reason.QUIET_HOURS: ("配信停止時間帯が明けるのを待っています", "Waiting for the end of quiet hours"),
    Reason.CLOSED_DAY: ("休業日が明けるのを待っています", "Waiting for the next open day"),
    Reason.OVER_BUDGET: (
        "今月の配信予算に達したため、予算の変更または翌月を待っています",
        "Waiting for a larger budget or the next month: this month's budget is used up",
    ),
    Reason.PLAN_FULL: (
        "今月のメッセージ通数の上限に達したため、プランの変更または翌月を待っています",
        "Waiting for a larger plan or the next month: this month's messages are used up",
    ),
    Reason.BUNDLING: (
        "まもなく送る別のメッセージと一緒にお届けします",
        "Waiting to go together with another message",
    ),
    Reason.CONDITION: ("条件に当てはまりません", "The condition does not hold"),
    Reason.NO_TRIAL_PRODUCT: ("お試し商品が登録されていません", "There is no trial product to offer"),
    Reason.NO_MESSAGE: ("送るメッセージがありません", "There is no message to send"),
    Reason.NO_DATE: (
        "数える日付がないか、その日を過ぎています",
        "The date it counts back from is unknown or past",
    ),
    Reason.WAITED: (
        "期限まで待っても条件に当てはまりませんでした",
        "The condition did not come true in time",
    ),
    Reason.GOAL: ("目標を達成しました", "The goal was reached"),
    Reason.COMPLAINT_WITHDRAWN: ("苦情の記録が取り消されました", "The complaint was taken back"),
    Reason.COMPLETED: ("最後まで配信しました", "All steps are done"),
    Reason.STOPPED: ("運用担当者が終了しました", "Ended by an operator"),
    Reason.FACT_MISSING: ("差し込む情報がありません", "A fact to fill in is not known"),
    Reason.EMPTY_TEXT: ("本文が空になります", "The text would be empty"),
    Reason.NOTHING_TO_SAY: ("送る内容がありません", "Nothing would be left to send"),
    Reason.TOO_LONG: ("LINEの文字数の上限を超えます", "Longer than LINE allows"),
    Reason.BAD_LINK: ("リンクが正しくありません", "A link is not valid"),
    Reason.TEMPLATE_FAILED: ("差し込みに失敗しました", "Filling in the message failed"),
    Reason.NO_MAIL: ("メールの送信に同意されていません", "No address, or no agreement to get mail"),
    Reason.MAIL_ADDRESS_BAD: ("メールアドレスが存在しません", "There is no such mail address"),
    Reason.MAIL_REFUSED: ("メールが受け取りを拒否されました", "The mail server refused the mail"),
    Reason.MAIL_PUT_OFF: (
        "相手のメールサーバーが受け取れないため、時間をおいて送り直します",
        "The mail server does not take it for now; it is tried again later",
    ),
    Reason.MAIL_INTERRUPTED: (
        "送信の途中で切れたため、メールが届いたかどうか分かりません",
        "Cut off while it was sent: the mail may have arrived",
    ),
    Reason.TAKEN_AS_ARRIVED: (
        "届いたかどうか分からなかったため、担当者が届いたことにしました",
        "Nobody could tell whether it arrived; an operator took it as arrived",
    ),
    Reason.NOT_PRINTABLE: ("文字にできない情報が使われています", "A fact used cannot be shown as text"),
    Reason.PREPARING_FAILED: (
        "送信の準備でエラーが続いたため、保留しています",
        "Put aside, because preparing it broke again and again",
    ),
}


def reason_words(reason: str, language: str = "ja") -> str:
    """Return a stored reason in words; 「差し込む情報がありません（クーポンの名前）」 for `fact_missing:coupon.title`.

    What sending wrote down of LINE's answer has words too; any other code is returned as it is.
    """
    code, _, detail = reason.partition(":")
    known = WORDS[Reason(code)] if code in set(Reason) else OUTCOME_WORDS.get(code)
    if known is None:
        return reason
    words = known[0 if language == "ja" else 1]
    if not detail:
        return words
    if code == Reason.FACT_MISSING:
        detail = name_of(detail, language)
    return f"{words}（{detail}）" if language == "ja" else f"{words} ({detail})"
