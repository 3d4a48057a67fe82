"""The messages that are kept to be used again: listed, written, changed by new versions, copied, put away."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from scheduler import messages, step_changes
from scheduler.models import Broadcast, BroadcastState, Message, MessageVersion, Purpose, Scenario, Step
from segments import links
from segments.errors import Conflict, Invalid, NotFound

PAGE = 50
NAME_LIMIT = 128
MIXED = "mixed"
OPEN_BROADCASTS = tuple(
    state for state in BroadcastState if state not in {BroadcastState.DONE, BroadcastState.CANCELLED}
)


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


@dataclass(frozen=True)
class Use:
    """One place that says a message: a step of a scenario, or a broadcast."""

    name: str
    scenario_id: int | None = None
    step_id: int | None = None
    broadcast_id: int | None = None
    version: int | None = None
    """The version a broadcast says; a step says the newest."""
    is_running: bool = False


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


def get(session: Session, message_id: int) -> Message:
    """Return a message; raises NotFound (message_unknown)."""
    message = session.get(Message, message_id)
    if message is None:
        raise NotFound("message_unknown", key=message_id)
    return message


def versions(session: Session, message_id: int) -> Sequence[MessageVersion]:
    """Return all versions of a message, the newest first."""
    query = select(MessageVersion).where(MessageVersion.message_id == message_id)
    return session.scalars(query.order_by(MessageVersion.version.desc())).all()


def version(session: Session, message_id: int, number: int) -> MessageVersion:
    """Return one version by its number; raises NotFound (message_unknown)."""
    query = select(MessageVersion).where(
        MessageVersion.message_id == message_id, MessageVersion.version == number
    )
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("message_unknown", key=message_id)
    return found


def uses(session: Session, message_id: int) -> list[Use]:
    """Return where a message is said: steps first, then the latest broadcasts."""
    steps = (
        select(Step.id, Step.name, Scenario.id, Scenario.name, Scenario.active, Step.active)
        .join(Scenario)
        .where(Step.message_id == message_id, Step.removed_at.is_(None))
        .order_by(Scenario.name, Step.position)
    )
    found = [
        Use(f"{scenario} – {step}" if step else scenario, scenario_id, step_id, is_running=on and step_on)
        for step_id, step, scenario_id, scenario, on, step_on in session.execute(steps)
    ]
    sent = (
        select(Broadcast.id, Broadcast.name, Broadcast.state, MessageVersion.version)
        .join(MessageVersion, MessageVersion.id == Broadcast.message_version_id)
        .where(MessageVersion.message_id == message_id, Broadcast.removed_at.is_(None))
        .order_by(Broadcast.id.desc())
        .limit(PAGE)
    )
    return found + [
        Use(name, broadcast_id=number, version=said, is_running=state in OPEN_BROADCASTS)
        for number, name, state, said in session.execute(sent)
    ]


@dataclass(frozen=True)
class Written:
    """What an operator wrote: its name, why it goes out, what it says, and the editor's fields it was made in."""

    name: str
    purpose: Purpose
    content: dict[str, Any]
    form: dict[str, Any] | None = None


def create(session: Session, written: Written, by: str, now: datetime) -> MessageVersion:
    """Keep a new message. Raises Invalid: name_missing, name_too_long, message_invalid (problems)."""
    name = _checked(session, written)
    message = Message(name=name, purpose=written.purpose, kept=True, created_at=now)
    session.add(message)
    session.flush()
    return _add(session, message.id, 1, written, by, now)


def change(
    session: Session, base: MessageVersion, written: Written, by: str, now: datetime
) -> MessageVersion:
    """Add a version after `base`, from which it was written; versions that exist never change.

    Broadcasts go on with the version they have; steps say the newest from then on. The same content adds nothing.
    Raises as `create`, and Conflict (message_changed) when somebody was faster.
    """
    message = get(session, base.message_id)
    message.name, message.purpose = _checked(session, written), written.purpose
    if written.content == base.content:
        return base
    if step_changes.newest(session, message.id).version != base.version:
        raise Conflict("message_changed")
    return _add(session, message.id, base.version + 1, written, by, now)


def _checked(session: Session, written: Written) -> str:
    name = written.name.strip()
    if not name:
        raise Invalid("name_missing")
    if len(name) > NAME_LIMIT:
        raise Invalid("name_too_long", limit=NAME_LIMIT)
    problems = messages.check(written.content, known_links=lambda: links.targets(session))
    if problems:
        raise Invalid("message_invalid", problems=problems)
    return name


def _add(
    session: Session, message_id: int, number: int, written: Written, by: str, now: datetime
) -> MessageVersion:
    added = MessageVersion(
        message_id=message_id,
        version=number,
        content=written.content,
        form=written.form,
        created_at=now,
        created_by=by,
    )
    session.add(added)
    session.flush()
    return added


def restore(session: Session, old: MessageVersion, by: str, now: datetime) -> MessageVersion:
    """Say again what an older version said, as a new version; raises as `change`."""
    message, newest = get(session, old.message_id), step_changes.newest(session, old.message_id)
    return change(session, newest, Written(message.name, message.purpose, old.content, old.form), by, now)


def copy(session: Session, message_id: int, name: str, by: str, now: datetime) -> MessageVersion:
    """Keep a copy of a message's newest version under another name."""
    message, newest = get(session, message_id), step_changes.newest(session, message_id)
    return create(session, Written(name, message.purpose, newest.content, newest.form), by, now)


def archive(session: Session, message_id: int, now: datetime) -> None:
    """Put a message away; where it is in use it is said as before."""
    message = get(session, message_id)
    message.archived_at = message.archived_at or now


def take_back(session: Session, message_id: int) -> None:
    """Offer a message again that was put away."""
    message = get(session, message_id)
    message.archived_at, message.kept = None, True
