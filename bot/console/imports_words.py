"""What files, their fields and their refusals are called on the pages of imports."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from bot import formats
from bot.i18n import N_, current_language
from segments.imports import reason_words

KINDS = {"purchases": N_("購入"), "products": N_("商品"), "friends": N_("友だち・会員")}
ADVICE = {
    "purchases": N_(
        "1行に1つの商品、または1行に1つの注文。必要な列: 注文番号、購入日、会員番号（またはLINEユーザーID）、金額。"
    ),
    "products": N_("1行に1つの商品。必要な列: 商品コード。新しい商品には商品名と価格も要ります。"),
    "friends": N_("1行に1人。必要な列: 会員番号、またはLINEユーザーID。"),
}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "friends": {
        "line_user_id": N_("LINEユーザーID"),
        "member_number": N_("会員番号"),
        "name": N_("名前"),
        "kana": N_("フリガナ"),
        "birthday": N_("生年月日"),
        "email": N_("メールアドレス"),
        "email_consent": N_("メールの同意"),
        "language": N_("言語"),
        "timezone": N_("タイムゾーン"),
        "tags": N_("タグ"),
        "route": N_("流入経路"),
        "points": N_("ポイント"),
        "followed": N_("友だち追加日"),
    },
    "products": {
        "code": N_("商品コード"),
        "name": N_("商品名"),
        "name_en": N_("商品名（英語）"),
        "category": N_("カテゴリ"),
        "price": N_("価格（税込）"),
        "kind": N_("種別"),
        "image_url": N_("画像のURL"),
        "page_url": N_("商品ページのURL"),
        "available": N_("販売中"),
        "settling_count": N_("定着までの購入回数"),
        "upgrade_of": N_("上位版の元商品"),
        "subscription_days": N_("定期購入の間隔（日）"),
    },
    "purchases": {
        "order_id": N_("注文番号"),
        "date": N_("購入日"),
        "member_number": N_("会員番号"),
        "line_user_id": N_("LINEユーザーID"),
        "amount": N_("この行の金額"),
        "total": N_("注文全体の金額"),
        "product": N_("商品コード"),
        "product_name": N_("商品名"),
        "quantity": N_("数量"),
        "refunded": N_("返金"),
    },
}
STATES = {
    "running": N_("取り込み中"),
    "done": N_("完了"),
    "failed": N_("中断"),
    "cancelled": N_("取りやめ"),
}
OWN = {
    "columns_missing": N_(
        "必要な列がまだ決まっていません: %(missing)s。下の表で、どの列がそれに当たるか選んでください。"
    ),
    "column_twice": N_(
        "「%(first)s」と「%(second)s」が同じ項目になっています。片方を「読み込まない」にしてください。"
    ),
    "encoding_wrong": N_(
        "文字コードを読み取れませんでした（%(position)sバイト目）。Excelでは「CSV UTF-8」を選んで保存し直してください。"
    ),
    "nul_byte": N_("CSVではないファイルか、壊れたファイルのようです。CSVで保存し直してください。"),
    "product_unknown": N_(
        "商品コード「%(product_code)s」の商品が登録されていません。先に商品を取り込むか、「知らない商品は自動で登録する」を選んでください。"
    ),
    "amount_decimal": N_(
        "%(column)s「%(given)s」に1円未満の端数があります。「1円未満は四捨五入する」を選ぶと取り込めます。"
    ),
    "upload_gone": N_("このファイルの中身は残っていません。もう一度ファイルを選んでください。"),
    "import_broken": N_(
        "途中で止まりました。ここまでに取り込んだ行は残っています。もう一度取り込むと、残りが入ります。"
    ),
}
"""Reasons whose words speak of buttons here, where those of the command line speak of its options."""
_OR = N_(" または ")


def kind_name(kind: str) -> str:
    """Return what a kind of file is called."""
    return _(KINDS.get(kind, kind))


def field_name(kind: str, field: str) -> str:
    """Return what a field is called."""
    return _(FIELDS[kind].get(field, field))


def why(kind: str, code: str, params: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Return why a line, or a whole file, was not taken."""
    if code not in OWN:
        return reason_words(code, params, current_language(), zone)
    given = {"column": "", "position": "", **params}
    if code == "columns_missing":
        groups = params["missing"]
        # Each comes as 「注文番号 (order_id)」.
        named = [
            [field_name(kind, each.rpartition("(")[2].rstrip(")")) for each in group] for group in groups
        ]
        given["missing"] = "、".join(_(_OR).join(each) for each in named)
    return _(OWN[code], **given)


def shown(value: Any, zone: ZoneInfo) -> str:
    """Return a value that was understood as people write it."""
    language = current_language()
    match value:
        case None | "" | ():
            return ""
        case bool():
            return _("はい") if value else _("いいえ")
        case datetime():
            local = value.astimezone(zone)
            whole = (local.hour, local.minute) == (0, 0)
            return formats.day(local.date(), language) if whole else formats.moment(value, zone, language)
        case date():
            return formats.day(value, language)
        case StrEnum():
            return _(_KINDS.get(value.value, value.value))
        case int():
            return formats.number(value) if value >= 0 else _("全額")
        case tuple():
            return "、".join(str(each) for each in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return str(value)


_KINDS = {"regular": N_("通常"), "trial": N_("お試し"), "premium": N_("プレミアム")}
