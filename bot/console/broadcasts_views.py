"""What the broadcast pages show and store: drafts as the form knows them, ready messages, previews."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.console import audience_choice, inserts
from bot.console.audience_choice import Choice
from scheduler import drafts, messages, quota
from scheduler.models import Broadcast, BroadcastState, Message, MessageVersion, Purpose, Through
from scheduler.sample_facts import sample_facts
from segments import conditions
from segments.errors import NotFound
from segments.models import Audience
from segments.shop import Shop

EDITABLE = drafts.EDITABLE


@dataclass(frozen=True)
class ReadyMessage:
    """A ready message in its newest version."""

    version_id: int
    name: str


@dataclass(frozen=True)
class Draft:
    """A broadcast with its message, as the form and the confirmation show it."""

    id: int
    name: str
    state: BroadcastState
    choice: Choice
    condition: dict[str, Any] | None
    audience_id: int | None
    purpose: Purpose
    content: dict[str, Any]
    ready_version_id: int | None
    message_name: str
    texts: dict[str, str]
    scheduled_at: datetime | None
    expires_at: datetime | None
    through: Through
    per_minute: int | None = None

    @property
    def editable(self) -> bool:
        """Whether it may still be changed."""
        return self.state in EDITABLE


def ready_messages(session: Session) -> list[ReadyMessage]:
    """Return the ready messages by name."""
    newest = select(func.max(MessageVersion.id)).group_by(MessageVersion.message_id)
    wanted = (
        select(MessageVersion.id, Message.name)
        .join(Message)
        .where(Message.key.is_not(None), MessageVersion.id.in_(newest))
    )
    return [ReadyMessage(*row) for row in session.execute(wanted.order_by(Message.name))]


def draft(session: Session, broadcast_id: int) -> Draft:
    """Return a broadcast in any state; raises NotFound (broadcast_unknown)."""
    broadcast = session.get(Broadcast, broadcast_id)
    if broadcast is None:
        raise NotFound("broadcast_unknown", broadcast_id=broadcast_id)
    version = session.get(MessageVersion, broadcast.message_version_id)
    message = session.get(Message, version.message_id) if version else None
    ready = version.id if version and message and message.key else None
    return Draft(
        id=broadcast.id,
        name=broadcast.name,
        state=broadcast.state,
        choice=audience_choice.choice_of(session, broadcast.condition, broadcast.audience_id),
        condition=broadcast.condition,
        audience_id=broadcast.audience_id,
        purpose=message.purpose if message else Purpose.SALES,
        content=version.content if version else {},
        ready_version_id=ready,
        message_name=message.name if message else "",
        texts={} if ready or version is None else inserts.texts(version.content),
        scheduled_at=broadcast.scheduled_at,
        expires_at=broadcast.expires_at,
        through=broadcast.through,
        per_minute=broadcast.per_minute,
    )


def price(session: Session, draft: Draft, now: datetime) -> quota.Price:
    """Return whom a draft reaches and what it costs."""
    if draft.condition is not None:
        whom: dict[str, Any] = {"condition": conditions.parse(draft.condition)}
    else:
        whom = {"audience_id": draft.audience_id}
    return quota.price(session, now, **whom, purpose=draft.purpose, broadcast_id=draft.id)


def list_size(session: Session, audience_id: int | None) -> int | None:
    """Return how many friends a list made from a file holds."""
    found = session.get(Audience, audience_id) if audience_id is not None else None
    return found.size if found else None


def preview(content: dict[str, Any]) -> dict[str, list[str]]:
    """Return what each language's bubbles say, with the names of facts in their gaps; pictures by their alt text."""
    shown: dict[str, list[str]] = {}
    for language, objects in content.items():
        shown[language] = [inserts.to_text(_said(each), language) for each in objects]
    return shown


def filled_preview(content: dict[str, Any], settings: Shop, now: datetime) -> dict[str, list[str]]:
    """Return what each language's bubbles say to a made-up friend; the names of the facts where that cannot be made."""
    shown = preview(content)
    for language in content:
        try:
            objects = messages.render(content, language, sample_facts(settings, language, now))
        except messages.RenderError:
            continue
        shown[language] = [_said(each) for each in objects]
    return shown


def _said(each: Mapping[str, Any]) -> str:
    return str(each.get("text") or each.get("altText") or f"[{each.get('type', '?')}]")


def default_time(now: datetime) -> datetime:
    """Return the time the form offers for a later send: the next full hour but one."""
    return (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
