"""Who works here, seen by the owner: roles changed, accounts closed and opened again, sessions ended."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import operators
from bot.models import Operator, Role
from segments.errors import Conflict, NotFound


def invite(session: Session, login: str, name: str, role: Role, by: str, now: datetime) -> str:
    """Add somebody and return their one-time password; raises Invalid (login_malformed), Conflict (login_taken)."""
    password = operators.create(session, login, name.strip()[:128], role, None, now)
    operators.note(session, by, "operator_added", login.strip().casefold(), now, role=role.value)
    return password


def change_role(session: Session, operator_id: int, role: Role, by: str, now: datetime) -> bool:
    """Give somebody another role; tell whether it is another one. Raises Conflict (last_owner)."""
    operator = _found(session, operator_id)
    if operator.role is role:
        return False
    if operator.role is Role.OWNER:
        _keep_an_owner(session, operator)
    operators.note(
        session, by, "role_changed", operator.login, now, before=operator.role.value, after=role.value
    )
    operator.role = role
    return True


def disable(session: Session, operator_id: int, by: str, now: datetime) -> None:
    """Close an account and end its sessions; what its owner did stays known. Raises Conflict (last_owner)."""
    operator = _found(session, operator_id)
    if operator.disabled_at is not None:
        return
    if operator.role is Role.OWNER:
        _keep_an_owner(session, operator)
    operator.disabled_at = now
    operator.session_version += 1
    operators.note(session, by, "operator_disabled", operator.login, now)


def enable(session: Session, operator_id: int, by: str, now: datetime) -> str:
    """Open a closed account again and return its one-time password: who left may know the old one."""
    operator = _found(session, operator_id)
    operator.disabled_at = None
    operators.note(session, by, "operator_enabled", operator.login, now)
    session.flush()
    return operators.reset_password(session, operator.login, by, now)


def reset_password(session: Session, operator_id: int, by: str, now: datetime) -> str:
    """Return a one-time password for somebody who forgot theirs; their sessions end."""
    return operators.reset_password(session, _found(session, operator_id).login, by, now)


def end_sessions(session: Session, operator_id: int, by: str, now: datetime) -> None:
    """Log somebody out on every device, a lost phone for one."""
    operator = _found(session, operator_id)
    operator.session_version += 1
    operators.note(session, by, "sessions_ended", operator.login, now)


def _found(session: Session, operator_id: int) -> Operator:
    operator = session.get(Operator, operator_id)
    if operator is None:
        raise NotFound("operator_unknown")
    return operator


def _keep_an_owner(session: Session, leaving: Operator) -> None:
    """Refuse to leave the shop without an owner. Locks all of them: two who remove each other wait in line."""
    active = select(Operator.id).where(Operator.role == Role.OWNER, Operator.disabled_at.is_(None))
    owners = session.scalars(active.order_by(Operator.id).with_for_update()).all()
    if set(owners) <= {leaving.id}:
        raise Conflict("last_owner")
