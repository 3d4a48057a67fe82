"""Template code as an operator reads and types it: {お名前} for `{{ name_sama }}`, the same code back again.

What can be named is the code of the stored text and the facts of bot.console.inserts; anything else
between braces stays as typed, and `scheduler.messages.check` decides about it.
"""

import re

from bot.console.inserts import INSERTS
from scheduler.fact_names import FACT_NAMES

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
