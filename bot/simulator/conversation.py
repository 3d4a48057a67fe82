"""One friend's chat as the phone would show it: messages in both directions, in order."""

import json
from dataclasses import dataclass

from bot.simulator.json_types import JsonObject
from bot.simulator.people import Person
from bot.simulator.state import Row, State


@dataclass(frozen=True)
class Bubble:
    """One message object in a chat. `no` rises; `at` is in ms."""

    no: int
    at: int
    incoming: bool
    message: JsonObject
    message_id: str | None
    endpoint: str | None = None
    request_id: str | None = None
    body_hash: str | None = None
    unsent: bool = False

    def as_json(self) -> JsonObject:
        """The shape of GET /sim/friends/{userId}/messages."""
        shown: JsonObject = {
            "no": self.no,
            "at": self.at,
            "direction": "in" if self.incoming else "out",
            "id": self.message_id,
            "message": self.message,
        }
        if self.incoming:
            return {**shown, "unsent": self.unsent}
        return {**shown, "endpoint": self.endpoint, "requestId": self.request_id, "bodyHash": self.body_hash}


class Conversations:
    """Reads chats from the state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def of(self, person: Person, after: int = 0, limit: int = 1000) -> list[Bubble]:
        """The newest `limit` entries with a number above `after`, oldest first."""
        found = self._state.rows(
            "SELECT chat.no, chat.at, chat.message_id, chat.incoming, chat.unsent, sends.endpoint, sends.request_id,"
            " sends.body_hash, sends.messages, sends.message_ids FROM chat LEFT JOIN sends ON sends.no = chat.send"
            " WHERE chat.person = ? AND chat.no > ? ORDER BY chat.no DESC LIMIT ?",
            (person.no, after, limit),
        )
        return [bubble for row in reversed(found) for bubble in _bubbles(row)]


def _bubbles(row: Row) -> list[Bubble]:
    if row["incoming"] is not None:
        message: JsonObject = json.loads(row["incoming"])
        gone = bool(row["unsent"])
        shown = {"type": message["type"], "id": message.get("id")} if gone else message
        return [Bubble(row["no"], row["at"], True, shown, row["message_id"], unsent=gone)]
    pairs = zip(json.loads(row["messages"]), json.loads(row["message_ids"]), strict=True)
    return [
        Bubble(
            row["no"],
            row["at"],
            False,
            message,
            message_id,
            row["endpoint"],
            row["request_id"],
            row["body_hash"],
        )
        for message, message_id in pairs
    ]
