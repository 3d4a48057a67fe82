"""The tables of the lowest floor, a file a subject."""

from segments.models.conversations import ChatMedia, ChatMessage, Direction, Question
from segments.models.day_counts import DayCount
from segments.models.events import CustomerEvent, EventKind
from segments.models.facts import Cycle, Facts, Policy, StageChange
from segments.models.friends import Friend, FriendNote, FriendTag, MemberLinkAttempt, MemberLinkCode, Tag
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
    SegmentMoves,
    SegmentSize,
    SegmentVersion,
    Setting,
    Touched,
)
from segments.models.tagging import Tagging, TaggingFriend, TaggingState
from segments.models.trust import TrustEntry, TrustKind
from segments.models.uploads import Upload, UploadPart, UploadState

__all__ = [
    "Audience",
    "AudienceMember",
    "ChatMedia",
    "ChatMessage",
    "Coupon",
    "CouponGrant",
    "CustomerEvent",
    "Cycle",
    "DayCount",
    "Direction",
    "EventKind",
    "Facts",
    "Friend",
    "FriendNote",
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
    "SegmentMoves",
    "SegmentSize",
    "SegmentVersion",
    "Setting",
    "StageChange",
    "SurveyAnswer",
    "Tag",
    "Tagging",
    "TaggingFriend",
    "TaggingState",
    "Touched",
    "TrustEntry",
    "TrustKind",
    "Upload",
    "UploadPart",
    "UploadState",
]
