"""The form of a friend's record: its fields as they stand, and what was typed into them."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from bot.console import editing
from bot.console.typed import Typed
from bot.i18n import LANGUAGES
from segments import mail_consent
from segments.friend_editing import MOST_FIELDS, FriendEdit
from segments.models import Friend

PLACES = {
    "birthday_invalid": "birthday",
    "email_malformed": "email",
    "member_number_taken": "member_number",
    "member_number_too_long": "member_number",
    "name_too_long": "kana",
    "timezone_unknown": "timezone",
    "fields_too_many": "fields",
    "field_too_long": "fields",
    "text_invalid": "",
}
"""Beside which field a refusal is told."""
NEW_ROWS = 2
"""Empty lines for further fields."""


def of_friend(session: Session, friend: Friend) -> Typed:
    """Return the form as the record stands."""
    values = {
        "name": friend.display_name,
        "kana": friend.kana,
        "member_number": friend.member_number or "",
        "birthday": friend.birthday.isoformat() if friend.birthday else "",
        "email": friend.email or "",
        "mail_agreed": "1" if mail_consent.addresses(session, [friend.id]) else "",
        "language": friend.language,
        "timezone": friend.timezone or "",
    }
    rows = [(name, str(value)) for name, value in friend.fields.items() if value is not None]
    return Typed(values, _rows(rows))


def seen(session: Session, friend: Friend) -> str:
    """Return what the record is recognised by, when it is saved from a form that was opened earlier."""
    return editing.mark(stored(session, friend))


def stored(session: Session, friend: Friend) -> Any:
    """Return all that the form may change."""
    form = of_friend(session, friend)
    # A name on LINE changes by itself, and not here.
    values = {name: value for name, value in form.values.items() if name != "name" or not friend.line_user_id}
    return [values, form.lists]


def read(form: MultiDict[str, str]) -> Typed:
    """Return what was typed."""
    names, texts = form.getlist("field_name"), form.getlist("field_value")
    return Typed(form, _rows(list(zip(names, texts, strict=False))))


def wanted(form: Typed, friend: Friend) -> FriendEdit:
    """Return the record that was typed; what cannot be read is noted in the form."""
    language = form.text("language")
    return FriendEdit(
        name=form.text("name"),
        kana=form.text("kana"),
        member_number=form.text("member_number"),
        birthday=form.day("birthday"),
        email=form.text("email"),
        mail_agreed=form.is_on("mail_agreed"),
        language=language if language in LANGUAGES else friend.language,
        timezone=form.text("timezone"),
        fields=_fields(form, friend.fields),
    )


def _fields(form: Typed, stored: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, text in zip(form.several("field_name"), form.several("field_value"), strict=True):
        if text.strip() and not name.strip():
            form.add("fields", _("項目の名前を入力してください。"))
        if not name.strip() or not text.strip():
            continue
        if name.strip() in kept:
            form.add("fields", _("「%(name)s」が2つあります。", name=name.strip()))
        before = stored.get(name.strip())
        # A number that an import brought stays one.
        unchanged = before is not None and str(before) == text.strip()
        kept[name.strip()] = before if unchanged else text.strip()
    return kept


def _rows(rows: list[tuple[str, str]]) -> dict[str, list[str]]:
    filled = [(name, text) for name, text in rows if name or text][: MOST_FIELDS + 1]
    filled += [("", "")] * NEW_ROWS
    return {"field_name": [name for name, _text in filled], "field_value": [text for _name, text in filled]}
