"""The trust account (信頼貯金): what friends and we do is entered, and the balance kept in the same transaction."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from segments import driver_queries, driver_rows, facts_locking, touching, trust_policy
from segments.errors import Invalid
from segments.micros import micros_of
from segments.models import CustomerEvent, Facts, Question, TrustEntry, TrustKind
from segments.trust_moves import Account, moving, params
from segments.trust_policy import TrustPolicy

_facts: Any = Facts.__table__
MOST = 1000
"""Points entered by hand at once."""
LONGEST_CAUSE = 100
_COST = "trust_cost"
"""Where a complaint's event keeps what it cost an account that became part of another."""


def enter(
    session: Session, kind: TrustKind, friend_ids: Collection[int], at: datetime, *, cause: str = ""
) -> None:
    """Enter a happening for friends, by the weight it has now; one that weighs nothing is not entered.

    A friend named twice is moved twice. The caller may hold their facts locked.
    """
    policy = trust_policy.in_force(session)
    _enter(session, kind, policy.weight(kind), friend_ids, at, policy, cause)


def withdraw_complaint(session: Session, friend_id: int, event_id: int, at: datetime) -> None:
    """Give back what a complaint cost that was none after all."""
    cost = _of_complaint(session, friend_id, event_id)
    if cost is not None:
        kind, cause = TrustKind.COMPLAINT_WITHDRAWN, complaint_cause(event_id)
        _enter(session, kind, -cost, [friend_id], at, trust_policy.in_force(session), cause)


def adjust(session: Session, friend_id: int, points: int, by: str, why: str, now: datetime) -> Account:
    """Enter points by hand and return how the account stands.

    Raises Invalid (trust_points_invalid, trust_why_invalid) or NotFound (friend_unknown).
    """
    if points == 0 or abs(points) > MOST:
        raise Invalid("trust_points_invalid", limit=MOST)
    if not why.strip() or len(why) > LONGEST_CAUSE:
        raise Invalid("trust_why_invalid", limit=LONGEST_CAUSE)
    facts_locking.lock_one(session, friend_id)
    policy = trust_policy.in_force(session)
    _enter(session, TrustKind.BY_HAND, points, [friend_id], now, policy, f"{by} {why.strip()}"[:128])
    return account_of(session.get_one(Facts, friend_id, populate_existing=True))


def take_over(session: Session, imported_id: int, into_id: int, now: datetime) -> None:
    """Let a friend have what the account of the row they were imported as holds, as one entry of their own."""
    policy = trust_policy.in_force(session)
    imported = session.get(Facts, imported_id)
    if imported is None:
        return
    points = account_of(imported).balance(now, policy) - trust_policy.OPENING
    _keep_costs(session, imported_id)
    _enter(session, TrustKind.MERGED, points, [into_id], now, policy, "")


def charge_overdue(session: Session, now: datetime, limit: int = 500) -> int:
    """Lower trust for questions that nobody answered in time, each once; return how many."""
    policy = trust_policy.in_force(session)
    since = now - policy.unanswered_after
    late = (
        select(Question.id)
        .where(Question.answered_at.is_(None), Question.overdue_at.is_(None), Question.asked_at < since)
        .order_by(Question.asked_at)
        .limit(limit)
    )
    claimed = session.execute(
        update(Question)
        .where(Question.id.in_(late), Question.answered_at.is_(None), Question.overdue_at.is_(None))
        .values(overdue_at=now)
        .returning(Question.friend_id)
        .execution_options(synchronize_session=False)
    ).all()
    if claimed:
        _enter(
            session,
            TrustKind.UNANSWERED,
            policy.weight(TrustKind.UNANSWERED),
            [row.friend_id for row in claimed],
            now,
            policy,
            "",
        )
    return len(claimed)


def account_of(facts: Facts) -> Account:
    """Return how a friend's account stands."""
    return Account(facts.trust, facts.trust_red_until)


def history(session: Session, friend_id: int, limit: int = 100) -> Sequence[TrustEntry]:
    """Return a friend's entries, the newest first; messages of ours are told by scheduler.trust_ledger."""
    newest = select(TrustEntry).where(TrustEntry.friend_id == friend_id).order_by(TrustEntry.id.desc())
    return session.scalars(newest.limit(limit)).all()


def complaint_cause(event_id: int | str) -> str:
    """Return the cause of the entry that a complaint made."""
    return f"complaint:{event_id}"


def rounds(friend_ids: Collection[int]) -> Iterator[list[int]]:
    """Split a list into parts that name nobody twice, each in the order in which everybody locks facts."""
    left = Counter(friend_ids)
    if len(left) == len(friend_ids):
        # Of thousands, nobody twice: no need to count them down.
        yield sorted(left)
        return
    while left:
        part = sorted(left)
        yield part
        left -= Counter(part)


def _of_complaint(session: Session, friend_id: int, event_id: int) -> int | None:
    mine = TrustEntry.friend_id == friend_id, TrustEntry.kind == TrustKind.COMPLAINT
    entered = session.scalar(
        select(TrustEntry.points).where(*mine, TrustEntry.cause == complaint_cause(event_id)).limit(1)
    )
    return session.get_one(CustomerEvent, event_id).payload.get(_COST) if entered is None else entered


def _keep_costs(session: Session, friend_id: int) -> None:
    """Note with the complaints of a friend, whose entries go, what each cost: one may still be taken back."""
    theirs = TrustEntry.friend_id == friend_id, TrustEntry.kind == TrustKind.COMPLAINT
    for entry in session.scalars(select(TrustEntry).where(*theirs)):
        event = session.get_one(CustomerEvent, int(entry.cause.removeprefix(complaint_cause(""))))
        event.payload = {**event.payload, _COST: entry.points}


def _enter(
    session: Session,
    kind: TrustKind,
    points: int,
    friend_ids: Collection[int],
    at: datetime,
    policy: TrustPolicy,
    cause: str,
) -> None:
    if not points or not friend_ids:
        return
    session.flush()
    for part in rounds(friend_ids):
        if len(part) > 1:
            facts_locking.hold(session, part)
        move(session, part, points, at, policy)
        _forget(session, part)
        size = len(part)
        columns: dict[str, driver_rows.Values] = {
            "friend_id": part,
            "kind": [kind.value] * size,
            "points": [points] * size,
            "cause": [cause] * size,
            "at": driver_rows.Moments(np.full(size, micros_of(at))),
        }
        driver_rows.insert(session, "trust_entries", columns)
    touching.touch(session, sorted(set(friend_ids)))


def move(session: Session, friend_ids: Sequence[int], points: int, at: datetime, policy: TrustPolicy) -> None:
    """Move the accounts of friends as trust_moves.moved does one; what the session holds of them stays as it was."""
    dialect = session.get_bind().dialect.name
    listed = {"friend_ids": facts_locking.listed(dialect, friend_ids)}
    driver_queries.asked(session, _moving(dialect), params(points, at, policy) | listed)


@cache
def _moving(dialect: str) -> Any:
    return update(_facts).where(facts_locking.among(dialect)).values(moving(dialect))


def _forget(session: Session, friend_ids: Sequence[int]) -> None:
    """Have facts that the session holds read again what was written past them."""
    for friend_id in friend_ids:
        held = session.identity_map.get(session.identity_key(Facts, friend_id))
        if held is not None:
            session.expire(held, ["trust", "trust_red_until"])
