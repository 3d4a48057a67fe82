"""How trust moves, said twice: for one account in Python, and for many as one UPDATE. A test holds them together.

What is owed is kept as the moment at which time alone will have paid it: a point is `recovery` long. So nobody has
to be looked at for a debt to grow smaller. What lifts an account out of the red leaves it at zero.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Interval,
    and_,
    bindparam,
    case,
    null,
    type_coerce,
)

from segments.db import MICROSECOND, UtcDateTime
from segments.micros import micros_of
from segments.models import Facts
from segments.trust_policy import OPENING, TrustPolicy

_facts: Any = Facts.__table__.c


class Account(NamedTuple):
    """How one account stands, as the facts keep it."""

    trust: int = OPENING
    """Points in it; 0 while it is in the red."""
    red_until: datetime | None = None

    def owed(self, now: datetime, policy: TrustPolicy) -> int:
        """Return the points it is below zero at `now`, a begun one counting whole."""
        if self.red_until is None or self.red_until <= now:
            return 0
        return -((now - self.red_until) // policy.recovery)

    def balance(self, now: datetime, policy: TrustPolicy) -> int:
        """Return the points in it at `now`, below zero for what is owed."""
        return -self.owed(now, policy) or self.trust


def moved(account: Account, points: int, at: datetime, policy: TrustPolicy) -> Account:
    """Return the account after points were added, or with a minus taken."""
    deepest = at + policy.lowest * policy.recovery
    if account.red_until is not None and account.red_until > at:
        until = account.red_until - points * policy.recovery
        return Account(0, min(until, deepest)) if until > at else Account(0)
    after = account.trust + points
    if after < 0:
        return Account(0, min(at - after * policy.recovery, deepest))
    return Account(min(after, policy.highest))


def params(points: int, at: datetime, policy: TrustPolicy) -> dict[str, Any]:
    """Return what `moving` is to be given: points to add, or with a minus to take, at a moment."""
    return {
        "t_points": points,
        "t_moment": at,
        "t_micros": micros_of(at),
        "t_deepest": at + policy.lowest * policy.recovery,
        "t_highest": policy.highest,
        "t_recovery": policy.recovery,
        "t_step": policy.recovery // MICROSECOND,
    }


def moving(dialect: str) -> dict[str, ColumnElement[Any]]:
    """Return the new values of the two columns of Facts, for an UPDATE of any friends given `params`."""
    trust, until = _facts.trust, _facts.trust_red_until
    points, highest = bindparam("t_points", type_=Integer()), bindparam("t_highest", type_=Integer())
    moment, deepest = (bindparam(name, type_=UtcDateTime()) for name in ("t_moment", "t_deepest"))
    red = and_(until.is_not(None), until > moment)
    after = trust + points
    if dialect == "sqlite":  # where moments are whole microseconds
        step, micros = (bindparam(name, type_=BigInteger()) for name in ("t_step", "t_micros"))
        pushed = type_coerce(type_coerce(until, BigInteger) - points * step, UtcDateTime())
        sunk = type_coerce(micros - after * step, UtcDateTime())
    else:
        step = bindparam("t_recovery", type_=Interval())
        pushed = type_coerce(until - points * step, UtcDateTime())
        sunk = type_coerce(moment - after * step, UtcDateTime())
    return {
        "trust": case((red, 0), (after < 0, 0), (after > highest, highest), else_=after),
        "trust_red_until": case(
            (and_(red, pushed > deepest), deepest),
            (and_(red, pushed > moment), pushed),
            (red, null()),
            (and_(after < 0, sunk > deepest), deepest),
            (after < 0, sunk),
            else_=null(),
        ),
    }
