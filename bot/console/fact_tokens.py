"""Template code as an operator reads and types it: {お名前} for `{{ name_sama }}`, the same code back again.

What can be named is the code of the stored text and the facts of bot.console.inserts; anything else
between braces stays as typed, and `scheduler.messages.check` decides about it.
"""

import re

from bot.console.inserts import INSERTS

FACT_NAMES = {
    "name_sama": ("お名前", "name"),
    "name": ("お名前（敬称なし）", "plain name"),
    "shop_name": ("お店の名前", "shop name"),
    "opening_hours": ("営業時間", "opening hours"),
    "how_to_buy": ("購入方法", "how to buy"),
    "free_item.title": ("プレゼントの名前", "free item"),
    "free_item.text": ("プレゼントの説明", "about the free item"),
    "free_item.url": ("プレゼントのリンク", "free item's link"),
    "last_product": ("最後に買った商品の情報", "last product's details"),
    "last_product.name": ("最後に買った商品", "last product"),
    "last_product.url": ("最後に買った商品のリンク", "last product's link"),
    "last_product.price_yen": ("最後に買った商品の価格", "last product's price"),
    "recommended": ("おすすめの商品の情報", "recommended product's details"),
    "recommended.name": ("おすすめの商品", "recommended product"),
    "recommended.url": ("おすすめの商品のリンク", "recommended product's link"),
    "recommended.price_yen": ("おすすめの商品の価格", "recommended product's price"),
    "recommended.reason": ("おすすめの理由", "why it is recommended"),
    "recommendations": ("おすすめの商品の一覧", "recommended products"),
    "trial.name": ("お試し商品", "trial product"),
    "trial.price_yen": ("お試しの価格", "trial price"),
    "trial.ends": ("お試しの期限", "end of the trial"),
    "trial.url": ("お試し商品のリンク", "trial product's link"),
    "coupon": ("クーポン", "coupon"),
    "coupon.title": ("クーポンの名前", "coupon's name"),
    "coupon.code": ("クーポンのコード", "coupon code"),
    "coupon.discount_yen": ("クーポンの金額", "coupon's amount"),
    "coupon.expires": ("クーポンの期限", "coupon's end"),
    "coupons": ("お持ちのクーポン", "coupons held"),
    "cause.code": ("今回のクーポンのコード", "code of this coupon"),
    "each.title": ("そのクーポンの名前", "its name"),
    "each.discount_yen": ("そのクーポンの金額", "its amount"),
    "each.expires": ("そのクーポンの期限", "its end"),
    "next_due": ("次の購入の目安", "next purchase"),
    "cycle_reason": ("目安の理由", "why then"),
    "last_purchase": ("最後の購入日", "last purchase"),
    "purchase_count": ("購入回数", "purchases"),
    "member_number": ("会員番号", "member number"),
    "referral_code": ("紹介コード", "referral code"),
    "referral_url": ("紹介リンク", "referral link"),
    "share_url": ("紹介を送るリンク", "link to share"),
}
"""What each fact is called between braces, in Japanese and in English texts."""

_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_FACT = re.compile(r"\{\{\s*([a-z_]+(?:\.[a-z_]+)?)\b[^{}]*\}\}")
_IF = re.compile(r"\{%\s*if\s+([a-z_]+(?:\.[a-z_]+)?)\s*%\}")
_FIXED = {
    re.compile(r"\{%\s*else\s*%\}"): ("なければ", "otherwise"),
    re.compile(r"\{%\s*endif\s*%\}"): ("ここまで", "end"),
    re.compile(r"\{%\s*for each in coupons\s*%\}"): ("クーポンごとに", "for each coupon"),
    re.compile(r"\{%\s*endfor\s*%\}"): ("くり返しここまで", "end of each"),
    re.compile(r"\{%\s*if each\.code == cause\.code\s*%\}"): ("今回のクーポンなら", "if it is this coupon"),
}


def tokens(source: str, language: str) -> dict[str, str]:
    """Return what the code in a stored text is called, token by token: `{"{お名前}": "{{ name_sama }}"}`."""
    named: dict[str, str] = {}
    for found in _CODE.finditer(source):
        name = _name(found[0], 1 if language == "en" else 0)
        if name and found[0] not in named.values():
            named[_free(name, named)] = found[0]
    return named


def to_text(source: str, language: str) -> str:
    """Return a stored text as the operator edits it."""
    named = {code: token for token, code in tokens(source, language).items()}
    return _CODE.sub(lambda found: named.get(found[0], found[0]), source)


def to_source(text: str, stored: str, language: str) -> str:
    """Return the text to store for what was typed over `stored`."""
    common = {f"{{{each.name(language)}}}": each.source(language) for each in INSERTS}
    named = common | tokens(stored, language)
    return re.sub(r"\{[^{}\n]{1,40}\}", lambda found: named.get(found[0], found[0]), text)


def _name(code: str, place: int) -> str | None:
    for pattern, words in _FIXED.items():
        if pattern.fullmatch(code):
            return words[place]
    if (condition := _IF.fullmatch(code)) and condition[1] in FACT_NAMES:
        fact = FACT_NAMES[condition[1]][place]
        return f"if {fact}" if place else f"{fact}があれば"
    fact = _FACT.fullmatch(code)
    return FACT_NAMES[fact[1]][place] if fact and fact[1] in FACT_NAMES else None


def _free(name: str, taken: dict[str, str]) -> str:
    """Return a token of that name; the second of the same name is `{お名前2}`."""
    token, number = f"{{{name}}}", 1
    while token in taken:
        number += 1
        token = f"{{{name}{number}}}"
    return token
