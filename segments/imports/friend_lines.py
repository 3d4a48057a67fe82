"""Reads one line of a friends file."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from segments import zone_names
from segments.errors import Invalid
from segments.imports import cells, dates
from segments.imports.columns import Fields
from segments.imports.reading import CellError, Reader
from segments.imports.run import Job

MAX_TEXT = 255
MAX_TAG = 64
MAX_OTHER = 1000
OLDEST_BIRTH = date(1900, 1, 1)

_LINE_USER_ID = re.compile(r"U[0-9a-f]{32}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TAG_MARKS = re.compile(r"[;；、\n]")
_LANGUAGES = {"日本語": "ja", "jp": "ja", "japanese": "ja", "英語": "en", "english": "en"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,4})?")

FIELDS = Fields(
    headers={
        "line_user_id": ("LINEユーザーID", "LINE ID", "ユーザーID", "UID", "line user", "user id"),
        "member_number": ("会員番号", "会員ID", "顧客番号", "顧客ID", "member", "member id", "customer number", "customer id"),
        "name": ("名前", "氏名", "お名前", "表示名", "顧客名", "会員名", "display name", "full name"),
        "kana": ("フリガナ", "ふりがな", "カナ", "氏名カナ", "名前カナ", "reading"),
        "birthday": ("生年月日", "誕生日", "birth date", "date of birth"),
        "email": ("メールアドレス", "メール", "Eメール", "e-mail", "mail"),
        "email_consent": ("メール同意", "メール配信同意", "メルマガ", "email consent", "mail consent"),
        "language": ("言語", "lang"),
        "timezone": ("タイムゾーン", "time zone", "tz"),
        "tags": ("タグ", "tag"),
        "route": ("流入経路", "経路", "登録経路", "source"),
        "points": ("ポイント", "ポイント残高", "保有ポイント", "point", "point balance"),
        "followed": ("登録日", "登録日時", "友だち追加日", "友だち追加日時", "followed at", "followed date", "registered"),
    },
    needed=(("line_user_id", "member_number"),),
    key=("line_user_id", "member_number"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FriendLine:
    """One friend as told: "" and None leave what is stored."""

    line_user_id: str
    member_number: str
    name: str
    kana: str
    birthday: date | None
    email: str
    email_agreed: bool | datetime | None
    """Whether they agreed to mail, or since when; None when the file does not say."""
    language: str
    timezone: str
    """The zone they live in, by its IANA name."""
    tags: tuple[str, ...]
    route: str
    points: int | None
    followed_at: datetime | None
    others: tuple[tuple[str, str], ...]


def read_friend(reader: Reader, job: Job) -> FriendLine:
    """Read one line; raise CellError."""
    reader.check_width()
    return FriendLine(
        line_user_id=reader.optional("line_user_id", _line_user_id) or "",
        member_number=reader.text("member_number", MAX_TAG),
        name=reader.text("name", MAX_TEXT),
        kana=reader.text("kana", MAX_TEXT),
        birthday=reader.optional("birthday", lambda cell: _birthday(cell, job)),
        email=reader.optional("email", _email) or "",
        email_agreed=reader.optional("email_consent", lambda cell: _agreed(cell, job)),
        language=reader.optional("language", _language) or "",
        timezone=reader.optional("timezone", lambda cell: zone_names.read(cells.plain(cell))) or "",
        tags=reader.optional("tags", _tags) or (),
        route=reader.text("route", MAX_TAG),
        points=reader.optional("points", cells.points),
        followed_at=reader.optional("followed", lambda cell: _past(cell, job)),
        others=_others(reader),
    )


def _line_user_id(cell: str) -> str:
    plain = cells.plain(cell)
    if not _LINE_USER_ID.fullmatch(plain):
        raise Invalid("line_user_id_malformed", given=cell)
    return plain


def _birthday(cell: str, job: Job) -> date:
    day = dates.day(cell)
    if not OLDEST_BIRTH <= day <= job.now.astimezone(job.options.zone).date():
        raise Invalid("birthday_impossible", given=cell)
    return day


def _past(cell: str, job: Job) -> datetime:
    moment = dates.moment(cell, job.options.zone)
    if moment > job.now:
        raise Invalid("date_in_future", given=cell)
    return moment


def _email(cell: str) -> str:
    plain = cells.text(cell, 254)
    if not _EMAIL.fullmatch(plain):
        raise Invalid("email_unreadable", given=cell)
    return plain


def _agreed(cell: str, job: Job) -> bool | datetime:
    """Read yes, no, or the day on which they agreed."""
    try:
        return cells.yes_or_no(cell)
    except Invalid:
        return _past(cell, job)


def _language(cell: str) -> str:
    plain = cells.plain(cell).casefold().replace("_", "-")
    language = _LANGUAGES.get(plain, plain)
    if not _LANGUAGE.fullmatch(language):
        raise Invalid("language_unknown", given=cell)
    return language


def _tags(cell: str) -> tuple[str, ...]:
    names = (cells.text(part, MAX_TAG) for part in _TAG_MARKS.split(cell))
    return tuple(dict.fromkeys(name for name in names if name))


def _others(reader: Reader) -> tuple[tuple[str, str], ...]:
    kept: list[tuple[str, str]] = []
    for header, cell in reader.row.others.items():
        try:
            value = cells.text(cell, MAX_OTHER)
        except Invalid as problem:
            raise CellError(problem, reader.row.line, header) from problem
        if value:
            kept.append((cells.text(header[:MAX_TEXT], MAX_TEXT), value))
    return tuple(kept)
