"""Makes one friend of two rows: the customer the shop imported, and the friend who turns out to be them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from segments import point_ledger, touching, trust
from segments.models import (
    CouponGrant,
    CustomerEvent,
    EventKind,
    Friend,
    FriendTag,
    LinkTap,
    PointEntry,
    Purchase,
    SurveyAnswer,
)

_GIFTS = (
    "kana",
    "email",
    "email_consent_at",
    "email_opted_out_at",
    "email_bad_at",
    "birthday",
    "route",
    "timezone",
    "referral_code",
    "picture_url",
)
"""What the imported row gives where the friend has nothing yet."""


def merge(session: Session, imported: Friend, *, into: Friend, now: datetime) -> None:
    """Move everything of `imported`, who has no LINE account, to `into`, and delete the row.

    What the friend has already stays: their LINE name, their tags, their own field values. The
    caller gives the number to `into`, then calls `rebuilding.rebuild`.
    """
    assert imported.line_user_id is None
    session.flush()
    _move_rows(session, imported.id, into.id)
    trust.take_over(session, imported.id, into.id, now)
    gifts = {name: getattr(imported, name) for name in _GIFTS}
    name, fields = imported.display_name, dict(imported.fields)
    # First the row goes: its unique values are taken over below.
    session.execute(
        delete(Friend).where(Friend.id == imported.id).execution_options(synchronize_session=False)
    )
    session.expunge(imported)
    for key, value in gifts.items():
        if value and not getattr(into, key):
            setattr(into, key, value)
    if name and into.display_name and name != into.display_name:
        fields.setdefault("name", name)
    into.display_name = into.display_name or name
    into.fields = fields | into.fields
    session.flush()
    touching.touch(session, [into.id])


def _move_rows(session: Session, from_id: int, to_id: int) -> None:
    # The friend's own stages are derived anew, so the imported row's moves are no news of theirs.
    news = CustomerEvent.friend_id == from_id, CustomerEvent.kind != EventKind.STAGE_CHANGED
    for statement in (
        update(Purchase).where(Purchase.friend_id == from_id).values(friend_id=to_id),
        update(CouponGrant).where(CouponGrant.friend_id == from_id).values(friend_id=to_id),
        update(SurveyAnswer).where(SurveyAnswer.friend_id == from_id).values(friend_id=to_id),
        update(LinkTap).where(LinkTap.friend_id == from_id).values(friend_id=to_id),
        # Each entry keeps its cause, so what it stands for still counts once.
        update(PointEntry).where(PointEntry.friend_id == from_id).values(friend_id=to_id),
        update(CustomerEvent).where(*news).values(friend_id=to_id),
    ):
        session.execute(statement.execution_options(synchronize_session="fetch"))
    point_ledger.sum_up(session, [to_id])
    has = select(FriendTag.tag_id).where(FriendTag.friend_id == to_id)
    new = FriendTag.friend_id == from_id, FriendTag.tag_id.not_in(has)
    moved = update(FriendTag).where(*new).values(friend_id=to_id)
    session.execute(moved.execution_options(synchronize_session=False))


def attach_purchases(session: Session, member_numbers: Iterable[str]) -> dict[int, int]:
    """Give purchases that wait under these numbers to the friends who have them.

    Return the friend's id by purchase id, for the purchases that found theirs.
    """
    owner = select(Friend.id).where(Friend.member_number == Purchase.member_number).scalar_subquery()
    waiting = (
        Purchase.friend_id.is_(None),
        Purchase.member_number.in_(list(member_numbers)),
        select(Friend.id).where(Friend.member_number == Purchase.member_number).exists(),
    )
    statement = update(Purchase).where(*waiting).values(friend_id=owner)
    found = session.execute(
        statement.returning(Purchase.id, Purchase.friend_id).execution_options(synchronize_session=False)
    )
    return {purchase_id: friend_id for purchase_id, friend_id in found if friend_id is not None}
