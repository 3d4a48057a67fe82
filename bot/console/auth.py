"""The doors: log in, log out, choose a language."""

from datetime import timedelta
from math import ceil
from typing import cast

from flask import Blueprint, Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue, RouteCallable
from flask_babel import gettext as _
from flask_babel import refresh
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user, logout_user

from bot import operators
from bot.console import kept_form
from bot.console.access import EVERYBODY, current_operator, requires, start_session
from bot.i18n import LANGUAGES
from bot.operators import LoginRefused
from bot.security import safe_next
from bot.services import current_services

blueprint = Blueprint("auth", __name__, url_prefix="/console")

TRIES_PER_MINUTE = "20 per minute"
"""For one address and process, before the database is asked; the lasting count is bot.login_attempts."""


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """Show the log-in form; who is logged in already goes on."""
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")) or url_for("home.show"))
    return kept_form.login_page(next_page=safe_next(request.args.get("next")), kept=[])


@blueprint.post("/login")
def log_in() -> ResponseReturnValue:
    """Check login and password; then on to the page that was wanted, with the form that was kept."""
    services = current_services()
    now = services.clock.now()
    next_page, kept = safe_next(request.form.get("next")), kept_form.read(request.form.get("kept"))
    name, password = request.form.get("login", ""), request.form.get("password", "")
    outcome = operators.authenticate(services.database, name, password, request.remote_addr or "", now)
    if isinstance(outcome, LoginRefused):
        status = 429 if outcome.wait else 401
        return kept_form.login_page(
            next_page=next_page, kept=kept, status=status, error=_why(outcome.wait), login=name[:64]
        )
    start_session(outcome, now)
    refresh()
    if kept and next_page and not outcome.must_change_password:
        return kept_form.resume_page(next_page, kept)
    return redirect(next_page or url_for("home.show"))


def _why(wait: timedelta | None) -> str:
    if wait is None:
        return _("ログイン名またはパスワードが違います。")
    minutes = ceil(wait.total_seconds() / 60)
    return _(
        "ログインの失敗が続いたため、お待ちいただいています。%(minutes)s分ほどしてから、もう一度お試しください。",
        minutes=minutes,
    )


@blueprint.post("/logout")
@requires(*EVERYBODY, before_password_change=True)
def log_out() -> ResponseReturnValue:
    """End this session."""
    logout_user()
    session.clear()
    return redirect(url_for("auth.login"))


@blueprint.post("/language")
def language() -> ResponseReturnValue:
    """Show everything in another language, now and at the next log-in."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        session["language"] = chosen
        if current_user.is_authenticated:
            with current_services().database.begin() as database_session:
                operators.choose_language(database_session, current_operator().id, chosen)
    return redirect(safe_next(request.form.get("next")) or url_for("home.show"))


def register(app: Flask) -> None:
    """Add the doors and slow down who knocks too often."""
    app.register_blueprint(blueprint)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", headers_enabled=False)
    guarded = limiter.limit(TRIES_PER_MINUTE)(app.view_functions["auth.log_in"])
    app.view_functions["auth.log_in"] = cast(RouteCallable, guarded)
