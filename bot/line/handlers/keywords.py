"""Understands short texts: keywords in two languages, routes and codes in prefilled texts."""

import re
from dataclasses import dataclass
from unicodedata import category, normalize

from bot.line.handlers.asked import Action

LONGEST = 200
"""A longer text is a letter to a person, not a keyword."""

WORDS: dict[Action, tuple[str, ...]] = {
    Action.CLAIM: (
        *("無料プレゼント", "プレゼント", "無料プレゼントを受け取る", "プレゼントを受け取る", "プレゼント希望"),
        *("無料プレゼント希望", "free", "free gift", "gift", "free item"),
    ),
    Action.COUPONS: ("クーポン", "マイクーポン", "クーポンを見る", "クーポン一覧", "coupon", "coupons", "my coupons"),
    Action.POINTS: (
        *("ポイント", "マイポイント", "ポイント残高", "ポイント確認", "ポイントを見る", "point", "points", "my points"),
    ),
    Action.HOW_TO_BUY: (
        *("購入方法", "買い方", "購入の仕方", "注文方法", "買いたい", "購入したい"),
        *("how to buy", "buy", "order"),
    ),
    Action.HOURS: ("営業時間", "定休日", "opening hours", "hours"),
    Action.STOP: ("配信停止", "停止", "配信を停止", "配信を停止する", "stop", "unsubscribe"),
    Action.START: ("配信再開", "再開", "配信を再開", "配信を再開する", "start", "resume", "subscribe"),
    Action.STOP_OFFERS: ("ご案内停止", "ご案内を停止", "ご案内を停止する", "広告停止", "stop offers", "no offers"),
    Action.START_OFFERS: ("ご案内再開", "ご案内を再開", "ご案内を再開する", "start offers"),
    Action.SETTINGS: ("配信設定", "設定", "settings"),
    Action.STAFF: (
        *("スタッフと話す", "スタッフに相談", "スタッフに相談する", "問い合わせ", "問合せ", "お問い合わせ", "お問合せ"),
        *("相談", "質問", "talk to a person", "staff", "contact", "help"),
    ),
    Action.BOUGHT: ("買いました", "購入しました", "買った", "i bought it", "bought"),
    Action.REFERRAL: ("紹介", "紹介コード", "私の紹介コード", "友だちに紹介", "友達に紹介", "referral", "my referral code", "refer"),
    Action.ENTER_REFERRAL: ("紹介コードを入力", "紹介コード入力", "紹介コードを入力する", "enter referral code"),
    Action.LINK_MEMBER: ("会員登録", "会員連携", "会員番号", "link member", "member"),
    Action.CARD: ("会員証", "会員コード", "会員カード", "会員証を見る", "member card", "my card", "my code", "card"),
    Action.UNLINK_MEMBER: ("会員連携解除", "連携解除", "会員登録解除", "unlink", "unlink member"),
    Action.ENGLISH: ("english", "英語"),
    Action.MENU: ("メニュー", "ヘルプ", "使い方", "menu", "options"),
    Action.JAPANESE: ("日本語", "にほんご", "japanese", "nihongo"),
}  # fmt: skip


_ONLY_BUTTONS: dict[Action, tuple[str, ...]] = {
    Action.SATISFIED: ("満足しています", "satisfied"),
    Action.DISSATISFIED: ("満足していません", "not satisfied"),
}


@dataclass(frozen=True)
class Understood:
    """What a text says: each part None when it says nothing of the kind."""

    action: Action | None = None
    route: str | None = None
    code: str | None = None
    """A referral code with ENTER_REFERRAL, a link code with LINK_MEMBER."""

    @property
    def nothing(self) -> bool:
        """Whether no part of the text was understood."""
        return self.action is None and self.route is None


_ROUTE = re.compile(r"[\(\[「【]?\s*(?:ルート|route)\s*:\s*([\w\-]{1,64})\s*[\)\]」】]?", re.IGNORECASE)
_REFERRAL = re.compile(
    r"(?:(?:ご)?紹介コード|referral(?:\s*code)?)\s*[:は]?\s*[「【]?\s*([0-9A-Za-z][0-9A-Za-z\- ]{4,14}[0-9A-Za-z])\s*[」】]?",
    re.IGNORECASE,
)
_MEMBER = re.compile(
    r"(?:会員(?:登録|連携|番号)|link\s*member|member)\s*[:は]?\s*([0-9A-Za-z][0-9A-Za-z\- ]{4,14}[0-9A-Za-z])",
    re.IGNORECASE,
)


def folded(text: str) -> str:
    """Return a text as keywords are compared: one width, one case, no blanks, no signs at its ends."""
    visible = "".join(letter for letter in normalize("NFKC", text) if category(letter) != "Cf")
    return "".join(visible.split()).casefold().strip("。、.,!?！？「」【】()[]〜~♪☆★…・")


_ASKING = re.compile(
    r"(?:は何時(?:から|まで)?(?:です)?か?|はいつ(?:です)?か?|(?:について)?を?(?:教えて|知りたい)(?:ください|下さい|です)?|について|は)$"
)
"""What is put behind a word to ask for it: 「営業時間は」, 「定休日を教えてください」."""

_ACTIONS = {folded(word): action for action, words in WORDS.items() for word in words}


def name_of(action: Action, language: str) -> str:
    """Return the word by which a friend would ask for `action`: what a tapped button is called in the chat."""
    words = WORDS.get(action, _ONLY_BUTTONS.get(action, (action.value,)))
    return words[0] if language == "ja" else next((word for word in words if word.isascii()), words[0])


def understand(text: str) -> Understood:
    """Return what a text says to the bot. Nothing is guessed: only whole keywords and marked codes count."""
    if len(text) > LONGEST:
        return Understood()
    plain = "".join(letter for letter in normalize("NFKC", text) if category(letter) != "Cf")
    route = _ROUTE.search(plain)
    rest = _ROUTE.sub(" ", plain).strip() if route else plain
    return _asked(rest, route.group(1) if route else None)


def _asked(rest: str, route: str | None) -> Understood:
    word = folded(rest)
    known = _ACTIONS.get(word) or _ACTIONS.get(_ASKING.sub("", word))
    if known is not None:
        return Understood(known, route)
    for pattern, action in ((_REFERRAL, Action.ENTER_REFERRAL), (_MEMBER, Action.LINK_MEMBER)):
        if (found := pattern.fullmatch(rest.strip())) or (
            route is not None and (found := pattern.search(rest))
        ):
            return Understood(action, route, found.group(1))
    return Understood(None, route)
