"""The form of the shop's own settings: every field, what it takes, and the shop it makes."""

import re
import unicodedata
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    Field,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from bot.formats import JAPAN
from bot.i18n import LANGUAGES, N_
from segments.errors import Invalid
from segments.imports import dates
from segments.shop import Shop
from segments.shop_values import FreeItem, Words

WEEKDAYS = (
    N_("月曜日"),
    N_("火曜日"),
    N_("水曜日"),
    N_("木曜日"),
    N_("金曜日"),
    N_("土曜日"),
    N_("日曜日"),
)
"""In the order of date.weekday()."""
BASIC_ID = re.compile(r"@[A-Za-z0-9._-]{1,31}")
LINK_LIMIT = 1000
"""LINE's limit on the link of a button."""
PARAGRAPH = 1000


def _short(label: Any, limit: int = 64) -> StringField:
    return StringField(
        label, validators=[Length(max=limit, message=_l("%(max)d文字以内で入力してください。"))]
    )


def _long(label: Any) -> TextAreaField:
    told = _l("%(max)d文字以内で入力してください。")
    return TextAreaField(label, validators=[Length(max=PARAGRAPH, message=told)])


class ShopForm(FlaskForm):
    """What the shop says of itself."""

    name = StringField(
        _l("お店の名前"),
        validators=[
            DataRequired(_l("お店の名前を入力してください。")),
            Length(max=64, message=_l("%(max)d文字以内で入力してください。")),
        ],
    )
    basic_id = StringField(_l("LINEのベーシックID"))
    language = RadioField(_l("お店の言語"))
    timezone = SelectField(_l("時間帯"))
    closed_weekdays = SelectMultipleField(
        _l("定休日"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    closed_dates = TextAreaField(_l("臨時休業日（任意）"))
    opening_hours_ja = _long(_l("営業時間（日本語）"))
    opening_hours_en = _long(_l("営業時間（英語・任意）"))
    how_to_buy_ja = _long(_l("購入方法（日本語）"))
    how_to_buy_en = _long(_l("購入方法（英語・任意）"))
    free_title_ja = _short(_l("無料プレゼントの名前（日本語）"))
    free_title_en = _short(_l("無料プレゼントの名前（英語・任意）"))
    free_text_ja = _long(_l("無料プレゼントの説明（日本語）"))
    free_text_en = _long(_l("無料プレゼントの説明（英語・任意）"))
    free_url = StringField(_l("無料プレゼントのリンク（任意）"))
    plan = RadioField(_l("LINEの料金プラン"))
    seen = HiddenField()
    """What stood there when the form was opened (editing.mark)."""

    def offer(self, plans: list[tuple[str, str]]) -> None:
        """Fill in what may be chosen, in the language of the request."""
        self.plan.choices, self.language.choices = plans, list(LANGUAGES.items())
        self.timezone.choices = [(zone, zone) for zone in zones()]
        self.closed_weekdays.choices = [(number, _(name)) for number, name in enumerate(WEEKDAYS)]

    def validate_basic_id(self, field: Field) -> None:
        """Refuse what is no id of LINE's."""
        if field.data and not BASIC_ID.fullmatch(_basic_id(field.data)):
            raise ValidationError(_("「@」で始まる半角の英数字で入力してください（例: @123abcde）。"))

    def validate_closed_dates(self, field: Field) -> None:
        """Name the lines that are no dates."""
        wrong = [line for line in _lines(field.data) if _day(line) is None]
        if wrong:
            some = "、".join(f"「{line[:20]}」" for line in wrong[:5])
            raise ValidationError(_("日付として読めません: %(some)s", some=some))

    def validate_free_title_ja(self, field: Field) -> None:
        """Want a name for a free item that has anything else."""
        others = (self.free_title_en, self.free_text_ja, self.free_text_en, self.free_url)
        if not (field.data or "").strip() and any((other.data or "").strip() for other in others):
            raise ValidationError(_("無料プレゼントの名前を入力してください。"))

    def validate_free_text_ja(self, field: Field) -> None:
        """Want something to hand over under the name given."""
        given = (field.data, self.free_text_en.data, self.free_url.data)
        if _text(self.free_title_ja) and not any((each or "").strip() for each in given):
            raise ValidationError(_("説明かリンクのどちらかを入力してください。"))

    def validate_free_url(self, field: Field) -> None:
        """Take only links a phone can open and nothing that could do anything else."""
        link = (field.data or "").strip()
        if link and not is_link(link):
            raise ValidationError(_("https:// で始まるリンクを入力してください。"))

    def shop(self, stored: Shop) -> Shop:
        """Return the shop as the form has it; what the form does not show stays as stored."""
        return replace(
            stored,
            name=_text(self.name),
            basic_id=_basic_id(self.basic_id.data or ""),
            language=self.language.data,
            closed_weekdays=tuple(sorted(self.closed_weekdays.data or [])),
            closed_dates=tuple(
                sorted({day for line in _lines(self.closed_dates.data) if (day := _day(line))})
            ),
            opening_hours=Words(_text(self.opening_hours_ja), _text(self.opening_hours_en)),
            how_to_buy=Words(_text(self.how_to_buy_ja), _text(self.how_to_buy_en)),
            free_item=FreeItem(
                title=Words(_text(self.free_title_ja), _text(self.free_title_en)),
                text=Words(_text(self.free_text_ja), _text(self.free_text_en)),
                url=_text(self.free_url),
            ),
            timezone=self.timezone.data,
        )


def filled(shop: Shop, plan_key: str) -> dict[str, Any]:
    """Return the form's fields for stored settings."""
    item = shop.free_item
    return {
        "name": shop.name,
        "basic_id": shop.basic_id,
        "language": shop.language,
        "timezone": shop.timezone,
        "closed_weekdays": list(shop.closed_weekdays),
        "closed_dates": "\n".join(day.isoformat() for day in shop.closed_dates),
        "opening_hours_ja": shop.opening_hours.ja,
        "opening_hours_en": shop.opening_hours.en,
        "how_to_buy_ja": shop.how_to_buy.ja,
        "how_to_buy_en": shop.how_to_buy.en,
        "free_title_ja": item.title.ja,
        "free_title_en": item.title.en,
        "free_text_ja": item.text.ja,
        "free_text_en": item.text.en,
        "free_url": item.url,
        "plan": plan_key,
    }


@cache
def zones() -> list[str]:
    """Return the zones a shop may lie in, Japan's first."""
    regions = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    known = sorted(zone for zone in available_timezones() if zone.startswith(regions))
    return [JAPAN, *(zone for zone in known if zone != JAPAN), "UTC"]


def is_link(link: str) -> bool:
    """Tell whether `link` is a web address that fits a button of LINE's."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    plain = link.isprintable() and " " not in link and len(link) <= LINK_LIMIT
    return plain and parts.scheme in {"https", "http"} and bool(parts.hostname)


def _text(field: Field) -> str:
    # Browsers send the ends of lines as \r\n; LINE would show the \r to some.
    return (field.data or "").replace("\r\n", "\n").strip()


def _basic_id(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip()
    return plain if not plain or plain.startswith("@") else f"@{plain}"


def _lines(text: str | None) -> list[str]:
    parts = re.split(r"[\n,、，]", (text or "").replace("\r", "\n"))
    return [part.strip() for part in parts if part.strip()]


def _day(line: str) -> date | None:
    try:
        return dates.day(line)
    except Invalid:
        return None
