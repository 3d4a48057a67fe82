"""Facts typed into a message with what to say when they are not known: {最後に買った商品|いつもの商品}, and back again.

`{name}` and `{name|instead}` become template code; what stood in a stored text under a token of
bot.console.fact_tokens becomes the same code again; any other braces stay as typed.
"""

import re
from collections.abc import Callable

from bot.console import fact_tokens
from bot.console.inserts import INSERTS
from scheduler.fact_names import FACT_NAMES

FILTERS = {
    "last_product.price_yen": "yen",
    "recommended.price_yen": "yen",
    "trial.price_yen": "yen",
    "coupon.discount_yen": "yen",
    "coupon.expires": "date",
    "trial.ends": "date",
    "next_due": "date",
    "last_purchase": "date",
}
"""How a fact that is no text is said."""
OFFERED = (
    "name_sama",
    "last_product.name",
    "recommended.name",
    "recommended.reason",
    "recommended.price_yen",
    "recommended.url",
    "next_due",
    "cycle_reason",
    "last_purchase",
    "purchase_count",
    "member_number",
    "coupon.title",
    "coupon.code",
    "coupon.discount_yen",
    "coupon.expires",
    "trial.name",
    "trial.price_yen",
    "trial.ends",
    "free_item.title",
    "free_item.url",
    "referral_code",
    "referral_url",
    "share_url",
    "shop_name",
    "opening_hours",
    "how_to_buy",
)
"""Facts the editor offers to insert, those most used first."""
ALWAYS_KNOWN = frozenset({"name_sama", "name", "shop_name", "referral_code"})
PRINTED = tuple(
    fact
    for fact in FACT_NAMES
    if fact not in {"last_product", "recommended", "recommendations", "coupon", "coupons"}
    and not fact.startswith(("each.", "cause."))
)
TOKEN = re.compile(r"\{([^{}|\n%#]{1,40})(?:\|([^{}|\n]{0,100}))?\}")
_QUOTED = r"'((?:[^'\\{}]|\\.)*)'"
_OR = re.compile(r"\{\{ ([a-z_.]+) or " + _QUOTED + r" \}\}")
_IF = re.compile(r"\{\{ \(([a-z_.]+) \| ([a-z]+)\) if \1 else " + _QUOTED + r" \}\}")


def name(fact: str, language: str) -> str:
    """Return what a fact is called between braces in texts of a language."""
    return FACT_NAMES[fact][1 if language == "en" else 0]


def code(fact: str, instead: str | None = None) -> str:
    """Return the template code that says a fact, or `instead` when it is not known."""
    form = FILTERS.get(fact)
    if instead is None:
        return f"{{{{ {fact} | {form} }}}}" if form else f"{{{{ {fact} }}}}"
    quoted = "'" + instead.replace("\\", "\\\\").replace("'", "\\'") + "'"
    said = f"({fact} | {form}) if {fact} else {quoted}" if form else f"{fact} or {quoted}"
    return f"{{{{ {said} }}}}"


def to_source(text: str, stored: str, language: str) -> str:
    """Return the template for what was typed over `stored` ("" for a new text)."""
    known = fact_tokens.tokens(stored, language) if stored else {}
    common = {f"{{{each.name(language)}}}": each.source(language) for each in INSERTS}
    facts = {name(fact, language): fact for fact in PRINTED}

    def written(found: re.Match[str]) -> str:
        whole, named, instead = found[0], found[1], found[2]
        if whole in known:
            return known[whole]
        if instead is None and whole in common:
            return common[whole]
        return code(facts[named], instead) if named in facts else whole

    return _outside_code(text, lambda part: TOKEN.sub(written, part))


def to_text(source: str, language: str) -> str:
    """Return a stored text as it is edited; the reverse of `to_source`."""
    common = {each.source(language) for each in INSERTS}

    def plain(found: re.Match[str]) -> str:
        fact, instead = found[1], found[found.re.groups]
        if found[0] in common or fact not in PRINTED:
            return found[0]
        said = instead.replace("\\'", "'").replace("\\\\", "\\")
        return "{" + name(fact, language) + "|" + said + "}" if "|" not in said else found[0]

    return fact_tokens.to_text(_IF.sub(plain, _OR.sub(plain, source)), language)


def misspelt(text: str, stored: str, language: str) -> list[str]:
    """Return what stands between braces like a fact's name and is none: the friend would read the braces."""
    left: list[str] = []

    def look(part: str) -> str:
        left.extend(found[1] for found in TOKEN.finditer(part) if re.match(r"[^\W\d]", found[1]))
        return part

    _outside_code(to_source(text, stored, language), look)
    return list(dict.fromkeys(left))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """Change what stands outside of template code."""
    parts = re.split(r"(\{\{.*?\}\}|\{%.*?%\})", text, flags=re.DOTALL)
    return "".join(part if place % 2 else change(part) for place, part in enumerate(parts))
