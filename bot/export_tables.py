"""What an export of everything holds: a CSV a table that matters, and settings as JSON; no secret, no machinery."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import Any, cast

from sqlalchemy import LargeBinary, Table, func, select, tuple_
from sqlalchemy.orm import Session

from bot import models as _bot_models
from bot.segment_export import safe
from scheduler import models as _scheduler_models
from segments import models as _segment_models
from segments.db import Base

KNOWN = (_bot_models, _scheduler_models, _segment_models)
"""Modules that have to be loaded for the list of tables to be whole."""
MACHINERY = frozenset(
    {
        "chat_media",
        "chat_viewers",
        "chunks",
        "data_exports",
        "day_counts",
        "export_pieces",
        "form_drafts",
        "heartbeats",
        "inbound_events",
        "line_calls",
        "login_attempts",
        "member_link_attempts",
        "member_link_codes",
        "menu_links",
        "message_meters",
        "picture_files",
        "policy_trials",
        "rate_buckets",
        "retired_menus",
        "tagging_friends",
        "touched",
        "upload_parts",
        "uploads",
    }
)
"""Tables that only make the program work, or hold again what others hold: of no use anywhere else."""
SECRET_COLUMNS = frozenset(
    {"password_hash", "key_hash", "code_hash", "session_version", "reply_token", "retry_key"}
)
LEFT_OUT = frozenset({"searched"})
SECRET_WORDS = ("password", "secret", "token", "credential", "api_key", "private")
"""In the name of a setting: its value stays here."""
PAGE = 1000
AS_JSON = ("settings", "policies", "segments", "scenarios", "steps", "messages", "message_versions")
"""Tables that are in the JSON file as well, where their trees are easier to read."""


def tables() -> list[Table]:
    """Return the tables of an export, in a fixed order."""
    everything = Base.metadata.tables.values()
    return sorted((each for each in everything if each.name not in MACHINERY), key=lambda each: each.name)


def columns(table: Table) -> list[Any]:
    """Return the columns of a table that may leave."""
    return [
        column
        for column in table.columns
        if column.name not in SECRET_COLUMNS | LEFT_OUT and not isinstance(column.type, LargeBinary)
    ]


def count(session: Session) -> int:
    """Return how many lines all tables have together."""
    return sum(session.scalars(select(func.count()).select_from(table)).one() for table in tables())


def lines(session: Session, table: Table, zone: tzinfo, page: int = PAGE) -> Iterator[list[str]]:
    """Return the lines of a table, its headings first, read page by page: memory does not grow with it."""
    shown = columns(table)
    yield [column.name for column in shown]
    for row in _rows(session, table, shown, page):
        yield [_cell(value, zone) for value in row]


def as_json(session: Session, zone: tzinfo, now: datetime) -> dict[str, Any]:
    """Return what the JSON file holds."""
    kept = {table.name: table for table in tables() if table.name in AS_JSON}
    return {"exported_at": now.astimezone(zone).isoformat()} | {
        name: [
            {column.name: _plain(value, zone) for column, value in zip(columns(table), row, strict=True)}
            for row in _rows(session, table, columns(table))
        ]
        for name, table in kept.items()
    }


def _rows(session: Session, table: Table, shown: Sequence[Any], limit: int = PAGE) -> Iterator[Sequence[Any]]:
    key = list(table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    query = select(*shown, *(column.label(f"key_{place}") for place, column in enumerate(key)))
    while True:
        beyond = query if after is None else query.where(tuple_(*key) > tuple_(*after))
        page = session.execute(beyond.order_by(*key).limit(limit)).all()
        for row in page:
            if not (table.name == "settings" and _is_secret(row[0])):
                yield row[: len(shown)]
        if len(page) < limit:
            return
        after = tuple(page[-1][len(shown) :])


def _cell(value: Any, zone: tzinfo) -> str:
    plain = _plain(value, zone)
    if plain is None:
        return ""
    if isinstance(plain, str):
        return safe(plain)
    if isinstance(plain, bool):
        return "1" if plain else "0"
    if isinstance(plain, dict | list):
        return safe(json.dumps(plain, ensure_ascii=False))
    return str(plain)


def _plain(value: Any, zone: tzinfo) -> Any:
    match value:
        case datetime():
            return value.astimezone(zone).isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Enum():
            return value.value
        case dict() | list():
            return _without_secrets(value)
        case _:
            return value


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return {key: _without_secrets(each) for key, each in pairs if not _is_secret(key)}
    if isinstance(value, list):
        return [_without_secrets(each) for each in cast("list[Any]", value)]
    return value


def _is_secret(key: object) -> bool:
    return any(word in str(key).lower() for word in SECRET_WORDS)
