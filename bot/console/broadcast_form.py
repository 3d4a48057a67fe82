"""The form a broadcast is composed in."""

from collections.abc import Set
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from bot.console import audience_choice
from bot.console.audience_choice import Choice, Kind
from bot.console.broadcasts_views import Draft, ReadyMessage
from bot.i18n import current_language
from scheduler import control_groups
from scheduler.models import Purpose, Through
from segments.errors import Invalid
from segments.stages import Stage, stage_name

LINE_TEXT_LIMIT = 5000
"""Characters (UTF-16 units) of a LINE text message."""
FASTEST = 1_000_000
"""Friends a minute; LINE takes fewer."""
WRITE, READY = "write", "ready"


class ComposeForm(FlaskForm):
    """To whom, what, until when."""

    name = StringField(
        _l("配信の名前"),
        validators=[
            InputRequired(_l("配信の名前を入力してください。")),
            Length(max=128, message=_l("128文字以内で入力してください。")),
        ],
    )
    audience = RadioField(_l("配信先"), default=Kind.EVERYONE.value)
    stages = SelectMultipleField(
        _l("顧客ステージ"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    tag = SelectField(_l("タグ"), validators=[Optional()], validate_choice=False)
    segment = SelectField(_l("保存したセグメント"), validators=[Optional()], validate_choice=False)
    file = FileField(_l("CSVファイル"))
    audience_id = HiddenField()
    purpose = RadioField(_l("配信の目的"), default=Purpose.SALES.value)
    source = RadioField(_l("メッセージ"), default=WRITE)
    text_ja = TextAreaField(_l("日本語の本文"))
    text_en = TextAreaField(_l("英語の本文（任意）"))
    ready = SelectField(_l("保存したメッセージ"), validators=[Optional()], validate_choice=False)
    expires = StringField(_l("有効期限（任意）"))
    per_minute = IntegerField(
        _l("1分あたりの人数（任意）"),
        validators=[Optional(), NumberRange(1, FASTEST, message=_l("1以上の整数で入力してください。"))],
    )
    holdout = IntegerField(
        _l("対照グループ（%・任意）"),
        validators=[
            Optional(),
            NumberRange(0, control_groups.MOST, message=_l("0から50までの数字で入力してください。")),
        ],
    )
    by_mail = BooleanField(_l("LINEで届けられない友だちには、メールで送る"))
    at_once = BooleanField(_l("LINEの一斉送信で、全員に一度に送る"))
    ready_ids: Set[str] = frozenset()
    """Versions of the ready messages that `offer` offered."""

    def offer(self, session: Session, ready: list[ReadyMessage]) -> None:
        """Fill in what may be chosen."""
        language, none = current_language(), ("", _("選んでください"))
        kinds = {
            Kind.EVERYONE: _("すべての友だち"),
            Kind.STAGES: _("顧客ステージで選ぶ"),
            Kind.TAG: _("タグで選ぶ"),
            Kind.SEGMENT: _("保存したセグメントで選ぶ"),
            Kind.CONDITION: _("条件を組み立てて選ぶ"),
            Kind.FILE: _("CSVファイルで指定する"),
        }
        self.audience.choices = [(kind.value, label) for kind, label in kinds.items()]
        self.stages.choices = [(stage.value, stage_name(stage, language)) for stage in Stage]
        self.tag.choices = [none, *((name, name) for name in audience_choice.tags(session))]
        saved = audience_choice.segments(session)
        self.segment.choices = [none, *((str(number), name) for number, name in saved)]
        self.purpose.choices = [
            (Purpose.SALES.value, _("販売のご案内（ご案内を控える友だちには送りません）")),
            (Purpose.CARE.value, _("お礼・お役立ち情報（ご案内を控える友だちにも送ります）")),
        ]
        self.source.choices = [(WRITE, _("文章を書く")), (READY, _("保存したメッセージを使う"))]
        self.ready_ids = {str(each.version_id) for each in ready}
        self.ready.choices = [none, *((str(each.version_id), each.name) for each in ready)]

    def choice(self, stored: dict[str, Any] | None) -> Choice:
        """Return whom the operator chose."""
        return Choice(
            # What is none of the choices is refused by the field itself.
            kind=Kind(self.audience.data) if self.audience.data in set(Kind) else Kind.EVERYONE,
            stages=tuple(cast("list[str]", self.stages.data or [])),
            tag=self.tag.data or "",
            segment_id=_number(self.segment.data),
            audience_id=self.list_id,
            stored=stored,
        )

    @property
    def list_id(self) -> int | None:
        """Return the list that an uploaded file has become."""
        return _number(self.audience_id.data)

    def expires_at(self, zone: ZoneInfo) -> datetime | None:
        """Return the end of validity; raises Invalid (time_malformed)."""
        return moment_of(self.expires.data, zone) if self.expires.data else None


def _number(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 19 else None


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """Return the moment a datetime-local field names on the shop's clock; raises Invalid (time_malformed)."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=zone)
    except ValueError as error:
        raise Invalid("time_malformed") from error


def field_text(at: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment as a datetime-local field wants it."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at else ""


def filled(draft: Draft, zone: ZoneInfo) -> dict[str, Any]:
    """Return the form's fields for a stored draft."""
    choice = draft.choice
    return {
        "name": draft.name,
        "audience": choice.kind.value,
        "stages": list(choice.stages),
        "tag": choice.tag,
        "segment": str(choice.segment_id or ""),
        "audience_id": str(choice.audience_id or ""),
        "purpose": draft.purpose.value,
        "source": READY if draft.ready_version_id else WRITE,
        "ready": str(draft.ready_version_id or ""),
        "text_ja": draft.texts.get("ja", ""),
        "text_en": draft.texts.get("en", ""),
        "expires": field_text(draft.expires_at, zone),
        "per_minute": draft.per_minute,
        "holdout": draft.holdout_percent or None,
        "by_mail": draft.by_mail,
        "at_once": draft.through is Through.BROADCAST,
    }
