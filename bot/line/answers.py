"""What the bot says: ready messages that operators may edit, rendered for one friend, the menu always at hand."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from scheduler import library
from scheduler.gateway import MessageObject
from scheduler.messages import MessageContent, spoken, template_of
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


def worded(friend: Friend, content: MessageContent, facts: Mapping[str, Any]) -> list[MessageObject]:
    """Render `content` for a friend of whom everything it names is known."""
    return template_of(content).render(spoken(friend.language, content), facts)


def known_of(
    session: Session,
    friends: Sequence[Friend],
    content: MessageContent,
    now: datetime,
    tracking: Tracking | None = None,
) -> Mapping[int, Mapping[str, Any]]:
    """Return what `content` names of friends, by their ids; nothing when it names nothing of theirs."""
    wanted = {fact.split(".")[0] for fact in template_of(content).facts} & FACTS.keys()
    if not wanted - {"language", "cause"}:
        return {}
    speaking: defaultdict[str, list[int]] = defaultdict(list)
    for friend in friends:
        speaking[spoken(friend.language, content)].append(friend.id)
    known: dict[int, Mapping[str, Any]] = {}
    for language, ids in speaking.items():
        known |= personal_facts(session, ids, now, language=language, wanted=wanted, tracking=tracking)
    return known


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
