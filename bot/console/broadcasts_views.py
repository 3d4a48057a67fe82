"""What the broadcast pages show and store: drafts as the form knows them, ready messages, previews."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.console import audience_choice, inserts
from bot.console.audience_choice import Choice
from bot.i18n import current_language
from bot.mail.wiring import missing
from bot.settings import Settings
from scheduler import drafts, mail_settings, quota
from scheduler.models import Broadcast, BroadcastState, Message, MessageVersion, Purpose, Through
from scheduler.whom import Whom
from segments import condition_known, condition_words, conditions
from segments.errors import NotFound
from segments.models import Audience

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
    holdout_percent: int = 0
    by_mail: bool = False
    removed_at: datetime | None = None

    @property
    def editable(self) -> bool:
        """Whether it may still be changed."""
        return self.state in EDITABLE and self.removed_at is None


def ready_messages(session: Session, chosen: Draft | None = None) -> list[ReadyMessage]:
    """Return the messages kept to be used again by name; what a draft says already comes first, in its own version."""
    newest = select(func.max(MessageVersion.id)).group_by(MessageVersion.message_id)
    wanted = (
        select(MessageVersion.id, Message.name)
        .join(Message)
        .where(or_(Message.kept, Message.key.is_not(None)), MessageVersion.id.in_(newest))
        .where(Message.archived_at.is_(None), Message.purpose != Purpose.SERVICE)
    )
    found = [ReadyMessage(*row) for row in session.execute(wanted.order_by(Message.name))]
    own = chosen.ready_version_id if chosen else None
    if chosen is None or own is None or own in {each.version_id for each in found}:
        return found
    return [ReadyMessage(own, _("%(name)s（選んだときの版）", name=chosen.message_name)), *found]


def newest_version(session: Session, message_id: int) -> str:
    """Return the number of the version a message goes out in; "" when there is no such message."""
    query = select(func.max(MessageVersion.id)).where(MessageVersion.message_id == message_id)
    return str(session.scalar(query) or "")


def draft(session: Session, broadcast_id: int) -> Draft:
    """Return a broadcast in any state; raises NotFound (broadcast_unknown)."""
    broadcast = session.get(Broadcast, broadcast_id)
    if broadcast is None:
        raise NotFound("broadcast_unknown", broadcast_id=broadcast_id)
    version = session.get(MessageVersion, broadcast.message_version_id)
    message = session.get(Message, version.message_id) if version else None
    ready = version.id if version and message and (message.key or message.kept) else None
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
        holdout_percent=broadcast.holdout_percent,
        by_mail=broadcast.by_mail,
        removed_at=broadcast.removed_at,
    )


def mail_is_set(session: Session, settings: Settings) -> bool:
    """Say whether mail can leave: there is a server, an address of ours, and what the law wants below every mail."""
    return missing(settings) is None and mail_settings.load(session).is_complete


def price(session: Session, draft: Draft, now: datetime) -> quota.Price:
    """Return whom a draft reaches and what it costs."""
    named, at = whom(draft), max(draft.scheduled_at or now, now)
    return quota.price(
        session,
        now,
        condition=named.condition,
        audience_id=named.audience_id,
        purpose=draft.purpose,
        broadcast_id=draft.id,
        at=at,
    )


def whom(draft: Draft) -> Whom:
    """Return the audience of a draft."""
    if draft.condition is not None:
        return Whom(condition=conditions.parse(draft.condition))
    return Whom(audience_id=draft.audience_id)


def audience_words(session: Session, draft: Draft) -> str:
    """Return whom a draft is for, in words; raises nothing for a condition that is no longer understood."""
    if draft.condition is None:
        found = audience_choice.list_of(session, draft.audience_id)
        return _("リスト（%(count)s人）", count=f"{found.size:,}" if found else 0)
    if draft.choice.segment_id is not None:
        name = dict(audience_choice.segments(session)).get(draft.choice.segment_id, "")
        return _("セグメント「%(name)s」", name=name)
    condition = conditions.parse(draft.condition)
    known = condition_known.with_names(session, condition, condition_known.load(session, condition))
    return condition_words.words(condition, current_language(), known)


def list_size(session: Session, audience_id: int | None) -> int | None:
    """Return how many friends a list made from a file holds."""
    found = session.get(Audience, audience_id) if audience_id is not None else None
    return found.size if found else None


def default_time(now: datetime) -> datetime:
    """Return the time the form offers for a later send: the next full hour but one."""
    return (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
