"""The small pictures of what friends sent: LINE keeps them for a while, we keep those that somebody looked at."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.line.ports import ContentGateway
from scheduler.gateway import GatewayError
from segments.db import Database
from segments.models import ChatMedia, ChatMessage
from segments.upsert import insert_ignore

log = structlog.get_logger(__name__)

KINDS = ("image", "video")
BYTES_MOST = 2 * 1024 * 1024
"""LINE's previews are some ten kilobytes; more than this is none."""
_MAGIC = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


@dataclass(frozen=True)
class Picture:
    """A picture that a browser may show."""

    content: bytes
    content_type: str


def picture(database: Database, gateway: object, message_id: int, now: datetime) -> Picture | None:
    """Return the picture of a friend's message; None when there is none, or none any more.

    No transaction is open while LINE is asked.
    """
    with database.reading() as session:
        kept = session.get(ChatMedia, message_id)
        message = session.get(ChatMessage, message_id)
    if kept is not None:
        return Picture(kept.content, kept.content_type)
    if message is None or message.kind not in KINDS or message.unsent_at or not message.line_message_id:
        return None
    found = _fetched(gateway, message.line_message_id)
    if found is not None:
        _keep(database, message_id, found, now)
    return found


def _fetched(gateway: object, line_message_id: str) -> Picture | None:
    if not isinstance(gateway, ContentGateway):
        return None
    try:
        content = gateway.content_preview(line_message_id)
    except GatewayError as error:
        log.info("content_not_fetched", error=type(error).__name__, status=error.status)
        return None
    kind = next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)
    return Picture(content, kind) if kind and len(content) <= BYTES_MOST else None


def _keep(database: Database, message_id: int, found: Picture, now: datetime) -> None:
    row = {"message_id": message_id, "content": found.content, "content_type": found.content_type}
    with database.begin() as session:
        message = session.get(ChatMessage, message_id, with_for_update=True)
        # Taken back while we were asking: then nothing of it is kept.
        if message is not None and message.unsent_at is None:
            insert_ignore(session, ChatMedia, [row | {"fetched_at": now}])
