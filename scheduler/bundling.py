"""What goes together in one push: LINE counts a push once, whatever the number of its message objects."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.line_limits import MESSAGES
from scheduler.models import Delivery, Purpose
from scheduler.waiting import Waiting
from segments.errors import Invalid
from segments.models import Setting

SETTING = "bundling"
READING_ORDER = {Purpose.SERVICE: 0, Purpose.CARE: 1, Purpose.SALES: 2}
"""An answer that is waited for first, care before selling."""
LONGEST_WINDOW = timedelta(hours=6)


@dataclass(frozen=True)
class Policy:
    """How long a message may wait for another one that is about to come due to the same friend."""

    window: timedelta = timedelta(minutes=30)
    """Zero: only what is due in the same moment goes together."""

    @property
    def minutes(self) -> int:
        """The window in whole minutes."""
        return int(self.window / timedelta(minutes=1))


class Part(NamedTuple):
    """One rendered message of a friend."""

    delivery_id: int
    purpose: Purpose
    text: str
    """Its message objects as one JSON list."""
    alone: bool = False
    """Whether LINE refused it together with others."""


def policy(session: Session) -> Policy:
    """Return the shop's policy."""
    value = session.scalar(select(Setting.value).where(Setting.name == SETTING))
    return Policy(timedelta(minutes=value["minutes"])) if value else Policy()


def set_policy(session: Session, wanted: Policy, now: datetime) -> None:
    """Store the shop's policy. Raises Invalid("bundling_window_invalid", minutes=…) above six hours or below zero."""
    if not timedelta() <= wanted.window <= LONGEST_WINDOW:
        raise Invalid("bundling_window_invalid", minutes=int(LONGEST_WINDOW / timedelta(minutes=1)))
    session.merge(Setting(name=SETTING, value={"minutes": wanted.minutes}, updated_at=now))
    session.flush()


def together(parts: Sequence[Part]) -> list[list[Part]]:
    """Cut one friend's messages into pushes, each in the order it is read; a push has at most five objects.

    LINE shows the quick replies of a push's last object alone, so a message that asks with buttons ends its push.
    """
    made: list[list[Part]] = []
    room = 0
    for part in sorted(parts, key=lambda each: (READING_ORDER[each.purpose], each.delivery_id)):
        if part.alone:
            made.insert(0, [part])
            continue
        objects = json.loads(part.text)
        if len(objects) > room:
            made.append([])
            room = MESSAGES
        made[-1].append(part)
        room = 0 if "quickReply" in objects[-1] else room - len(objects)
    return made


def joined(texts: Sequence[str]) -> str:
    """Return JSON lists as one list, each part to the byte as it was."""
    return texts[0] if len(texts) == 1 else "[" + ",".join(text.strip()[1:-1] for text in texts) + "]"


def bind(session: Session, deliveries: Sequence[Waiting], texts: dict[int, str]) -> dict[int, list[int]]:
    """Decide and write down which of these rendered deliveries go together; return each push's, under its first."""
    by_friend: dict[int, list[Part]] = {}
    for each in deliveries:
        part = Part(each.id, each.purpose, texts[each.id], each.carried_by == each.id)
        by_friend.setdefault(each.friend_id, []).append(part)
    cut = (push for parts in by_friend.values() for push in (together(parts) if len(parts) > 1 else [parts]))
    pushes = {push[0].delivery_id: [part.delivery_id for part in push] for push in cut}
    carried = [(id_, first) for first, ids in pushes.items() for id_ in ids if id_ != first]
    if carried:
        ids, carriers = zip(*carried, strict=True)
        bulk.update_columns(session, Delivery, "id", {"id": ids, "carried_by": carriers})
    return pushes


def bound(resends: Sequence[Waiting]) -> dict[int, list[int]]:
    """Return which deliveries went together before, in the order of that push, under its first."""
    pushes: dict[int, list[Waiting]] = {}
    for each in resends:
        pushes.setdefault(each.carried_by or each.id, []).append(each)
    return {
        first: [each.id for each in sorted(those, key=lambda each: (READING_ORDER[each.purpose], each.id))]
        for first, those in pushes.items()
    }


def without_company(deliveries: Sequence[Waiting], now: datetime) -> list[Waiting]:
    """Return those that were only taken along before their time, and whose company may not leave after all."""
    due = {each.friend_id for each in deliveries if each.not_before is None or each.not_before <= now}
    return [each for each in deliveries if each.friend_id not in due]
