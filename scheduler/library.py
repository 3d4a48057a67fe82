"""The ready messages and scenarios: put into the database once, the shop's own from then on."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import Message, MessageVersion, Purpose, Reentry, Scenario, Step
from segments.errors import NotFound
from segments.models import Setting
from segments.upsert import insert_ignore

FOLDER = Path(__file__).parent.parent / "templates" / "messages"
SCENARIOS = "scenarios"
SETTING = "library"


@dataclass(frozen=True)
class ReadyMessage:
    """One file of templates/messages."""

    key: str
    name: str
    purpose: Purpose
    content: Mapping[str, Any]


def ready_messages() -> Iterator[ReadyMessage]:
    """Read every ready message, those of subfolders included."""
    for path in sorted(FOLDER.rglob("*.json")):
        if path.parent.name != SCENARIOS:
            data = json.loads(path.read_text(encoding="utf-8"))
            yield ReadyMessage(data["key"], data["name"], Purpose(data["purpose"]), data["content"])


def ready_scenarios() -> Iterator[dict[str, Any]]:
    """Read every ready scenario; its steps name messages by key."""
    for path in sorted((FOLDER / SCENARIOS).glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def install(session: Session, now: datetime) -> int:
    """Add what was never installed before; return how many messages and scenarios were added.

    What an operator changed or deleted stays as they left it. Two processes starting at once add it once.
    """
    known = _installed(session)
    messages = [ready for ready in ready_messages() if f"message:{ready.key}" not in known]
    scenarios = [ready for ready in ready_scenarios() if f"scenario:{ready['key']}" not in known]
    added = sum(_add_message(session, ready, now) for ready in messages)
    added += sum(_add_scenario(session, ready, now) for ready in scenarios)
    if messages or scenarios:
        names = {f"message:{ready.key}" for ready in messages} | {
            f"scenario:{ready['key']}" for ready in scenarios
        }
        _note_installed(session, known | names, now)
    return added


def missing_scenarios(session: Session) -> list[tuple[str, str, str]]:
    """Return the ready scenarios that were deleted: key, name, name in English."""
    there = set(session.scalars(select(Scenario.key).where(Scenario.key.is_not(None))))
    return [
        (ready["key"], ready["name"], ready["name_en"])
        for ready in ready_scenarios()
        if ready["key"] not in there
    ]


def put_back(session: Session, key: str, now: datetime) -> int:
    """Add a ready scenario that was deleted once more, switched off; return its id.

    Raises NotFound("scenario_unknown") for a key there is no ready scenario of, or that is there.
    """
    ready = next((each for each in ready_scenarios() if each["key"] == key), None)
    if ready is None or not _add_scenario(session, ready, now):
        raise NotFound("scenario_unknown", scenario_id=key)
    added = session.scalars(select(Scenario).where(Scenario.key == key)).one()
    added.active = False
    session.flush()
    return added.id


def message(session: Session, key: str) -> MessageVersion:
    """Return the newest version of a ready message; raises NotFound("message_unknown", key=…)."""
    newest = (
        select(MessageVersion)
        .join(Message, Message.id == MessageVersion.message_id)
        .where(Message.key == key)
        .order_by(MessageVersion.version.desc())
        .limit(1)
    )
    found = session.scalars(newest).first()
    if found is None:
        raise NotFound("message_unknown", key=key)
    return found


def _installed(session: Session) -> set[str]:
    row = session.get(Setting, SETTING)
    return set(row.value["installed"]) if row else set()


def _note_installed(session: Session, names: Iterable[str], now: datetime) -> None:
    session.merge(Setting(name=SETTING, value={"installed": sorted(names)}, updated_at=now))
    session.flush()


def _add_message(session: Session, ready: ReadyMessage, now: datetime) -> int:
    row = {"key": ready.key, "name": ready.name, "purpose": ready.purpose, "created_at": now, "kept": True}
    if not insert_ignore(session, Message, [row]):
        return 0
    added = session.scalars(select(Message).where(Message.key == ready.key)).one()
    session.add(MessageVersion(message_id=added.id, version=1, content=dict(ready.content), created_at=now))
    session.flush()
    return 1


def _add_scenario(session: Session, ready: Mapping[str, Any], now: datetime) -> int:
    row = {
        "key": ready["key"],
        "name": ready["name"],
        "name_en": ready["name_en"],
        "active": True,
        "trigger": ready["trigger"],
        "condition": ready.get("condition"),
        "goal": ready.get("goal"),
        "reentry": Reentry(ready["reentry"]),
        "reentry_interval": _duration(ready.get("reentry_interval")),
        "created_at": now,
    }
    if not insert_ignore(session, Scenario, [row]):
        return 0
    added = session.scalars(select(Scenario).where(Scenario.key == ready["key"])).one()
    for position, step in enumerate(ready["steps"], start=1):
        session.add(_step(session, added, position, step))
    session.flush()
    # It was loaded before it had steps.
    session.expire(added)
    return 1


def _step(session: Session, scenario: Scenario, position: int, ready: Mapping[str, Any]) -> Step:
    at_time = ready.get("at_time")
    return Step(
        scenario_id=scenario.id,
        position=position,
        name=ready["name"],
        delay=timedelta(**ready["delay"]),
        at_time=time.fromisoformat(at_time) if at_time else None,
        condition=ready.get("condition"),
        message_id=message(session, ready["message"]).message_id,
        purpose=Purpose(ready["purpose"]),
        effects=ready.get("effects", {}),
        valid_for=_duration(ready.get("valid_for")),
    )


def _duration(given: Mapping[str, int] | None) -> timedelta | None:
    return timedelta(**given) if given else None
