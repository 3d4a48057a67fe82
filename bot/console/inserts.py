"""Facts an operator puts into a text by a button: {お名前} on the page, a template expression in the database.

Whatever else an operator types stays as typed: braces of their own never become template code.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"\{([^{}\n]{1,20})\}")
OPENS_TEMPLATE = re.compile(r"\{(?=[{%#]|\Z)")
_MISSPELT = re.compile(r"(?<!\{)\{([^\W\d][^{}\n%#]{0,19})\}(?!\})")
_NAMED_TWICE = re.compile(r"\{お名前\}[ \u3000]*(さん|さま|様|サン|サマ)")
LITERAL_BRACE = "{{ '{' }}"


@dataclass(frozen=True)
class Insert:
    """One fact: its name on the page in each language, and what stands for it in the template."""

    ja: str
    en: str
    source_ja: str
    source_en: str

    def name(self, language: str) -> str:
        """Return what is written between the braces."""
        return self.en if language == "en" else self.ja

    def source(self, language: str) -> str:
        """Return the template expression for a text in `language`."""
        return self.source_en if language == "en" else self.source_ja


INSERTS = (
    Insert("お名前", "name", "{{ name_sama }}", "{{ name }}"),
    Insert(
        "最後に買った商品",
        "last product",
        "{{ last_product.name or '前回お買い上げの商品' }}",
        "{{ last_product.name or 'your last purchase' }}",
    ),
    Insert(
        "おすすめの商品",
        "recommended product",
        "{{ recommended.name or 'おすすめの商品' }}",
        "{{ recommended.name or 'something you may like' }}",
    ),
    Insert("紹介コード", "referral code", "{{ referral_code }}", "{{ referral_code }}"),
    Insert("お店の名前", "shop name", "{{ shop_name }}", "{{ shop_name }}"),
)
_BY_NAME = {name: insert for insert in INSERTS for name in (insert.ja, insert.en)}


def to_source(text: str, language: str) -> str:
    """Return the template for a text as it was typed."""
    parts: list[str] = []
    position = 0
    for found in TOKEN.finditer(text):
        insert = _BY_NAME.get(found[1])
        if insert:
            parts += (_literal(text[position : found.start()]), insert.source(language))
            position = found.end()
    return "".join([*parts, _literal(text[position:])])


def misspelt(text: str) -> list[str]:
    """Return what stands between braces like the name of a fact and is none: the friend would read the braces."""
    return list(dict.fromkeys(name for name in _MISSPELT.findall(text) if name not in _BY_NAME))


def said_twice(text: str) -> str:
    """Return the さん or 様 behind {お名前}, which ends in 様 by itself; "" when there is none."""
    found = _NAMED_TWICE.search(text)
    return found[1] if found else ""


def _literal(text: str) -> str:
    return OPENS_TEMPLATE.sub(lambda _brace: LITERAL_BRACE, text)


def to_text(source: str, language: str) -> str:
    """Return the text to edit again; the reverse of `to_source`."""
    for insert in INSERTS:
        source = source.replace(insert.source(language), "{" + insert.name(language) + "}")
    return source.replace(LITERAL_BRACE, "{")


def content(text_ja: str, text_en: str) -> dict[str, list[dict[str, str]]]:
    """Return the message content of one plain text in one or both languages."""
    given = {"ja": text_ja.strip(), "en": text_en.strip()}
    return {
        language: [{"type": "text", "text": to_source(text, language)}]
        for language, text in given.items()
        if text
    }


def texts(stored: dict[str, list[dict[str, object]]]) -> dict[str, str]:
    """Return the editable texts of content that `content` made."""
    return {
        language: to_text(str(objects[0].get("text", "")), language) for language, objects in stored.items()
    }
