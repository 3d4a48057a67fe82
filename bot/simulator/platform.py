"""The simulated platform: every part of it for one channel, built from a config."""

from typing import cast

from flask import current_app

from bot.simulator.account_links import LinkTokens
from bot.simulator.acts import Acts
from bot.simulator.channel import Channel
from bot.simulator.clock import SimulatorClock
from bot.simulator.config import SimulatorConfig
from bot.simulator.conversation import Conversations
from bot.simulator.courier import Courier
from bot.simulator.faults import Faults
from bot.simulator.menu_aliases import MenuAliases
from bot.simulator.people import People
from bot.simulator.rates import Rates
from bot.simulator.reply_tokens import ReplyTokens
from bot.simulator.rich_menus import RichMenus
from bot.simulator.sending import Sender
from bot.simulator.state import State
from bot.simulator.taps import Taps

EXTENSION = "kokyaku-simulator"


class Platform:
    """What the routes are handed."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.config = config
        self.clock = SimulatorClock()
        self.state = State(config.state_file)
        self.channel = Channel(config, self.state)
        self.faults = Faults()
        self.rates = Rates(config.rate_limits, config.rate_overrides)
        self.people = People(self.state, config.seed)
        self.reply_tokens = ReplyTokens(self.state)
        self.link_tokens = LinkTokens(self.state)
        self.sender = Sender(self.state, self.clock, self.channel)
        self.menus = RichMenus(self.state, self.channel)
        self.aliases = MenuAliases(self.state, self.menus)
        self.conversations = Conversations(self.state)
        self.courier = Courier(self.state, self.clock, self.channel, self.faults, self.reply_tokens)
        self.acts = Acts(self.state, self.clock, self.people, self.reply_tokens, self.courier)
        self.taps = Taps(self.acts, self.menus, self.aliases)

    def reset(self) -> None:
        """As on the first start: no people, no messages, no faults, wall time."""
        self.courier.clear()
        self.state.clear()
        self.faults.reset()
        self.rates.reset()
        self.clock.reset()
        self.channel.start()

    def close(self) -> None:
        """Stop the courier and let the state file go."""
        self.courier.stop()
        self.state.close()


def platform() -> Platform:
    """The platform of the app that is answering."""
    return cast("Platform", current_app.extensions[EXTENSION])
