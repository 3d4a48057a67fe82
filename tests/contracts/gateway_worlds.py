"""Two LINE platforms behind one face: the fake in memory, and LineGateway against the simulator over HTTP."""

from typing import Any, Protocol
from uuid import uuid4

from bot.line.gateway import LineGateway
from bot.line.ports import ConversationGateway
from bot.simulator import access
from bot.simulator.server import RunningSimulator
from scheduler.gateway import RateLimited, TemporaryGatewayError, TokenInvalid
from tests.fakes.gateway import FakeGateway, shown
from tests.fakes.simulator import SimulatorClient


class World(Protocol):
    """What a contract test may do to a platform."""

    gateway: ConversationGateway

    def a_friend(self) -> str:
        """Make a friend and return the user id."""
        ...

    def a_stranger_to_line(self) -> str:
        """Return an id that the platform does not know."""
        ...

    def block(self, line_user_id: str) -> None:
        """Let a friend block the account."""
        ...

    def reply_token(self, line_user_id: str) -> str:
        """Return a token that a friend's message came with."""
        ...

    def sent_to(self, line_user_id: str) -> list[str]:
        """Return the texts a friend got."""
        ...

    def trouble(self, kind: str, endpoint: str) -> None:
        """Make the next call of `endpoint` go wrong: error_500, error_429 or answer_lost."""
        ...

    def spend_quota(self) -> None:
        """Use up this month's messages."""
        ...

    def spoil_token(self) -> None:
        """Let the platform no longer know our token."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class FakeWorld:
    """The fake."""

    def __init__(self) -> None:
        self.fake = FakeGateway(quota=1000)
        self.gateway: ConversationGateway = self.fake

    def a_friend(self) -> str:
        """Any id will do."""
        made = f"U{uuid4().hex}"
        self.fake.followers.add(made)
        return made

    def a_stranger_to_line(self) -> str:
        """An id named as unknown."""
        stranger = f"U{uuid4().hex}"
        self.fake.unknown.add(stranger)
        return stranger

    def block(self, line_user_id: str) -> None:
        """Name the id as blocked."""
        self.fake.blocked.add(line_user_id)

    def reply_token(self, line_user_id: str) -> str:
        """Draw one."""
        return self.fake.reply_token(line_user_id)

    def sent_to(self, line_user_id: str) -> list[str]:
        """Ask the fake."""
        return self.fake.sent_to(line_user_id)

    def trouble(self, kind: str, endpoint: str) -> None:
        """Plan one failure."""
        if kind == "answer_lost":
            self.fake.lose_answer(endpoint)
            return
        errors: dict[str, Any] = {
            "error_500": TemporaryGatewayError("Internal server error", status=500),
            "error_429": RateLimited("The API rate limit has been exceeded.", status=429),
        }
        self.fake.fail(endpoint, errors[kind])

    def spend_quota(self) -> None:
        """Count everything as used."""
        self.fake.used = 1000

    def spoil_token(self) -> None:
        """Refuse whatever comes next."""
        for endpoint in ("push", "multicast", "reply", "profile", "quota"):
            self.fake.fail(endpoint, TokenInvalid("Authentication failed", status=401))

    def close(self) -> None:
        """Nothing is open."""


class SimulatorWorld:
    """LineGateway over HTTP."""

    def __init__(self, simulator: RunningSimulator, gateway: LineGateway) -> None:
        self.client = SimulatorClient(simulator.url)
        self.client.quota(value=1000)
        self._simulator = simulator
        self._line = gateway
        self.gateway: ConversationGateway = gateway

    def a_friend(self) -> str:
        """Make one."""
        return self.client.add_friend()

    def a_stranger_to_line(self) -> str:
        """An id nobody has."""
        return f"U{uuid4().hex}"

    def block(self, line_user_id: str) -> None:
        """Press block."""
        self.client.block(line_user_id)

    def reply_token(self, line_user_id: str) -> str:
        """Write, and take the token out of the webhook's log."""
        self.client.text(line_user_id, "こんにちは")
        return self.client.webhooks()[-1]["event"]["replyToken"]

    def sent_to(self, line_user_id: str) -> list[str]:
        """Look at the phone."""
        return [shown(message) for message in self.client.received(line_user_id)]

    def trouble(self, kind: str, endpoint: str) -> None:
        """Plan one fault."""
        self.client.faults(**{kind: 1, "endpoints": [endpoint]})

    def spend_quota(self) -> None:
        """Count everything as used."""
        self.client.quota(used=1000)

    def spoil_token(self) -> None:
        """Let the channel's token be revoked."""
        platform = self._simulator.platform
        access.revoke(platform, platform.config.channel_access_tokens[0])

    def close(self) -> None:
        """Close the gateway and stop the simulator."""
        self._line.close()
        self._simulator.stop()
