"""What the page of the staff shows: who may log in, as what, and when they last did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.models import AuditEntry, Operator, Role
from segments.errors import NotFound
from segments.models import Friend


@dataclass(frozen=True)
class Member:
    """Somebody of the staff."""

    id: int
    login: str
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    must_change_password: bool
    last_login_at: datetime | None
    friend_id: int | None
    friend_name: str | None

    @property
    def shown(self) -> str:
        """The name, or the login of who gave none."""
        return self.name or self.login


def everyone(session: Session) -> Sequence[Member]:
    """Return all of the staff: who may log in first, by login."""
    rows = session.execute(_members().order_by(Operator.disabled_at.is_not(None), Operator.login))
    return [_member(*row) for row in rows]


def one(session: Session, operator_id: int) -> Member:
    """Return one of them; raises NotFound (operator_unknown)."""
    row = session.execute(_members().where(Operator.id == operator_id)).first()
    if row is None:
        raise NotFound("operator_unknown")
    return _member(*row)


def _members() -> Select[Operator, Any, str]:
    logins = (
        select(AuditEntry.actor, func.max(AuditEntry.at).label("at"))
        .where(AuditEntry.action == "logged_in")
        .group_by(AuditEntry.actor)
        .subquery()
    )
    return (
        select(Operator, logins.c.at, Friend.display_name)
        .join(logins, logins.c.actor == Operator.login, isouter=True)
        .join(Friend, Friend.id == Operator.friend_id, isouter=True)
    )


def _member(operator: Operator, last_login_at: datetime | None, friend_name: str | None) -> Member:
    return Member(
        id=operator.id,
        login=operator.login,
        name=operator.name,
        role=operator.role,
        created_at=operator.created_at,
        disabled_at=operator.disabled_at,
        must_change_password=operator.must_change_password,
        last_login_at=last_login_at,
        friend_id=operator.friend_id,
        friend_name=friend_name,
    )
