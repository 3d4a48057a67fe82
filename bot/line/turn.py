"""One event being handled: who it is from, what came, and what will be answered."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy.orm import Session

from bot.line import answers
from bot.line.memory import Memory
from bot.models import ChatState, InboundEvent
from scheduler.gateway import MessageObject
from scheduler.messages import BadTemplate, MessageContent, RenderError
from segments.link_tokens import Tracking
from segments.models import Friend
from segments.shop import Shop

STANDBY = "standby"
log = structlog.get_logger(__name__)


@dataclass
class Turn:
    """What a handler works with. It changes rows and says things; the inbox commits and sends."""

    session: Session
    event: InboundEvent
    friend: Friend
    memory: Memory
    now: datetime
    tracking: Tracking | None = None
    spoken: list[MessageObject] = field(default_factory=list[MessageObject])
    message_version_id: int | None = None
    """The version of the ready message that is answered with, if one is."""
    is_for_a_person: bool = False
    """Whether a person is to answer: nothing else rides on what the bot says meanwhile."""

    @property
    def shop(self) -> Shop:
        """The shop's settings."""
        return self.memory.shop

    @property
    def at(self) -> datetime:
        """When it happened, by LINE's clock."""
        return self.event.occurred_at

    def part(self, name: str) -> dict[str, Any]:
        """Return an object inside the event; empty when it is missing or is something else."""
        found = self.event.raw.get(name)
        return cast(dict[str, Any], found) if isinstance(found, dict) else {}

    @property
    def reply_token(self) -> str | None:
        """The token to answer with; None when there is none, or when another system has the floor."""
        token = self.event.raw.get("replyToken")
        usable = isinstance(token, str) and token and self.event.raw.get("mode") != STANDBY
        return token if usable else None

    def say(self, key: str, **circumstances: Any) -> None:
        """Answer with one of the bot's own texts; `circumstances` are its `cause.…`."""
        self.say_ready(answers.OWN + key, **circumstances)

    def say_ready(self, key: str, **circumstances: Any) -> None:
        """Answer with a ready message; a mistake an operator made in it must not leave the friend without."""
        say_to_all([self], key, **circumstances)

    def word(self, key: str, known: Mapping[str, Any], circumstances: Mapping[str, Any]) -> None:
        """Put a ready message into words; `known` is what it names of the friend."""
        text, facts = self.memory.text(key), {"zone": self.shop.zone, "cause": circumstances}
        try:
            self.spoken += answers.worded(self.friend, text.content, {**known, **facts})
        except (RenderError, BadTemplate) as error:
            log.warning("answer_broken", key=key, version=text.version_id, error=type(error).__name__)
            text = answers.shipped(key)
            known = _known([self], text.content).get(self.friend.id, {})
            self.spoken += answers.worded(self.friend, text.content, {**known, **facts})
        self.message_version_id = text.version_id

    def reply(self) -> list[MessageObject]:
        """Return what goes out in the end."""
        return answers.with_menu(self.spoken, self.friend.language)

    def known_state(self) -> ChatState | None:
        """Return how the conversation stands; None when there is nothing to remember."""
        return self.memory.state(self.friend.id)

    def state(self) -> ChatState:
        """Return how the conversation stands, to be changed."""
        return self.known_state() or self.memory.new_state(self.friend.id)

    def expect(self, what: str, minutes: int = 10) -> None:
        """Take the friend's next text as `what`: a `referral` or `member` code."""
        state = self.state()
        state.expecting, state.expecting_until = what, self.now + timedelta(minutes=minutes)

    def forget_expectation(self) -> None:
        """The friend asked for something else, or gave what was asked for."""
        state = self.known_state()
        if state is not None:
            state.expecting = state.expecting_until = None


def say_to_all(turns: Sequence[Turn], key: str, **circumstances: Any) -> None:
    """Answer turns of one batch with the same ready message: what it names of friends is asked for once."""
    if not turns:
        return
    known: Mapping[int, Mapping[str, Any]] = {}
    # A message that cannot be read is put into words as any other: then it is said so, and the one we ship is taken.
    with suppress(BadTemplate):
        known = _known(turns, turns[0].memory.text(key).content)
    for turn in turns:
        turn.word(key, known.get(turn.friend.id, {}), circumstances)


def _known(turns: Sequence[Turn], content: MessageContent) -> Mapping[int, Mapping[str, Any]]:
    one, those = turns[0], [turn.friend for turn in turns]
    return answers.known_of(one.session, those, content, one.now, one.tracking)
