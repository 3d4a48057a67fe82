"""The tables of the top floor: webhook events as they came, operators, keys, LINE calls."""

from bot.models.chats import ChatState
from bot.models.inbox import InboundEvent, InboundState
from bot.models.line import LineCall, RichMenu
from bot.models.operators import ApiKey, AuditEntry, LoginAttempt, Operator, Role

__all__ = [
    "ApiKey",
    "AuditEntry",
    "ChatState",
    "InboundEvent",
    "InboundState",
    "LineCall",
    "LoginAttempt",
    "Operator",
    "RichMenu",
    "Role",
]
