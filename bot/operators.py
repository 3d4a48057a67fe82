"""Accounts of the people who run the shop: made, proved, changed, closed."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from bot import login_attempts, passwords
from bot.models import AuditEntry, Operator, Role
from segments.db import Database
from segments.errors import Conflict, Invalid, NotFound
from segments.upsert import insert_ignore

FIRST_LOGIN = "owner"
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")


@dataclass(frozen=True)
class LoginRefused:
    """A log-in that failed; `wait` says how long no further try is taken."""

    wait: timedelta | None = None


def create(session: Session, login: str, name: str, role: Role, password: str | None, now: datetime) -> str:
    """Add an operator and return the password, a one-time one when none is given.

    Raises Invalid (login_malformed, password_…) and Conflict (login_taken).
    """
    login = _proper(login)
    if password is not None:
        passwords.check(password, login)
    given = password or passwords.one_time()
    row = _row(login, name, role, given, now) | {"must_change_password": password is None}
    if not insert_ignore(session, Operator, [row]):
        raise Conflict("login_taken", login=login)
    return given


def first_operator(session: Session, now: datetime) -> tuple[str, str] | None:
    """Make the owner of a new installation; return (login, one-time password), or None when there is anybody."""
    if session.scalar(select(Operator.id).limit(1)) is not None:
        return None
    password = passwords.one_time()
    row = _row(FIRST_LOGIN, "", Role.OWNER, password, now) | {"must_change_password": True}
    return (FIRST_LOGIN, password) if insert_ignore(session, Operator, [row]) else None


def _proper(login: str) -> str:
    login = login.strip().casefold()
    if not LOGIN.fullmatch(login):
        raise Invalid("login_malformed")
    return login


def _row(login: str, name: str, role: Role, password: str, now: datetime) -> dict[str, object]:
    return {
        "login": login,
        "name": name,
        "role": role,
        "password_hash": passwords.hashed(password),
        "session_version": 1,
        "created_at": now,
    }


def authenticate(
    database: Database, login: str, password: str, address: str, now: datetime
) -> Operator | LoginRefused:
    """Return who logs in, or why nobody does; never tells whether the login exists.

    Takes the database, not a session: the try is committed before the slow check, which holds no lock.
    """
    # PostgreSQL takes no NUL, and nobody's login has one.
    login = login.replace("\x00", "").strip().casefold()[:64]
    address = address[:64]
    with database.begin() as session:
        # Locked, so that a hundred tries at once are counted one after the other.
        operator = session.scalar(_active(login).with_for_update())
        wait = login_attempts.wait(session, login, address, now)
        if wait:
            return LoginRefused(wait)
        login_attempts.note(session, login, address, now)
    known = operator.password_hash if operator else passwords.hash_of_nobody()
    if not passwords.proves(known, password) or operator is None:
        return LoginRefused()
    with database.begin() as session:
        login_attempts.forget(session, login)
        _renew_hash(session, operator, password)
        note(session, operator.login, "logged_in", "", now)
    return operator


def _renew_hash(session: Session, operator: Operator, password: str) -> None:
    if passwords.outdated(operator.password_hash):
        renewed = update(Operator).where(Operator.id == operator.id)
        session.execute(renewed.values(password_hash=passwords.hashed(password)))


def by_login(session: Session, login: str) -> Operator | None:
    """Return the operator of that login who may log in."""
    return session.scalar(_active(login))


def _active(login: str) -> Select[Operator]:
    return select(Operator).where(Operator.login == login, Operator.disabled_at.is_(None))


def by_session(session: Session, operator_id: int, session_version: int) -> Operator | None:
    """Return the operator a log-in cookie stands for; None once they were logged out everywhere."""
    return session.scalar(
        select(Operator).where(
            Operator.id == operator_id,
            Operator.session_version == session_version,
            Operator.disabled_at.is_(None),
        )
    )


def senders(session: Session) -> int:
    """Count the operators at whose word messages may leave."""
    may_send = (Operator.role.in_((Role.OWNER, Role.OPERATOR)), Operator.disabled_at.is_(None))
    return session.scalar(select(func.count()).select_from(Operator).where(*may_send)) or 0


def everyone(session: Session) -> list[Operator]:
    """Return all operators in the order of their logins."""
    return list(session.scalars(select(Operator).order_by(Operator.login)))


def change_password(session: Session, operator_id: int, current: str, new: str, now: datetime) -> int:
    """Set an operator's own password and return the new session version: every other session ends.

    Raises Invalid (password_wrong, password_same, password_…).
    """
    operator = _found(session, operator_id)
    if not passwords.proves(operator.password_hash, current):
        raise Invalid("password_wrong")
    if current == new:
        raise Invalid("password_same")
    passwords.check(new, operator.login)
    _set_password(operator, new, must_change=False)
    note(session, operator.login, "password_changed", "", now)
    return operator.session_version


def reset_password(session: Session, login: str, by: str, now: datetime) -> str:
    """Give an operator a one-time password, which ends their sessions, and return it."""
    operator = by_login(session, _proper(login))
    if operator is None:
        raise NotFound("operator_unknown", login=login)
    password = passwords.one_time()
    _set_password(operator, password, must_change=True)
    login_attempts.forget(session, operator.login)
    note(session, by, "password_reset", operator.login, now)
    return password


def log_out_everywhere(session: Session, operator_id: int, now: datetime) -> None:
    """End every session of an operator."""
    operator = _found(session, operator_id)
    operator.session_version += 1
    note(session, operator.login, "logged_out_everywhere", "", now)


def update_account(
    session: Session, operator_id: int, *, name: str, friend_id: int | None, now: datetime
) -> None:
    """Set an operator's own name and the LINE friend that test sends go to."""
    operator = _found(session, operator_id)
    operator.name, operator.friend_id = name.strip()[:128], friend_id
    note(session, operator.login, "account_changed", "", now)


def choose_language(session: Session, operator_id: int, language: str) -> None:
    """Remember the language an operator works in."""
    _found(session, operator_id).language = language


def note(session: Session, actor: str, action: str, subject: str, now: datetime, **details: object) -> None:
    """Write down who did what; never a password, a key or what a friend wrote."""
    session.add(AuditEntry(at=now, actor=actor, action=action, subject=subject, details=dict(details)))


def _found(session: Session, operator_id: int) -> Operator:
    operator = session.get(Operator, operator_id)
    if operator is None:
        raise NotFound("operator_unknown")
    return operator


def _set_password(operator: Operator, password: str, *, must_change: bool) -> None:
    operator.password_hash = passwords.hashed(password)
    operator.must_change_password = must_change
    operator.session_version += 1
