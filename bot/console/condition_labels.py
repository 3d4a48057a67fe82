"""What the fields of conditions are called: one text each, `…` standing where the value is typed."""

from collections.abc import Mapping
from datetime import date

from flask_babel import gettext as _

from bot.i18n import N_, current_language
from segments.ladder_words import ladder_name, rung_name

DAYS = {"within_days": N_("…日以内"), "before_days": N_("…日以上前")}
FIELDS: Mapping[str, str] = {
    "question": N_("質問"),
    "name": N_("項目の名前"),
    "segment_id": N_("セグメント"),
    "audience_id": N_("配信対象"),
    "names": N_("タグ"),
    "match": N_("タグの数"),
    "links": N_("リンク"),
    "products": N_("商品"),
    "categories": N_("カテゴリー"),
    "keys": N_("クーポン（選ばなければどれでも）"),
    "answers": N_("回答（選ばなければ何でも）"),
    "contains": N_("回答に含まれる文字"),
    "values": N_("値"),
    "text": N_("含まれる文字"),
    "stages": N_("段階"),
    "classes": N_("分類"),
    "statuses": N_("状態"),
    "kinds": N_("傾向"),
    "deciles": N_("デシル（1が上位）"),
    "months": N_("月"),
    "languages": N_("言語"),
    "routes": N_("経路"),
    "ids": N_("友だち"),
    "ladder": N_("何の変化か"),
    "to": N_("変化した先（選ばなければどこでも）"),
    "recency.at_least": N_("最終購入日（R）…以上"),
    "recency.at_most": N_("最終購入日（R）…以下"),
    "frequency.at_least": N_("購入頻度（F）…以上"),
    "frequency.at_most": N_("購入頻度（F）…以下"),
    "monetary.at_least": N_("購入金額（M）…以上"),
    "monetary.at_most": N_("購入金額（M）…以下"),
    "days": N_("これから…日以内"),
    "category": N_("カテゴリー（空欄ならすべての購入）"),
    "at_least": N_("…以上"),
    "at_most": N_("…以下"),
    "at_least_yen": N_("合わせて…円以上"),
    "at_most_yen": N_("合わせて…円以下"),
    "percent": N_("…%"),
    "salt": N_("くじの名前（同じ名前なら同じ友だち）"),
    "reacted": N_("その後の反応"),
    "react_days": N_("反応を見る期間 …日"),
    "from_date": N_("この日から"),
    "to_date": N_("この日まで"),
    **DAYS,
    "coming_days": N_("これから…日以内"),
    "set_by": N_("付けた人や仕組み（選ばなければだれでも）"),
    "or_never": N_("一度もない友だちも含める"),
    "consented": N_("メールの受信に同意した友だちだけ"),
}
"""In the order in which they stand in a form."""

_COUNTED = {
    "purchase_count": (N_("…回以上"), N_("…回以下")),
    "bought": (N_("…回以上"), N_("…回以下")),
    "tap_count": (N_("…回以上"), N_("…回以下")),
    "message_count": (N_("…回以上"), N_("…回以下")),
    "events_joined": (N_("…回以上"), N_("…回以下")),
    "spend": (N_("…円以上"), N_("…円以下")),
    "product_count": (N_("…種類以上"), N_("…種類以下")),
    "answer_count": (N_("…問以上"), N_("…問以下")),
    "referral_count": (N_("…人以上"), N_("…人以下")),
    "trust": (N_("…点以上"), N_("…点以下")),
    "points": (N_("…ポイント以上"), N_("…ポイント以下")),
    "age": (N_("…歳以上"), N_("…歳以下")),
}
_SPECIAL = {
    ("overdue", "days"): N_("…日以上過ぎた"),
    ("tapped", "at_least"): N_("…回以上"),
    ("loyalty", "kinds"): N_("買い方"),
    **{("field_date", name): text for name, text in DAYS.items()},
}
PARTS: Mapping[str, str] = {
    "any": N_("どれか1つでもある"),
    "all": N_("すべてある"),
    "loyal": N_("ロイヤル顧客"),
    "casual": N_("カジュアル顧客"),
    "true": N_("反応した"),
    "false": N_("反応していない"),
    "rule": N_("セグメントのルール"),
    "operator": N_("運用担当者"),
    "import": N_("取り込み"),
    "step": N_("シナリオ"),
    "api": N_("API"),
    "tap": N_("友だちのタップ"),
}
"""Values that no other table has a name for."""
_LADDER_OF = {
    ("stage", "stages"): "pyramid",
    ("growth", "stages"): "growth",
    ("class", "classes"): "class",
    ("purchase_status", "statuses"): "status",
    ("cycle", "statuses"): "status",
}


def label_of(kind: str, field: str) -> str:
    """Return the text of a field, to be translated; raises KeyError for one that nobody has named."""
    if kind in _COUNTED and field in ("at_least", "at_most"):
        return _COUNTED[kind][field == "at_most"]
    return _SPECIAL.get((kind, field)) or FIELDS[field]


def option_label(kind: str, field: str, value: str) -> str:
    """Return what one of the choices of a field is called, in the language of this request."""
    if field == "months":
        return f"{value}月" if current_language() == "ja" else f"{date(2000, int(value), 1):%B}"
    ladder = _LADDER_OF.get((kind, field))
    if ladder:
        return rung_name(ladder, value, current_language())
    if field == "ladder":
        return ladder_name(value, current_language())
    return _(PARTS[value]) if value in PARTS else value


def place_of(field: str) -> int:
    """Return where a field stands among the others of its condition."""
    return list(FIELDS).index(field)
