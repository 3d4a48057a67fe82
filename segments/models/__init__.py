"""The tables of the lowest floor, a file a subject."""

from segments.models.conversations import ChatMessage, Direction, Question
from segments.models.facts import CustomerEvent, Cycle, EventKind, Facts, Policy, StageChange
from segments.models.friends import Friend, FriendTag, MemberLinkAttempt, MemberLinkCode, Tag
from segments.models.purchases import (
    ImportRun,
    ImportState,
    NextProduct,
    Product,
    ProductKind,
    Purchase,
    PurchaseItem,
    RefusedLine,
)
from segments.models.reactions import Link, LinkTap, SurveyAnswer
from segments.models.rewards import Coupon, CouponGrant, PointEntry, Referral
from segments.models.segments import (
    Audience,
    AudienceMember,
    Segment,
    SegmentMember,
    SegmentSize,
    SegmentVersion,
    Setting,
    Touched,
)
from segments.models.trust import TrustEntry, TrustKind

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
    "Link",
    "LinkTap",
    "MemberLinkAttempt",
    "MemberLinkCode",
    "NextProduct",
    "PointEntry",
    "Policy",
    "Product",
    "ProductKind",
    "Purchase",
    "PurchaseItem",
    "Question",
    "Referral",
    "RefusedLine",
    "Segment",
    "SegmentMember",
    "SegmentSize",
    "SegmentVersion",
    "Setting",
    "StageChange",
    "SurveyAnswer",
    "Tag",
    "Touched",
    "TrustEntry",
    "TrustKind",
]
