"""Whom a send would reach: friends by what stands between them and a message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from scheduler.models import Purpose
from segments import audience, mail_consent
from segments.compiler import sendable
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
    kind = case(
        (_blocked(), "blocked"),
        (~sendable(), "not_following"),
        (_declined(purpose), "opted_out"),
        (_withheld(purpose), "suppressed"),
        else_="reachable",
    )
    people: Select[Any, int] = select(kind, func.count()).select_from(Friend).join(Facts).group_by(kind)
    people = people.where(_chosen(session, now, condition, audience_id))
    found: dict[str, int] = dict(session.execute(people).all())
    names = ("reachable", "blocked", "opted_out", "suppressed", "not_following")
    return Reach(recipients=sum(found.values()), **{name: found.get(name, 0) for name in names})


def reach_by_mail(
    session: Session,
    now: datetime,
    *,
    condition: Condition | None = None,
    audience_id: int | None = None,
    purpose: Purpose = Purpose.SALES,
    strangers: bool = True,
) -> int:
    """Count those whom LINE cannot bring a message and who agreed to mail (scheduler.mail_instead).

    `strangers` says whether those are meant too who never were on LINE, as for a broadcast that was marked for mail.
    """
    people = select(func.count()).select_from(Friend).join(Facts)
    people = people.where(
        mail_consent.reachable(),
        _blocked() | ~sendable() if strangers else _blocked() & sendable(),
        ~_declined(purpose),
        ~_withheld(purpose),
        _chosen(session, now, condition, audience_id),
    )
    return session.scalar(people) or 0


def _blocked() -> ColumnElement[bool]:
    return Friend.blocked_at.is_not(None)


def _declined(purpose: Purpose) -> ColumnElement[bool]:
    """Return who wants no messages; what a friend waits for reaches them all the same (docs/eligibility.md)."""
    return Friend.opted_out_at.is_not(None) & (purpose != Purpose.SERVICE)


def _withheld(purpose: Purpose) -> ColumnElement[bool]:
    return Facts.suppressed_at.is_not(None) & (purpose == Purpose.SALES)


def _chosen(
    session: Session, now: datetime, condition: Condition | None, audience_id: int | None
) -> ColumnElement[bool]:
    """Return the expression of a condition, or else of a frozen list."""
    if condition is not None:
        return audience.matching(session, condition, now)
    listed = select(AudienceMember.friend_id).where(AudienceMember.audience_id == audience_id)
    return Friend.id.in_(listed)
