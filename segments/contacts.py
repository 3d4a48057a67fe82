"""What a message that LINE took means for the friends who got it: told here, in one place, by whoever records it."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import String, bindparam, case, or_, update
from sqlalchemy.orm import Session

from segments import facts_locking, shop, touching, trust_policy
from segments.contact_tally import Contact, day_number, packed, with_one_more
from segments.db import UtcDateTime
from segments.models import Facts, TrustKind
from segments.trust import rounds
from segments.trust_moves import moving, params

_facts: Any = Facts.__table__
_last: Any = _facts.c.last_contacted_at
_at = bindparam("c_at", type_=UtcDateTime())


def contacted(
    session: Session,
    friend_ids: Sequence[int],
    at: datetime,
    *,
    cared: Sequence[int] = (),
    sold: Sequence[int] = (),
) -> None:
    """Take note that LINE took a message, other than a reply, for each of at most a few thousand friends.

    Of messages that count as contacts, `cared` and `sold` name their friends (among `friend_ids`; twice who got
    two): they fill the contact plan's tally, and care adds to trust what selling spends. What a friend waited for
    is neither. When they were last contacted only moves forward: what is told late changes nothing there.
    """
    if not friend_ids:
        return
    policy, day = trust_policy.in_force(session), day_number(shop.load(session).today(at))
    done = set[int]()
    for kind, friends in ((TrustKind.CARE, cared), (TrustKind.SALE, sold)):
        told = params(policy.weight(kind), at, policy) | {
            "c_contact": packed(Contact(day, kind is TrustKind.SALE))
        }
        for part in rounds(friends):
            _run(session, _counting, part, at, told)
            done.update(part)
    others = sorted(set(friend_ids) - done)
    if others and _run(session, _moving_forward, others, at, {}):
        done.update(others)
    touching.touch(session, sorted(done))


@cache
def _counting(dialect: str) -> Any:
    """Return the UPDATE for a message that counts."""
    forward = case((or_(_last.is_(None), _at > _last), _at), else_=_last)
    values = {
        "last_contacted_at": forward,
        "recent_contacts": with_one_more(bindparam("c_contact", type_=String())),
    }
    return update(_facts).where(facts_locking.among(dialect)).values(values | moving(dialect))


@cache
def _moving_forward(dialect: str) -> Any:
    """Return the UPDATE for any other."""
    late = or_(_last.is_(None), _last < _at)
    return update(_facts).where(facts_locking.among(dialect), late).values(last_contacted_at=_at)


def _run(
    session: Session, statement: Any, friend_ids: Sequence[int], at: datetime, told: dict[str, Any]
) -> int:
    facts_locking.hold(session, friend_ids)
    connection = session.connection()
    dialect = connection.dialect.name
    given = told | {"c_at": at, "friend_ids": facts_locking.listed(dialect, friend_ids)}
    return connection.execute(statement(dialect), given).rowcount
