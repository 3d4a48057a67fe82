"""What moved a friend's trust, in words."""

from segments.models import TrustKind

WORDS: dict[TrustKind, tuple[str, str]] = {
    TrustKind.CARE: ("お礼・お役立ち情報を送信", "care was sent"),
    TrustKind.SALE: ("販売のご案内を送信", "an offer was sent"),
    TrustKind.TAP: ("タップ", "tapped"),
    TrustKind.REPLY: ("メッセージを受信", "wrote to us"),
    TrustKind.PURCHASE: ("購入", "bought"),
    TrustKind.ANSWERED: ("質問に回答", "a question was answered"),
    TrustKind.UNANSWERED: ("質問に期限までに回答せず", "a question went unanswered"),
    TrustKind.COMPLAINT: ("ご意見・苦情", "complained"),
    TrustKind.COMPLAINT_WITHDRAWN: ("苦情の記録を取り消し", "the complaint was taken back"),
    TrustKind.BLOCK: ("ブロック", "blocked us"),
    TrustKind.MERGED: ("取り込み済みの顧客と統合", "joined with an imported customer"),
    TrustKind.BY_HAND: ("手入力", "entered by hand"),
}


def kind_words(kind: TrustKind, language: str) -> str:
    """Return what moved trust, in words of `language`."""
    return WORDS[kind][0 if language == "ja" else 1]
