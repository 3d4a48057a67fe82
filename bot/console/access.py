"""Who is logged in, and what each role may open."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec, cast

from flask import Flask, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user

from bot import operators
from bot.console.kept_form import ask_to_log_in
from bot.models import Operator, Role
from bot.services import current_services

P = ParamSpec("P")
SESSION_ENDS_AFTER = timedelta(days=7)
"""However busy: a cookie copied from a lost phone stops working by itself."""
IDLE_ENDS_AFTER = timedelta(hours=12)

ALLOWED_ROLES = "allowed_roles"
"""Marks a guarded view: a test asks every route for it."""

EVERYBODY = (Role.OWNER, Role.OPERATOR, Role.VIEWER, Role.TILL)
READERS = (Role.OWNER, Role.OPERATOR, Role.VIEWER)
SENDERS = (Role.OWNER, Role.OPERATOR)
OWNERS = (Role.OWNER,)
COUNTER = (Role.OWNER, Role.OPERATOR, Role.TILL)


@dataclass(frozen=True)
class CurrentOperator:
    """The operator of this request, detached from the database; what Flask-Login hands around."""

    id: int
    login: str
    name: str
    role: Role
    friend_id: int | None
    must_change_password: bool
    session_version: int
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Return what the cookie holds: raising the version in the database ends it."""
        return f"{self.id}:{self.session_version}"

    @property
    def can_send(self) -> bool:
        """Whether messages may leave at this operator's word."""
        return self.role in SENDERS

    @property
    def can_read(self) -> bool:
        """Whether friends and figures may be seen."""
        return self.role in READERS

    @property
    def can_serve(self) -> bool:
        """Whether the till's page may be used."""
        return self.role in COUNTER

    @property
    def actor(self) -> str:
        """How this operator is named in rows they caused."""
        return f"operator:{self.id}"


def of_row(operator: Operator) -> CurrentOperator:
    """Copy what a request needs from the operator's row."""
    return CurrentOperator(
        id=operator.id,
        login=operator.login,
        name=operator.name,
        role=operator.role,
        friend_id=operator.friend_id,
        must_change_password=operator.must_change_password,
        session_version=operator.session_version,
    )


def current_operator() -> CurrentOperator:
    """Return who is logged in; only for views behind `requires`."""
    return cast(CurrentOperator, current_user._get_current_object())  # noqa: SLF001 — Flask-Login's way


def requires(
    *roles: Role, before_password_change: bool = False
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Open a view to these roles only; others are asked to log in, or refused with 403."""

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return ask_to_log_in()
            operator = current_operator()
            if operator.must_change_password and not before_password_change:
                return redirect(url_for("account.password"))
            if operator.role not in roles:
                abort(403)
            return view(*args, **kwargs)

        setattr(guarded, ALLOWED_ROLES, frozenset(roles))
        return guarded

    return decorate


def start_session(operator: Operator, now: datetime) -> None:
    """Log in: an empty session, so that nothing planted before it survives, and the cookie's own dates."""
    language = session.get("language") or operator.language
    session.clear()
    session.permanent = True
    session["started_at"] = now.isoformat()
    if language:
        session["language"] = language
    login_user(of_row(operator))


def _load(cookie: str) -> CurrentOperator | None:
    number, _, version = cookie.partition(":")
    if not (number.isdigit() and version.isdigit()) or _is_over():
        return None
    with current_services().database.reading() as database_session:
        operator = operators.by_session(database_session, int(number), int(version))
    return of_row(operator) if operator else None


def _is_over() -> bool:
    started = session.get("started_at")
    return (
        not started or current_services().clock.now() - datetime.fromisoformat(started) > SESSION_ENDS_AFTER
    )


def register(app: Flask) -> None:
    """Let Flask-Login find the operator of each request."""
    app.config["PERMANENT_SESSION_LIFETIME"] = IDLE_ENDS_AFTER
    manager = LoginManager()
    # Binding a session to an address would log a phone out whenever it changes networks.
    manager.session_protection = None
    manager.init_app(app)
    manager.user_loader(_load)
    manager.unauthorized_handler(ask_to_log_in)


def here() -> str:
    """Return the path of this page with its query, to come back to."""
    return request.full_path.rstrip("?")
