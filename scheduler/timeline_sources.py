"""Where each kind of thing that happened with a friend is read from; a query each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from scheduler.models import (
    Broadcast,
    Decision,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
    Scenario,
    Step,
)
from segments.models import (
    ChatMessage,
    Coupon,
    CouponGrant,
    CustomerEvent,
    EventKind,
    FriendNote,
    FriendTag,
    Link,
    LinkTap,
    PointEntry,
    Product,
    Purchase,
    PurchaseItem,
    StageChange,
    SurveyAnswer,
    Tag,
)


class Sort(StrEnum):
    """By what the line is narrowed."""

    MESSAGES = "messages"
    NOT_SENT = "not_sent"
    TAPS = "taps"
    PURCHASES = "purchases"
    STAGES = "stages"
    TAGS = "tags"
    NOTES = "notes"
    ANSWERS = "answers"
    COUPONS = "coupons"
    POINTS = "points"
    OTHER = "other"


class What(StrEnum):
    """What happened."""

    SAID = "said"
    DELIVERY = "delivery"
    DECISION = "decision"
    TAP = "tap"
    PURCHASE = "purchase"
    REFUND = "refund"
    STAGE = "stage"
    TAG = "tag"
    NOTE = "note"
    ANSWER = "answer"
    COUPON = "coupon"
    REDEEMED = "redeemed"
    POINTS = "points"
    EVENT = "event"


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: datetime
    sort: Sort
    what: What
    row: Any
    """The row it is read from, or its columns by name."""
    items: Sequence[str] = field(default_factory=tuple[str, ...])
    """Of a purchase: what was bought."""


@dataclass(frozen=True)
class Source:
    """One query."""

    sorts: frozenset[Sort]
    read: Callable[[Session, int, datetime | None, int], list[Entry]]


SENT = (DeliveryState.ACCEPTED, DeliveryState.QUEUED, DeliveryState.SENDING)
TOLD = (
    EventKind.FOLLOWED,
    EventKind.REFOLLOWED,
    EventKind.BLOCKED,
    EventKind.OPTED_OUT,
    EventKind.OPTED_IN,
    EventKind.OFFERS_OPTED_OUT,
    EventKind.OFFERS_OPTED_IN,
    EventKind.FREE_ITEM_CLAIMED,
    EventKind.TRIAL_OFFERED,
    EventKind.TRIAL_OFFER_ENDED,
    EventKind.SATISFIED,
    EventKind.DISSATISFIED,
    EventKind.CYCLE_DUE,
    EventKind.EVENT_JOINED,
    EventKind.COMPLAINED,
    EventKind.COMPLAINT_WITHDRAWN,
    EventKind.MEMBER_LINKED,
    EventKind.REFERRAL_ENTERED,
    EventKind.REFERRAL_REWARDED,
)
"""News that no other row tells as well."""


def _source(
    sort: Sort, what: What, at: Any, query: Select[*tuple[Any, ...]], owner: Any, *order: Any
) -> Source:
    def read(session: Session, friend_id: int, upto: datetime | None, limit: int) -> list[Entry]:
        mine = query.where(owner == friend_id, at.is_not(None))
        if upto is not None:
            mine = mine.where(at <= upto)
        rows = session.execute(mine.order_by(at.desc(), *order).limit(limit))
        return [Entry(row.at, sort, what, row) for row in rows]

    return Source(frozenset({sort}), read)


_DONE_AT = func.coalesce(Delivery.ended_at, Delivery.created_at)
_IN_CHAT = and_(
    Delivery.kind.in_([DeliveryKind.REPLY, DeliveryKind.MANUAL]), Delivery.state == DeliveryState.ACCEPTED
)
_DELIVERIES = (
    select(
        _DONE_AT.label("at"),
        Delivery,
        Broadcast.name.label("broadcast"),
        Message.name.label("message"),
        Scenario.name.label("scenario"),
        Scenario.name_en.label("scenario_en"),
    )
    .outerjoin(Broadcast, Broadcast.id == Delivery.broadcast_id)
    .outerjoin(MessageVersion, MessageVersion.id == Delivery.message_version_id)
    .outerjoin(Message, Message.id == MessageVersion.message_id)
    .outerjoin(Step, Step.id == Delivery.step_id)
    .outerjoin(Scenario, Scenario.id == Step.scenario_id)
)


def _deliveries(session: Session, friend_id: int, upto: datetime | None, limit: int) -> list[Entry]:
    """Return messages of ours; those that the chat holds word by word are told there."""
    mine = _DELIVERIES.where(Delivery.friend_id == friend_id, ~_IN_CHAT)
    if upto is not None:
        mine = mine.where(upto >= _DONE_AT)
    rows = session.execute(mine.order_by(_DONE_AT.desc(), Delivery.id.desc()).limit(limit))
    return [
        Entry(
            row.at,
            Sort.MESSAGES if row.Delivery.state in SENT else Sort.NOT_SENT,
            What.DELIVERY,
            row,
        )
        for row in rows
    ]


_DECISIONS = (
    select(
        Decision.at,
        Decision,
        Broadcast.name.label("broadcast"),
        Scenario.name.label("scenario"),
        Scenario.name_en.label("scenario_en"),
        Step.name.label("step"),
    )
    .outerjoin(Broadcast, Broadcast.id == Decision.broadcast_id)
    .outerjoin(Step, Step.id == Decision.step_id)
    .outerjoin(Scenario, Scenario.id == Step.scenario_id)
    # A broadcast's refusal stands in its delivery, which is told already.
    .where(or_(Decision.until.is_not(None), Decision.broadcast_id == 0))
)

SOURCES: Sequence[Source] = (
    _source(
        Sort.MESSAGES,
        What.SAID,
        ChatMessage.at,
        select(ChatMessage.at, ChatMessage),
        ChatMessage.friend_id,
        ChatMessage.id.desc(),
    ),
    Source(frozenset({Sort.MESSAGES, Sort.NOT_SENT}), _deliveries),
    _source(
        Sort.NOT_SENT,
        What.DECISION,
        Decision.at,
        _DECISIONS,
        Decision.friend_id,
        Decision.rule,
        Decision.broadcast_id,
        Decision.enrolment_id,
        Decision.step_id,
    ),
    _source(
        Sort.TAPS,
        What.TAP,
        LinkTap.at,
        select(LinkTap.at, Link.name, Link.url).join(Link, Link.id == LinkTap.link_id),
        LinkTap.friend_id,
        LinkTap.id.desc(),
    ),
    _source(
        Sort.PURCHASES,
        What.PURCHASE,
        Purchase.bought_at,
        select(Purchase.bought_at.label("at"), Purchase),
        Purchase.friend_id,
        Purchase.id.desc(),
    ),
    _source(
        Sort.PURCHASES,
        What.REFUND,
        Purchase.refunded_at,
        select(Purchase.refunded_at.label("at"), Purchase),
        Purchase.friend_id,
        Purchase.id.desc(),
    ),
    _source(
        Sort.STAGES,
        What.STAGE,
        StageChange.at,
        select(StageChange.at, StageChange),
        StageChange.friend_id,
        StageChange.id.desc(),
    ),
    _source(
        Sort.TAGS,
        What.TAG,
        FriendTag.set_at,
        select(FriendTag.set_at.label("at"), FriendTag.set_by, Tag.name).join(
            Tag, Tag.id == FriendTag.tag_id
        ),
        FriendTag.friend_id,
        FriendTag.tag_id.desc(),
    ),
    _source(
        Sort.NOTES,
        What.NOTE,
        FriendNote.at,
        select(FriendNote.at, FriendNote),
        FriendNote.friend_id,
        FriendNote.id.desc(),
    ),
    _source(
        Sort.ANSWERS,
        What.ANSWER,
        SurveyAnswer.at,
        select(SurveyAnswer.at, SurveyAnswer.question, SurveyAnswer.answer),
        SurveyAnswer.friend_id,
        SurveyAnswer.id.desc(),
    ),
    _source(
        Sort.COUPONS,
        What.COUPON,
        CouponGrant.granted_at,
        select(CouponGrant.granted_at.label("at"), CouponGrant, Coupon).join(
            Coupon, Coupon.id == CouponGrant.coupon_id
        ),
        CouponGrant.friend_id,
        CouponGrant.id.desc(),
    ),
    _source(
        Sort.COUPONS,
        What.REDEEMED,
        CouponGrant.redeemed_at,
        select(CouponGrant.redeemed_at.label("at"), CouponGrant, Coupon).join(
            Coupon, Coupon.id == CouponGrant.coupon_id
        ),
        CouponGrant.friend_id,
        CouponGrant.id.desc(),
    ),
    _source(
        Sort.POINTS,
        What.POINTS,
        PointEntry.at,
        select(PointEntry.at, PointEntry),
        PointEntry.friend_id,
        PointEntry.id.desc(),
    ),
    _source(
        Sort.OTHER,
        What.EVENT,
        CustomerEvent.at,
        select(CustomerEvent.at, CustomerEvent.kind, CustomerEvent.payload).where(
            CustomerEvent.kind.in_(TOLD)
        ),
        CustomerEvent.friend_id,
        CustomerEvent.id.desc(),
    ),
)


def with_items(session: Session, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries, purchases with what was bought: one query for all of them."""
    bought = [each.row.Purchase.id for each in entries if each.what is What.PURCHASE]
    if not bought:
        return list(entries)
    lines = (
        select(PurchaseItem.purchase_id, Product.name, PurchaseItem.quantity)
        .join(Product, Product.id == PurchaseItem.product_id)
        .where(PurchaseItem.purchase_id.in_(bought))
        .order_by(PurchaseItem.purchase_id, PurchaseItem.line)
    )
    items: dict[int, list[str]] = {}
    for purchase_id, name, quantity in session.execute(lines):
        items.setdefault(purchase_id, []).append(f"{name} ×{quantity}" if quantity > 1 else name)
    return [
        replace(each, items=tuple(items.get(each.row.Purchase.id, ())))
        if each.what is What.PURCHASE
        else each
        for each in entries
    ]
