"""What a friend asked of the bot, by words or by a button: the common currency of all commands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.line.turn import Turn
from segments.models import ChatMessage


class Action(StrEnum):
    """Everything a friend can ask for; the value stands in postback data as `action=…`."""

    CLAIM = "claim"
    COUPONS = "coupons"
    HOW_TO_BUY = "how_to_buy"
    HOURS = "hours"
    STOP = "stop"
    STOP_OFFERS = "stop_offers"
    START_OFFERS = "start_offers"
    START = "start"
    SETTINGS = "settings"
    STAFF = "staff"
    BOUGHT = "bought"
    REFERRAL = "referral"
    ENTER_REFERRAL = "enter_referral"
    LINK_MEMBER = "link_member"
    UNLINK_MEMBER = "unlink_member"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    ENGLISH = "english"
    JAPANESE = "japanese"
    MENU = "menu"
    ANSWER = "answer"
    POINTS = "points"
    CARD = "card"


@dataclass(frozen=True)
class Asked:
    """One request: the message it came in, and what came with it."""

    message: ChatMessage
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    """`code` of a referral or link code, `question` and `answer` of a survey; whatever else a postback carries."""


Command = Callable[[Turn, Asked], None]
