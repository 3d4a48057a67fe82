"""What the audit log shows: who did what, filtered, page by page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.actors import API, NOBODY, SYSTEM, TERMINAL
from bot.i18n import catalogue
from bot.models import ApiKey, AuditEntry, Operator
from segments.leaves.context import day_start

PAGE = 50
CSV_PAGE = 1000
TERMINALS = ("cli", "command line")
CLI = "cli"


@dataclass(frozen=True)
class Filter:
    """Which entries are asked for."""

    person: str = ""
    action: str = ""
    day: date | None = None


@dataclass(frozen=True)
class Entry:
    """One thing somebody did."""

    id: int
    at: datetime
    person: str
    """The key by which the same person's entries are found."""
    name: str
    action: str
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


class People:
    """Who may stand in the log: rows name an operator by number or, of their own log-in, by login."""

    def __init__(self, session: Session, language: str) -> None:
        speak = catalogue(language).gettext
        operators = session.execute(select(Operator.id, Operator.login, Operator.name)).all()
        keys = session.execute(select(ApiKey.id, ApiKey.name)).all()
        self._key_of_login = {login: f"operator:{id_}" for id_, login, _name in operators}
        self._names = {f"operator:{id_}": name or login for id_, login, name in operators}
        self._names |= {f"api:{id_}": speak(API) % {"name": name} for id_, name in keys}
        self._names[CLI] = speak(TERMINAL)
        self._system, self._nobody = speak(SYSTEM), speak(NOBODY)

    def choices(self) -> list[tuple[str, str]]:
        """Return key and name of everybody one may ask for."""
        return sorted(
            self._names.items(), key=lambda each: (each[0].partition(":")[0] != "operator", each[1])
        )

    def key(self, actor: str) -> str:
        """Return the key of a row's actor."""
        return CLI if actor in TERMINALS else self._key_of_login.get(actor, actor)

    def name(self, actor: str) -> str:
        """Return what to call a row's actor."""
        key = self.key(actor)
        return self._names.get(key) or (self._nobody if key.startswith("operator:") else self._system)

    def actors(self, key: str) -> list[str]:
        """Return every way in which rows name somebody."""
        if key == CLI:
            return list(TERMINALS)
        return [key, *(login for login, known in self._key_of_login.items() if known == key)]


def entries(
    session: Session, people: People, wanted: Filter, zone: tzinfo, *, before: int | None = None
) -> tuple[Sequence[Entry], int | None]:
    """Return a page of entries, the newest first, and from where the next page goes on; None at the end."""
    rows = session.scalars(_query(people, wanted, zone, before).limit(PAGE + 1)).all()
    shown = [_entry(people, row) for row in rows[:PAGE]]
    return shown, shown[-1].id if len(rows) > PAGE else None


def all_entries(session: Session, people: People, wanted: Filter, zone: tzinfo) -> Iterator[Entry]:
    """Return every entry asked for, the newest first, read page by page."""
    before: int | None = None
    while rows := session.scalars(_query(people, wanted, zone, before).limit(CSV_PAGE)).all():
        yield from (_entry(people, row) for row in rows)
        before = rows[-1].id
        session.expunge_all()


def _query(people: People, wanted: Filter, zone: tzinfo, before: int | None) -> Select[AuditEntry]:
    query = select(AuditEntry).order_by(AuditEntry.id.desc())
    if before is not None:
        query = query.where(AuditEntry.id < before)
    if wanted.person:
        query = query.where(AuditEntry.actor.in_(people.actors(wanted.person)))
    if wanted.action:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.day is not None:
        begins, ends = day_start(wanted.day, zone), day_start(wanted.day + timedelta(days=1), zone)
        query = query.where(AuditEntry.at >= begins, AuditEntry.at < ends)
    return query


def _entry(people: People, row: AuditEntry) -> Entry:
    return Entry(
        row.id, row.at, people.key(row.actor), people.name(row.actor), row.action, row.subject, row.details
    )
