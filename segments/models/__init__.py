"""The tables of the lowest floor, a file a subject."""

from segments.models.conversations import ChatMessage, Direction, Question
from segments.models.facts import CustomerEvent, Cycle, EventKind, Facts, Policy, StageChange
from segments.models.friends import Friend, FriendTag, MemberLinkAttempt, MemberLinkCode, Tag
from segments.models.purchases import (
    ImportRun,
    ImportState,
    Product,
    ProductKind,
    Purchase,
    PurchaseItem,
    RefusedLine,
)
from segments.models.rewards import Coupon, CouponGrant, Referral
from segments.models.segments import Audience, AudienceMember, Segment, Setting

__all__ = [
    "Audience",
    "AudienceMember",
    "ChatMessage",
    "Coupon",
    "CouponGrant",
    "CustomerEvent",
    "Cycle",
    "Direction",
    "EventKind",
    "Facts",
    "Friend",
    "FriendTag",
    "ImportRun",
    "ImportState",
    "MemberLinkAttempt",
    "MemberLinkCode",
    "Policy",
    "Product",
    "ProductKind",
    "Purchase",
    "PurchaseItem",
    "Question",
    "Referral",
    "RefusedLine",
    "Segment",
    "Setting",
    "StageChange",
    "Tag",
]
