"""Buttons of a message: what each says, and what a tap on it does."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from bot.console.bubble_fields import ACTION_LABEL, URL_LIMIT
from bot.console.bubble_reader import Reader, Said
from scheduler.line_limits import LINK
from scheduler.templating import is_dynamic


def action(reader: Reader, slot: str) -> dict[str, Any] | None:
    """Return a button's action; None for a button that is not used."""
    do = reader.plain(f"{slot}.do")
    if not do:
        return None
    label = reader.spoken(f"{slot}.label", ACTION_LABEL, required=True)
    if do == "message":
        text = reader.spoken(f"{slot}.text", 300)
        return {"type": "message", "label": label, "text": text or label}
    return {
        "type": "uri",
        "label": label,
        "uri": _counted(reader, slot) if do == "link" else _page(reader, slot),
    }


def _page(reader: Reader, slot: str) -> Said:
    uri = reader.address(f"{slot}.to", URL_LIMIT, required=True, picture=False)
    if uri and not is_dynamic(uri) and not LINK.fullmatch(uri):
        reader.noted.add(uri.field, _("https:// や tel: で始まるアドレスを入力してください。"))
    return uri


def _counted(reader: Reader, slot: str) -> Said:
    at, name = f"{reader.prefix}{slot}.link", reader.plain(f"{slot}.link")
    if not name or set(name) & set("\"'{}\\"):
        reader.noted.add(at, _("リンクの名前を選んでください。"))
        return Said("", at)
    return Said('{{ link("' + name + '") }}', at)


def filled_actions(reader: Reader, slots: Sequence[str], least: int = 0) -> list[dict[str, Any]]:
    """Return the actions of the buttons that are used; too few are noted beside the first that is not."""
    found = [made for slot in slots if (made := action(reader, slot))]
    if len(found) < least:
        unused = next(slot for slot in slots if not reader.plain(f"{slot}.do"))
        reader.noted.add(f"{reader.prefix}{unused}.do", _("ボタンが%(least)s個必要です。", least=least))
    return found
