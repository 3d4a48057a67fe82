"""Fetches facts rows for change: locked in one order, made where they are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, any_, bindparam, exists, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from segments import touching
from segments.errors import NotFound
from segments.models import Facts, Friend, StageChange
from segments.upsert import insert_ignore


@dataclass(frozen=True)
class Locked:
    """One friend's facts, locked until the transaction ends."""

    facts: Facts
    followed: bool


_LOCK = (
    select(Facts, Friend.followed_at)
    .join(Friend, Friend.id == Facts.friend_id)
    .where(Facts.friend_id.in_(bindparam("friend_ids", expanding=True)))
    .order_by(Facts.friend_id)
    # Rows that merely point at these are not held up: FOR NO KEY UPDATE.
    .with_for_update(of=Facts, key_share=True)
    .execution_options(populate_existing=True)
)


_WHERE_ALL_BEGIN = {"growth_reason": "not_bought", "class_reason": "on_record"}
"""What the other ladders say of who is only on record."""


def lock(session: Session, friend_ids: Sequence[int]) -> list[Locked]:
    """Return the facts of friends in the order of their ids, so that two callers never wait for each other."""
    rows = session.execute(_LOCK, {"friend_ids": list(friend_ids)})
    return [Locked(facts, followed_at is not None) for facts, followed_at in rows]


def lock_one(session: Session, friend_id: int) -> Locked:
    """Return the facts of one friend; raises NotFound("friend_unknown")."""
    locked = lock(session, [friend_id])
    if not locked:
        raise NotFound("friend_unknown", friend_id=friend_id)
    return locked[0]


def among(dialect: str, name: str = "friend_ids") -> ColumnElement[bool]:
    """Return that a row of facts is of one of the friends in one parameter (`listed`), where IN would take one each."""
    column: Any = Facts.__table__.c.friend_id
    if dialect == "sqlite":
        every = func.json_each(bindparam(name, type_=String())).table_valued("value")
        return column.in_(select(every.c.value))
    return column == any_(bindparam(name, type_=ARRAY(BigInteger())))


def listed(dialect: str, friend_ids: Sequence[int]) -> Any:
    """Return friends as the parameter of `among`."""
    return "[" + ",".join(map(str, friend_ids)) + "]" if dialect == "sqlite" else list(friend_ids)


def hold(session: Session, friend_ids: Sequence[int]) -> None:
    """Lock the facts of friends, in the order of their ids, without reading them.

    SQLite needs no such thing: there one transaction writes at a time.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_HOLD, {"friend_ids": list(friend_ids)})


_HOLD = (
    select(Facts.friend_id)
    .where(among("postgresql"))
    .order_by(Facts.friend_id)
    .with_for_update(key_share=True)
)


def begin(session: Session, friend_ids: Sequence[int], now: datetime) -> None:
    """Give friends their facts row, on the lowest rung, with the entry in their history; who has one keeps it."""
    wanting = select(Friend.id).outerjoin(Facts).where(Friend.id.in_(friend_ids), Facts.friend_id.is_(None))
    entry = {"stage": "aware", "stage_since": now, "stage_reason": "known"} | _WHERE_ALL_BEGIN
    new = session.scalars(wanting).all()
    insert_ignore(session, Facts, [{"friend_id": friend_id} | entry for friend_id in new])
    touching.touch(session, new)
    unwritten = select(Facts.friend_id, Facts.stage, Facts.stage_reason, Facts.stage_since).where(
        Facts.friend_id.in_(friend_ids),
        ~exists().where(StageChange.friend_id == Facts.friend_id),
    )
    rows = [
        {"friend_id": friend_id, "to_stage": stage, "reason": reason, "at": since}
        for friend_id, stage, reason, since in session.execute(unwritten)
    ]
    if rows:
        session.execute(insert(StageChange), rows)
