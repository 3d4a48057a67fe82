"""Why LINE's own broadcast could not be used, in words."""

from scheduler.everyone_choice import Why
from scheduler.reasons import reason_words

WORDS: dict[Why, tuple[str, str]] = {
    Why.PERSONAL: ("差し込みのあるメッセージです", "the message is personal"),
    Why.LANGUAGES: ("友だちによって言語が違います", "friends read it in different languages"),
    Why.PACED: ("1分あたりの人数が決められています", "it leaves at so many a minute"),
    Why.NOT_EVERYONE: ("配信対象に含まれない友だちがいます", "some friends are not in its audience"),
    Why.FRIEND_LEFT_OUT: ("送れない友だちがいます", "it may not go to some friends now"),
    Why.MONEY: ("今月の通数が全員分に足りません", "this month's messages do not suffice for all"),
    Why.BROKEN: ("メッセージを組み立てられません", "the message cannot be put together"),
    Why.REFUSED: ("LINEが受け付けませんでした", "LINE did not take it"),
    Why.UNSUPPORTED: ("この接続先では使えません", "it cannot be used here"),
}


def through_words(reason: str, language: str = "ja") -> str:
    """Return why a broadcast went friend by friend; 「送れない友だちがいます（配信停止を希望されています）」."""
    code, _, detail = reason.partition(":")
    english = language == "en"
    why = WORDS[Why(code)][english] if code in set(Why) else code
    if detail:
        told = reason_words(detail, language)
        why = f"{why} ({told})" if english else f"{why}（{told}）"
    if english:
        return f"Sent friend by friend instead of by LINE's own broadcast: {why}."
    return f"LINEの一斉送信は使わず、友だちを指定して送ります。理由: {why}"
