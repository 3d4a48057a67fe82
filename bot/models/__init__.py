"""The tables of the top floor: webhook events as they came, operators, keys, LINE calls, pictures."""

from bot.models.chats import ChatState, ChatViewer, SavedReply
from bot.models.exports import DataExport, ExportPiece, ExportState
from bot.models.form_drafts import FormDraft
from bot.models.inbox import InboundEvent, InboundState
from bot.models.line import LineCall
from bot.models.menus import MenuDesign, MenuLink, RetiredMenu, RichMenu
from bot.models.operators import ApiKey, AuditEntry, LoginAttempt, Operator, Role
from bot.models.pictures import Picture, PictureFile, PictureSize
from bot.models.reviews import ReviewDecision
from bot.models.trials import PolicyTrial

__all__ = [
    "ApiKey",
    "AuditEntry",
    "ChatState",
    "ChatViewer",
    "DataExport",
    "ExportPiece",
    "ExportState",
    "FormDraft",
    "InboundEvent",
    "InboundState",
    "LineCall",
    "LoginAttempt",
    "MenuDesign",
    "MenuLink",
    "Operator",
    "Picture",
    "PictureFile",
    "PictureSize",
    "PolicyTrial",
    "RetiredMenu",
    "ReviewDecision",
    "RichMenu",
    "Role",
    "SavedReply",
]
