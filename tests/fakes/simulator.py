"""A thin HTTP client of a running simulator, for every test that needs a LINE platform."""

import http.client
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

Json = dict[str, Any]


class SimulatorClient:
    """Speaks /sim/… at `url`; every method raises SimulatorRefusedError on an answer from 400 up."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._address = urlsplit(url)

    def add_friends(
        self,
        count: int | None = None,
        *,
        names: Sequence[str] = (),
        language: str = "ja",
        follow: bool = False,
        stranger: bool = False,
        ids: Sequence[str] = (),
    ) -> list[str]:
        """Make people, with user ids of their own if given; answers their user ids."""
        asked: Json = {"names": list(names), "language": language, "follow": follow, "stranger": stranger}
        asked["ids"] = list(ids)
        return self._call("POST", "/sim/friends", asked if count is None else {**asked, "count": count})[
            "ids"
        ]

    def add_friend(self, name: str = "佐藤 花子", *, follow: bool = False) -> str:
        """Make one friend; answers the user id."""
        return self.add_friends(names=[name], follow=follow)[0]

    def friends(self, **query: Any) -> Json:
        """GET /sim/friends: {"friends", "counts"}."""
        return self._call("GET", f"/sim/friends?{urlencode(query)}")

    def follow(self, user_id: str) -> str | None:
        """The friend adds or unblocks the account; answers the webhookEventId."""
        return self.act(user_id, "follow")["event"]

    def block(self, user_id: str) -> str | None:
        """The friend blocks the account."""
        return self.act(user_id, "block")["event"]

    def text(self, user_id: str, text: str) -> str:
        """The friend writes."""
        return self.act(user_id, "text", text=text)["event"]

    def postback(self, user_id: str, data: str, **content: Any) -> str:
        """The friend posts back."""
        return self.act(user_id, "postback", data=data, **content)["event"]

    def tap(self, user_id: str, label: str, **params: str) -> Json:
        """The friend taps the newest button with this label."""
        return self.act(user_id, "tap", label=label, params=params or None)

    def act(self, user_id: str, act: str, **content: Any) -> Json:
        """Any of POST /sim/friends/{userId}/…"""
        return self._call("POST", f"/sim/friends/{user_id}/{act}", content)

    def messages(self, user_id: str) -> list[Json]:
        """The friend's whole chat with its record, oldest first."""
        return self._call("GET", f"/sim/friends/{user_id}/messages")["messages"]

    def received(self, user_id: str) -> list[Json]:
        """The message objects the friend got, oldest first."""
        return [entry["message"] for entry in self.messages(user_id) if entry["direction"] == "out"]

    def texts(self, user_id: str) -> list[str]:
        """The texts the friend got; other kinds of message show as their type in brackets."""
        return [message.get("text", f"[{message['type']}]") for message in self.received(user_id)]

    def counts(self, *, friends: bool = True) -> Json:
        """GET /sim/counts."""
        return self._call("GET", "/sim/counts" if friends else "/sim/counts?friends=0")

    def faults(self, **plan: Any) -> Json:
        """Replace the fault plan; without arguments all faults end."""
        return self._call("PUT", "/sim/faults", plan)

    def webhook(self, **settings: Any) -> Json:
        """Set url, secret, active, redelivery."""
        return self._call("PUT", "/sim/webhook", settings)

    def webhooks(self) -> list[Json]:
        """The webhook delivery log."""
        return self._call("GET", "/sim/webhooks")["webhooks"]

    def flush(self, timeout_seconds: float = 30) -> bool:
        """Wait until every queued webhook is delivered or given up."""
        return self._call("POST", "/sim/webhooks/flush", {"timeout_seconds": timeout_seconds})["done"]

    def quota(self, **settings: Any) -> Json:
        """Set value (None: no limit) and used."""
        return self._call("PUT", "/sim/quota", settings)

    def clock(self, **settings: Any) -> Json:
        """Set now, offset_seconds, advance_seconds, frozen."""
        return self._call("PUT", "/sim/clock", settings)

    def rates(self, **settings: Any) -> Json:
        """Set enabled, limits."""
        return self._call("PUT", "/sim/rates", settings)

    def reset(self) -> None:
        """As on the first start."""
        self._call("POST", "/sim/reset", {})

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        connection = http.client.HTTPConnection(str(self._address.hostname), self._address.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            found: Json = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status >= 400:
            raise SimulatorRefusedError(answer.status, found)
        return found


class SimulatorRefusedError(Exception):
    """The simulator's controls said no; `args` are the status and the body."""
