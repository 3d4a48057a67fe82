"""What one transaction of the inbox read once for all its events, instead of once for each."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.line import answers
from bot.line.answers import Text
from bot.models import ChatState, InboundEvent
from scheduler import reply_carry
from segments import arrivals, shop
from segments.models import Facts, Friend, Setting


class Memory:
    """Rows and texts of one transaction. It also keeps rows alive: a session forgets what nobody holds."""

    def __init__(self, session: Session, lanes: Sequence[str], events: Iterable[InboundEvent]) -> None:
        self._session = session
        self._setting = session.get(Setting, shop.SETTING)
        self.shop = shop.load(session)
        found = session.scalars(select(Friend).where(Friend.line_user_id.in_(lanes))).all()
        ids = [friend.id for friend in found]
        self._friends = {str(friend.line_user_id): friend for friend in found}
        self._facts = session.scalars(select(Facts).where(Facts.friend_id.in_(ids))).all()
        states = session.scalars(select(ChatState).where(ChatState.friend_id.in_(ids)))
        self._states: dict[int, ChatState | None] = dict.fromkeys(ids) | {
            row.friend_id: row for row in states
        }
        self._waited_for = reply_carry.friends_waited_for(session, ids)
        self._texts: dict[str, Text] = {}
        self._failed: set[str] = set()
        self._unsent = self._taken_back(events)

    def friends(self, line_user_ids: Sequence[str], now: datetime) -> list[Friend]:
        """Return the friends of these ids, made if need be."""
        unknown = [each for each in line_user_ids if each not in self._friends]
        if unknown:
            found = arrivals.ensure(self._session, unknown, now)
            self._friends |= found
            for line_user_id in self._failed.intersection(found):
                friend_id = found[line_user_id].id
                self._states[friend_id] = self._session.get(ChatState, friend_id)
        return [self._friends[each] for each in line_user_ids]

    def state(self, friend_id: int) -> ChatState | None:
        """Return how a conversation stands; None when there is nothing to remember."""
        return self._states.get(friend_id)

    def new_state(self, friend_id: int) -> ChatState:
        """Begin to remember something of a friend."""
        made = self._states[friend_id] = ChatState(friend_id=friend_id, language_chosen=False)
        self._session.add(made)
        return made

    def is_waited_for(self, friend_id: int) -> bool:
        """Tell whether a message waits for a friend that may ride on an answer."""
        return friend_id in self._waited_for

    def text(self, key: str) -> Text:
        """Return the ready message of a key."""
        if key not in self._texts:
            self._texts[key] = answers.text_of(self._session, key)
        return self._texts[key]

    def was_taken_back(self, line_message_id: str | None) -> bool:
        """Tell whether an unsend of this message is stored, even one that came before it."""
        return line_message_id in self._unsent

    def forget(self, line_user_id: str) -> None:
        """Drop what a failed event made of a friend: rows of its savepoint are gone."""
        self._friends.pop(line_user_id, None)
        self._failed.add(line_user_id)

    def _taken_back(self, events: Iterable[InboundEvent]) -> set[str | None]:
        ids = {event.line_message_id for event in events if event.kind == "message"} - {None}
        unsent = select(InboundEvent.line_message_id).where(
            InboundEvent.line_message_id.in_(ids), InboundEvent.kind == "unsend"
        )
        return set(self._session.scalars(unsent)) if ids else set()
