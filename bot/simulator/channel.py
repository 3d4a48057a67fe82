"""The channel's changeable settings: webhook address, secret, monthly quota, default rich menu."""

from dataclasses import dataclass

from bot.simulator.config import SimulatorConfig
from bot.simulator.state import State


@dataclass(frozen=True)
class WebhookTarget:
    """Where events go, and whether they go at all."""

    url: str
    active: bool


class Channel:
    """Settings with a start value in the config and a present value in the state."""

    def __init__(self, config: SimulatorConfig, state: State) -> None:
        self.config = config
        self._state = state
        self.start()

    def start(self) -> None:
        """Let what the config says explicitly win over what an earlier run remembered."""
        if self.config.webhook_url is not None:
            self.point_webhook(self.config.webhook_url)
        if self.config.monthly_quota is not None:
            self.set_quota(self.config.monthly_quota)

    @property
    def secret(self) -> str:
        """The channel secret that signs webhooks."""
        return self._state.setting("secret") or self.config.channel_secret

    def set_secret(self, secret: str) -> None:
        """Sign with this secret from now on."""
        self._state.set_setting("secret", secret)

    def webhook(self) -> WebhookTarget | None:
        """The webhook endpoint, None when none was ever set."""
        url = self._state.setting("webhook_url")
        return None if url is None else WebhookTarget(url, self._state.setting("webhook_active") != "0")

    def point_webhook(self, url: str | None) -> None:
        """Send events here from now on."""
        self._state.set_setting("webhook_url", url)

    def switch_webhook(self, active: bool) -> None:
        """Turn webhooks on or off."""
        self._state.set_setting("webhook_active", "1" if active else "0")

    @property
    def redelivery(self) -> bool:
        """Whether events that were not answered with 2xx are sent again."""
        value = self._state.setting("redelivery")
        return self.config.redelivery if value is None else value == "1"

    def switch_redelivery(self, on: bool) -> None:
        """Turn redelivery on or off."""
        self._state.set_setting("redelivery", "1" if on else "0")

    def quota(self) -> int | None:
        """Messages allowed a month, None for no limit."""
        value = self._state.setting("quota")
        return None if value is None else int(value)

    def set_quota(self, messages: int | None) -> None:
        """Allow this many messages a month."""
        self._state.set_setting("quota", None if messages is None else str(messages))

    def default_menu(self) -> str | None:
        """The rich menu of everyone without one of their own."""
        return self._state.setting("default_menu")

    def set_default_menu(self, menu_id: str | None) -> None:
        """Show this rich menu to everyone without one of their own."""
        self._state.set_setting("default_menu", menu_id)
