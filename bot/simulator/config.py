"""What a simulator is started with; settings come as arguments, never from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class SimulatorConfig:
    """One simulated channel.

    `monthly_quota` is in messages, None for no limit. `rate_overrides` maps an endpoint name (push, multicast …) to
    (requests, seconds). `redelivery_delays` are the seconds before each further attempt. `state_file` None keeps
    everything in memory.
    """

    channel_id: str = "2000000001"
    channel_secret: str = "simulator-channel-secret"  # noqa: S105 - a stand-in's well-known secret
    channel_access_tokens: tuple[str, ...] = ("simulator-access-token",)
    webhook_url: str | None = None
    monthly_quota: int | None = None
    state_file: Path | None = None
    bot_user_id: str = "U00000000000000000000000000000b07"
    basic_id: str = "@kokyaku-sim"
    display_name: str = "固客シミュレーター"
    verified: bool = True
    webhook_timeout: float = 2.0
    redelivery: bool = False
    redelivery_delays: tuple[float, ...] = (1.0, 5.0, 15.0)
    rate_limits: bool = True
    rate_overrides: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    seed: int = 1
