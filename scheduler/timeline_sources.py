"""Where everything that happened with a friend is read from, a query each kind; messages are in timeline_messages."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.timeline_entries import Entry, Sort, Source, What, source
from scheduler.timeline_messages import MESSAGE_SOURCES
from segments.models import (
    Coupon,
    CouponGrant,
    CustomerEvent,
    EventKind,
    FriendNote,
    FriendTag,
    PointEntry,
    Product,
    Purchase,
    PurchaseItem,
    StageChange,
    SurveyAnswer,
    Tag,
)

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

SOURCES: Sequence[Source] = (
    *MESSAGE_SOURCES,
    source(
        Sort.PURCHASES,
        What.PURCHASE,
        Purchase.bought_at,
        select(Purchase.bought_at.label("at"), Purchase),
        Purchase.friend_id,
        Purchase.id.desc(),
    ),
    source(
        Sort.PURCHASES,
        What.REFUND,
        Purchase.refunded_at,
        select(Purchase.refunded_at.label("at"), Purchase),
        Purchase.friend_id,
        Purchase.id.desc(),
    ),
    source(
        Sort.STAGES,
        What.STAGE,
        StageChange.at,
        select(StageChange.at, StageChange),
        StageChange.friend_id,
        StageChange.id.desc(),
    ),
    source(
        Sort.TAGS,
        What.TAG,
        FriendTag.set_at,
        select(FriendTag.set_at.label("at"), FriendTag.set_by, Tag.name).join(
            Tag, Tag.id == FriendTag.tag_id
        ),
        FriendTag.friend_id,
        FriendTag.tag_id.desc(),
    ),
    source(
        Sort.NOTES,
        What.NOTE,
        FriendNote.at,
        select(FriendNote.at, FriendNote),
        FriendNote.friend_id,
        FriendNote.id.desc(),
    ),
    source(
        Sort.ANSWERS,
        What.ANSWER,
        SurveyAnswer.at,
        select(SurveyAnswer.at, SurveyAnswer.question, SurveyAnswer.answer),
        SurveyAnswer.friend_id,
        SurveyAnswer.id.desc(),
    ),
    source(
        Sort.COUPONS,
        What.COUPON,
        CouponGrant.granted_at,
        select(CouponGrant.granted_at.label("at"), CouponGrant, Coupon).join(
            Coupon, Coupon.id == CouponGrant.coupon_id
        ),
        CouponGrant.friend_id,
        CouponGrant.id.desc(),
    ),
    source(
        Sort.COUPONS,
        What.REDEEMED,
        CouponGrant.redeemed_at,
        select(CouponGrant.redeemed_at.label("at"), CouponGrant, Coupon).join(
            Coupon, Coupon.id == CouponGrant.coupon_id
        ),
        CouponGrant.friend_id,
        CouponGrant.id.desc(),
    ),
    source(
        Sort.POINTS,
        What.POINTS,
        PointEntry.at,
        select(PointEntry.at, PointEntry),
        PointEntry.friend_id,
        PointEntry.id.desc(),
    ),
    source(
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
