"""What a simulated friend does: adds, blocks, writes, taps, unsends; each becomes a webhook event."""

from bot.simulator import events, ids
from bot.simulator.clock import SimulatorClock
from bot.simulator.courier import Courier
from bot.simulator.errors import LineError
from bot.simulator.json_types import JsonObject, compact
from bot.simulator.people import People, Person, Standing
from bot.simulator.reply_tokens import ReplyTokens
from bot.simulator.state import State


class Acts:
    """The hands of the simulated people; every method answers the webhookEventId, None when LINE tells nothing."""

    def __init__(
        self, state: State, clock: SimulatorClock, people: People, tokens: ReplyTokens, courier: Courier
    ) -> None:
        self._state, self._clock, self._people = state, clock, people
        self._tokens, self._courier = tokens, courier

    def follow(self, person: Person) -> str | None:
        """Add the account, or unblock it; nothing happens for a friend."""
        if person.standing is Standing.FRIEND:
            return None
        self._people.befriend(person)
        return self.announce(person, unblocked=person.was_friend)

    def announce(self, person: Person, *, unblocked: bool = False) -> str:
        """The follow event alone."""
        return self._tell(person, "follow", follow={"isUnblocked": unblocked})

    def block(self, person: Person) -> str | None:
        """Block the account; an unfollow event has no reply token."""
        if person.standing is Standing.BLOCKED:
            return None
        self._people.block(person)
        now = self._clock.now_ms()
        return self._courier.send(events.event("unfollow", events.user_source(person.user_id), now, None))

    def write(self, person: Person, text: str) -> str:
        """Send a text; strangers can."""
        number = self._next_message()
        return self._say(person, events.text_message(number, text))

    def sticker(self, person: Person, package_id: str, sticker_id: str, keywords: list[str]) -> str:
        """Send a sticker."""
        return self._say(
            person, events.sticker_message(self._next_message(), package_id, sticker_id, keywords)
        )

    def image(self, person: Person, content: bytes) -> str:
        """Send a PNG."""
        return self._say(person, events.image_message(self._next_message()), content)

    def location(self, person: Person, title: str, address: str, latitude: float, longitude: float) -> str:
        """Send a place."""
        number = self._next_message()
        return self._say(person, events.location_message(number, title, address, latitude, longitude))

    def postback(
        self, person: Person, data: str, params: JsonObject | None = None, shown: str | None = None
    ) -> str:
        """Tap something that posts back; `shown` appears in the chat but is no message."""
        self._refuse_blocked(person)
        if shown:
            self._keep(person, {"type": "text", "text": shown, "displayText": True})
        content: JsonObject = {"data": data, "params": params} if params else {"data": data}
        return self._tell(person, "postback", postback=content)

    def unsend(self, person: Person, message_id: str) -> str:
        """Take a message back. Raises LineError 404."""
        changed = self._state.write(
            "UPDATE chat SET unsent = 1, content = NULL WHERE message_id = ? AND person = ? AND unsent = 0",
            (message_id, person.no),
        )
        if not changed:
            raise LineError(404, "no such message of this friend")
        made = events.event(
            "unsend",
            events.user_source(person.user_id),
            self._clock.now_ms(),
            None,
            unsend={"messageId": message_id},
        )
        return self._courier.send(made)

    def link_account(self, person: Person, nonce: str, *, ok: bool = True) -> str:
        """The end of account linking; a failure names neither person nor reply token."""
        if ok:
            return self._tell(person, "accountLink", link={"result": "ok", "nonce": nonce})
        now = self._clock.now_ms()
        return self._courier.send(
            events.event("accountLink", None, now, None, link={"result": "failed", "nonce": nonce})
        )

    def group(self, group_id: str, *, join: bool) -> str:
        """The account joins or leaves a group chat."""
        now = self._clock.now_ms()
        token = self._tokens.issue(None, now) if join else None
        return self._courier.send(
            events.event("join" if join else "leave", events.group_source(group_id), now, token)
        )

    def _say(self, person: Person, message: JsonObject, content: bytes | None = None) -> str:
        self._refuse_blocked(person)
        self._people.wrote(person, self._clock.now_ms())
        self._keep(person, message, content)
        return self._tell(person, "message", message=message)

    def _tell(self, person: Person, kind: str, **content: object) -> str:
        now = self._clock.now_ms()
        token = self._tokens.issue(person.no, now)
        return self._courier.send(
            events.event(kind, events.user_source(person.user_id), now, token, **content)
        )

    def _keep(self, person: Person, message: JsonObject, content: bytes | None = None) -> None:
        self._state.write(
            "INSERT INTO chat (person, at, message_id, incoming, content) VALUES (?, ?, ?, ?, ?)",
            (person.no, self._clock.now_ms(), message.get("id"), compact(message), content),
        )

    def _next_message(self) -> str:
        return ids.message_id(self._state.take_numbers("messages"))

    def _refuse_blocked(self, person: Person) -> None:
        if person.standing is Standing.BLOCKED:
            raise LineError(409, "this friend has blocked the account and cannot write to it")
