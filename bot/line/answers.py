"""What the bot says: ready messages that operators may edit, rendered for one friend, the menu always at hand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from scheduler import library
from scheduler.gateway import MessageObject
from scheduler.messages import MessageContent, named_facts, render, spoken
from scheduler.template_facts import personal_facts
from scheduler.vocabulary import FACTS
from segments.errors import NotFound
from segments.link_tokens import Tracking
from segments.models import Friend

MENU = Path(__file__).parents[2] / "templates" / "richmenu" / "quick_reply.json"
OWN = "answer_"
"""Begins the keys of the bot's own answers among the ready messages."""
MESSAGES_MOST = 5


@dataclass(frozen=True)
class Text:
    """What is said under a key, and which version of it."""

    content: MessageContent
    version_id: int | None = None


def text_of(session: Session, key: str) -> Text:
    """Return the operator's version of a ready message, or the one we ship while none is installed."""
    try:
        version = library.message(session, key)
    except NotFound:
        return shipped(key)
    return Text(version.content, version.id)


def shipped(key: str) -> Text:
    """Return a ready message as we ship it."""
    return Text(_shipped()[key])


@cache
def _shipped() -> Mapping[str, MessageContent]:
    return {ready.key: ready.content for ready in library.ready_messages()}


@cache
def _menu() -> Mapping[str, Any]:
    return json.loads(MENU.read_text(encoding="utf-8"))


def answer(
    session: Session,
    friend: Friend,
    content: MessageContent,
    now: datetime,
    facts: Mapping[str, Any],
    tracking: Tracking | None = None,
) -> list[MessageObject]:
    """Render `content` for a friend; `facts` are what this answer knows besides the friend's own facts."""
    wanted = {fact.split(".")[0] for fact in named_facts(content)} & FACTS.keys()
    known: dict[str, Any] = {}
    if wanted - {"language", "cause"}:
        language = spoken(friend.language, content)
        known = personal_facts(
            session, [friend.id], now, language=language, wanted=wanted, tracking=tracking
        )[friend.id]
    return render(content, friend.language, known | dict(facts))


def with_menu(messages: list[MessageObject], language: str) -> list[MessageObject]:
    """Return at most five messages, the last one carrying the main menu as quick replies.

    LINE shows the quick replies of the last message alone.
    """
    shown = messages[:MESSAGES_MOST]
    if shown and "quickReply" not in shown[-1]:
        menu = _menu()
        # A new object: rendered messages share their unchanging parts between friends.
        shown[-1] = {**shown[-1], "quickReply": {"items": menu[spoken(language, menu)]}}
    return shown
