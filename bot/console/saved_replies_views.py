"""Saved replies: kept, checked, and filled in for the friend whose conversation is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.console import inserts
from bot.models import SavedReply
from scheduler.line_limits import TEXT, units
from scheduler.messages import BadTemplate, MessageContent, RenderError, named_facts, render
from scheduler.template_facts import personal_facts
from scheduler.vocabulary import FACTS
from segments.errors import Conflict, Invalid, NotFound
from segments.models import Friend

MOST = 100
NAME_LONGEST = 64


@dataclass(frozen=True)
class Filled:
    """A saved reply as it would read to one friend."""

    id: int
    name: str
    text: str


def every(session: Session) -> Sequence[SavedReply]:
    """Return all saved replies by name."""
    return session.scalars(select(SavedReply).order_by(SavedReply.name)).all()


def get(session: Session, reply_id: int) -> SavedReply:
    """Return one. Raises NotFound (saved_reply_unknown)."""
    found = session.get(SavedReply, reply_id)
    if found is None:
        raise NotFound("saved_reply_unknown", reply_id=reply_id)
    return found


def save(session: Session, reply_id: int | None, name: str, text: str, by: str, now: datetime) -> SavedReply:
    """Add a saved reply, or change one.

    Raises Invalid (name_missing, name_too_long, answer_missing, answer_too_long, insert_unknown) and Conflict
    (saved_reply_taken, saved_replies_full).
    """
    name, text = name.strip(), text.replace("\r\n", "\n").strip()
    _check(name, text)
    same = session.scalars(select(SavedReply).where(SavedReply.name == name)).first()
    if same is not None and same.id != reply_id:
        raise Conflict("saved_reply_taken", name=name)
    if reply_id is None and (session.scalar(select(func.count()).select_from(SavedReply)) or 0) >= MOST:
        raise Conflict("saved_replies_full", limit=MOST)
    reply = get(session, reply_id) if reply_id is not None else SavedReply()
    reply.name, reply.text, reply.updated_at, reply.updated_by = name, text, now, by
    session.add(reply)
    session.flush()
    return reply


def _check(name: str, text: str) -> None:
    if not name:
        raise Invalid("name_missing")
    if len(name) > NAME_LONGEST:
        raise Invalid("name_too_long", limit=NAME_LONGEST)
    if not text:
        raise Invalid("answer_missing")
    if units(text) > TEXT:
        raise Invalid("answer_too_long", limit=TEXT, length=units(text))
    if wrong := inserts.misspelt(text):
        raise Invalid("insert_unknown", name=wrong[0])


def remove(session: Session, reply_id: int) -> str:
    """Delete a saved reply and return its name. Raises NotFound (saved_reply_unknown)."""
    reply = get(session, reply_id)
    session.delete(reply)
    return reply.name


def filled(session: Session, friend: Friend, now: datetime) -> Sequence[Filled]:
    """Return every saved reply in the words this friend would read; may give the friend a referral code."""
    replies = [(reply, _content(reply.text, friend.language)) for reply in every(session)]
    named = {fact for _reply, content in replies for fact in named_facts(content)}
    wanted = {fact.split(".")[0] for fact in named} & FACTS.keys()
    facts = personal_facts(session, [friend.id], now, wanted=wanted)[friend.id] if wanted else {}
    said: list[Filled] = []
    for reply, content in replies:
        try:
            text = str(render(content, friend.language, facts)[0].get("text", ""))
        except (RenderError, BadTemplate):
            # What is not known of this friend is left for whoever answers to write.
            text = reply.text
        said.append(Filled(reply.id, reply.name, text))
    return said


def _content(text: str, language: str) -> MessageContent:
    spoken = "en" if language == "en" else "ja"
    return {spoken: [{"type": "text", "text": inserts.to_source(text, spoken)}]}
