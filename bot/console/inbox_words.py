"""What an entry of a conversation is called in words: pictures, stickers and taps have none of their own."""

from typing import Any, cast

from flask_babel import gettext as _

from bot.console.inbox_items import Item
from bot.console.inbox_list import Row
from bot.i18n import N_

KINDS = {
    "image": N_("写真"),
    "video": N_("動画"),
    "audio": N_("音声メッセージ"),
    "file": N_("ファイル"),
    "location": N_("位置情報"),
    "sticker": N_("スタンプ"),
    "flex": N_("カード"),
    "template": N_("ボタン"),
    "imagemap": N_("画像"),
    "coupon": N_("クーポン"),
}


def item_words(item: Item) -> str:
    """Return what an entry says, or is."""
    if item.unsent:
        return _("（送信が取り消されました）")
    if item.kind == "postback":
        return _("「%(text)s」のボタンをタップ", text=item.text)
    return item.text or media_words(item.kind, item.content)


def media_words(kind: str, content: dict[str, Any]) -> str:
    """Return what a message without a text is."""
    name = _(KINDS[kind]) if kind in KINDS else _("文章のないメッセージ")
    more = _more(kind, content)
    return f"{name}: {more}" if more else name


def _more(kind: str, content: dict[str, Any]) -> str:
    if kind == "file":
        return str(content.get("fileName") or "")[:120]
    if kind == "location":
        said = (str(content.get(each) or "") for each in ("title", "address"))
        return " ".join(part for part in said if part)[:200]
    if kind == "sticker":
        words = content.get("keywords")
        return "、".join(map(str, cast("list[object]", words)[:3])) if isinstance(words, list) else ""
    if kind in ("audio", "video") and isinstance(content.get("duration"), int):
        return _("%(count)s秒", count=max(1, content["duration"] // 1000))
    return ""


def line_words(row: Row) -> str:
    """Return the last words of a conversation for the list."""
    if row.unsent:
        return _("（送信が取り消されました）")
    return row.said or (media_words(row.said_kind, {}) if row.at else "")
