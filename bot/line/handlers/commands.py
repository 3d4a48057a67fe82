"""The table of everything a friend can ask for."""

from collections.abc import Mapping

from bot.line.handlers import (
    free_item,
    membership,
    persons,
    preferences,
    referring,
    rewards,
    satisfaction,
    shopping,
    surveying,
)
from bot.line.handlers.asked import Action, Asked, Command
from bot.line.turn import Turn

COMMANDS: Mapping[Action, Command] = {
    Action.CLAIM: free_item.claim,
    Action.COUPONS: shopping.coupons,
    Action.HOW_TO_BUY: shopping.how_to_buy,
    Action.HOURS: shopping.hours,
    Action.STOP: preferences.stop,
    Action.START: preferences.start,
    Action.STOP_OFFERS: preferences.stop_offers,
    Action.START_OFFERS: preferences.start_offers,
    Action.SETTINGS: preferences.settings,
    Action.ENGLISH: preferences.english,
    Action.JAPANESE: preferences.japanese,
    Action.STAFF: persons.staff,
    Action.BOUGHT: persons.bought,
    Action.REFERRAL: referring.my_code,
    Action.ENTER_REFERRAL: referring.enter,
    Action.LINK_MEMBER: membership.link,
    Action.UNLINK_MEMBER: membership.unlink,
    Action.SATISFIED: satisfaction.satisfied,
    Action.DISSATISFIED: satisfaction.dissatisfied,
    Action.MENU: shopping.menu,
    Action.ANSWER: surveying.answered,
    Action.POINTS: rewards.points,
    Action.CARD: membership.card,
}


def run(turn: Turn, action: Action, asked: Asked) -> None:
    """Do what the friend asked for."""
    COMMANDS[action](turn, asked)
