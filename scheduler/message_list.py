"""The list of messages: those to use again, those of one broadcast or step, those put away."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from scheduler.models import Broadcast, Message, MessageVersion, Purpose, Scenario, Step

PAGE = 50
MIXED = "mixed"


class Which(StrEnum):
    """Which messages a list shows."""

    KEPT = "kept"
    """Those to use again: the ready ones and the shop's own."""
    ALONE = "alone"
    """Those written with one broadcast or step."""
    ARCHIVED = "archived"


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    id: int
    name: str
    purpose: Purpose
    kind: str
    """`text`, `image`, `flex` …; `mixed` when it has several bubbles of different kinds."""
    languages: tuple[str, ...]
    version: int
    edited_at: datetime
    edited_by: str
    is_ready_made: bool
    scenarios: tuple[str, ...] = ()
    broadcasts: int = 0


def rows(
    session: Session, which: Which, words: str = "", before: int | None = None
) -> tuple[list[Row], int | None]:
    """Return a page of messages, the newest first, and the id to ask the next page with."""
    wanted = select(Message).where(_belongs(which)).order_by(Message.id.desc()).limit(PAGE + 1)
    if words:
        wanted = wanted.where(Message.name.icontains(words, autoescape=True))
    if before is not None:
        wanted = wanted.where(Message.id < before)
    found = list(session.scalars(wanted))
    shown = found[:PAGE]
    newest = _newest(session, [each.id for each in shown])
    used, sent = _scenarios(session, newest), _broadcasts(session, newest)
    made = [
        _row(each, newest[each.id], used.get(each.id, ()), sent.get(each.id, 0))
        for each in shown
        if each.id in newest
    ]
    return made, shown[-1].id if len(found) > PAGE else None


def _belongs(which: Which) -> ColumnElement[bool]:
    kept = or_(Message.kept, Message.key.is_not(None))
    if which is Which.ARCHIVED:
        return Message.archived_at.is_not(None)
    return Message.archived_at.is_(None) & (kept if which is Which.KEPT else ~kept)


def _newest(session: Session, ids: Collection[int]) -> dict[int, MessageVersion]:
    latest = select(func.max(MessageVersion.id)).where(MessageVersion.message_id.in_(ids))
    query = select(MessageVersion).where(MessageVersion.id.in_(latest.group_by(MessageVersion.message_id)))
    return {version.message_id: version for version in session.scalars(query)}


def _scenarios(session: Session, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    query = (
        select(Step.message_id, Scenario.name)
        .join(Scenario)
        .where(Step.message_id.in_(ids), Step.removed_at.is_(None))
        .order_by(Scenario.name)
        .distinct()
    )
    found: dict[int, tuple[str, ...]] = {}
    for message_id, name in session.execute(query):
        if message_id is not None:
            found[message_id] = (*found.get(message_id, ()), name)
    return found


def _broadcasts(session: Session, ids: Collection[int]) -> dict[int, int]:
    query = (
        select(MessageVersion.message_id, func.count())
        .join(Broadcast, Broadcast.message_version_id == MessageVersion.id)
        .where(MessageVersion.message_id.in_(ids), Broadcast.removed_at.is_(None))
        .group_by(MessageVersion.message_id)
    )
    return dict(session.execute(query).all())


def _row(message: Message, version: MessageVersion, scenarios: tuple[str, ...], broadcasts: int) -> Row:
    return Row(
        id=message.id,
        name=message.name,
        purpose=message.purpose,
        kind=kind_of(version.content),
        languages=tuple(version.content),
        version=version.version,
        edited_at=version.created_at,
        edited_by=version.created_by,
        is_ready_made=message.key is not None,
        scenarios=scenarios,
        broadcasts=broadcasts,
    )


def kind_of(content: Mapping[str, Any]) -> str:
    """Return what a message is made of."""
    kinds = {str(each.get("type", MIXED)) for objects in list(content.values())[:1] for each in objects}
    return kinds.pop() if len(kinds) == 1 else MIXED
