"""Whom a send would reach: friends by what stands between them and a message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from scheduler.models import Purpose
from segments import audience
from segments.conditions import Condition
from segments.models import AudienceMember, Facts, Friend


@dataclass(frozen=True)
class Reach:
    """How many friends a send is for, and how many of them it reaches."""

    recipients: int
    reachable: int
    blocked: int
    opted_out: int
    suppressed: int
    not_following: int


def reach(
    session: Session,
    now: datetime,
    *,
    condition: Condition | None = None,
    audience_id: int | None = None,
    purpose: Purpose = Purpose.SALES,
) -> Reach:
    """Count the friends of a condition, or of a frozen list."""
    blocked = Friend.blocked_at.is_not(None)
    absent = Friend.line_user_id.is_(None) | Friend.followed_at.is_(None)
    withheld = Facts.suppressed_at.is_not(None) & (purpose == Purpose.SALES)
    kind = case(
        (blocked, "blocked"),
        (absent, "not_following"),
        (Friend.opted_out_at.is_not(None), "opted_out"),
        (withheld, "suppressed"),
        else_="reachable",
    )
    people: Select[Any, int] = select(kind, func.count()).select_from(Friend).join(Facts).group_by(kind)
    if condition is not None:
        people = people.where(audience.matching(session, condition, now))
    else:
        people = people.join(AudienceMember, AudienceMember.friend_id == Friend.id).where(
            AudienceMember.audience_id == audience_id
        )
    found: dict[str, int] = dict(session.execute(people).all())
    names = ("reachable", "blocked", "opted_out", "suppressed", "not_following")
    return Reach(recipients=sum(found.values()), **{name: found.get(name, 0) for name in names})
