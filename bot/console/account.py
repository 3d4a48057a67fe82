"""The operator's own page: name, password, the LINE that test sends go to, language, light or dark, log out everywhere."""

from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user

from bot import operators
from bot.console import friends_views
from bot.console.access import EVERYBODY, SESSION_ENDS_AFTER, current_operator, of_row, requires
from bot.console.page import THEME_COOKIE
from bot.i18n import N_
from bot.security import safe_next
from bot.services import current_services
from bot.words import explain
from segments.errors import Invalid

THEMES = {"light": N_("明るい"), "dark": N_("暗い"), "": N_("端末に合わせる")}
YEAR = timedelta(days=365)

blueprint = Blueprint("account", __name__, url_prefix="/console/account")


@blueprint.get("/")
@requires(*EVERYBODY)
def show() -> ResponseReturnValue:
    """Show the account, with friends found by `q` to choose one's own LINE from."""
    operator, search = current_operator(), request.args.get("q", "").strip()
    with current_services().database.reading() as database_session:
        own = friends_views.brief(database_session, operator.friend_id)
        found = friends_views.search(database_session, search).rows if search and operator.can_read else ()
    began = datetime.fromisoformat(session["started_at"])
    return render_template(
        "console/account.html",
        own=own,
        found=found,
        search=search,
        began=began,
        ends=began + SESSION_ENDS_AFTER,
        themes=THEMES,
    )


@blueprint.post("/theme")
@requires(*EVERYBODY)
def theme() -> ResponseReturnValue:
    """Show everything light or dark on this device, or as the device has it."""
    chosen = request.form.get("theme", "")
    answer = redirect(url_for("account.show"))
    if chosen not in THEMES:
        return answer
    secure = current_services().settings.base_url.startswith("https://")
    answer.set_cookie(
        THEME_COOKIE, chosen, max_age=YEAR if chosen else 0, httponly=True, samesite="Lax", secure=secure
    )
    flash(_("保存しました。"), "success")
    return answer


@blueprint.post("/")
@requires(*EVERYBODY)
def save() -> ResponseReturnValue:
    """Save the name and, when one was chosen, the LINE friend."""
    operator, services = current_operator(), current_services()
    chosen = request.form.get("friend_id", type=int) if operator.can_read else None
    forget = "forget_friend" in request.form
    friend_id = None if forget else chosen or operator.friend_id
    with services.database.begin() as database_session:
        if chosen and friends_views.brief(database_session, chosen) is None:
            friend_id = operator.friend_id
        operators.update_account(
            database_session,
            operator.id,
            name=request.form.get("name", operator.name),
            friend_id=friend_id,
            now=services.clock.now(),
        )
    flash(_("保存しました。"), "success")
    return redirect(safe_next(request.form.get("next")) or url_for("account.show"))


@blueprint.route("/password", methods=["GET", "POST"])
@requires(*EVERYBODY, before_password_change=True)
def password() -> ResponseReturnValue:
    """Change one's password; at the first log-in nothing else opens before."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = _change_password()
        if not errors:
            flash(_("パスワードを変更しました。"), "success")
            return redirect(url_for("home.show"))
    page = render_template("console/password.html", errors=errors)
    return page, 422 if errors else 200


def _change_password() -> dict[str, str]:
    services, operator, form = current_services(), current_operator(), request.form
    current, new, again = (form.get(f"{name}_password", "") for name in ("current", "new", "again"))
    if new != again:
        return {"again": _("新しいパスワードと一致しません。")}
    try:
        with services.database.begin() as database_session:
            operators.change_password(database_session, operator.id, current, new, services.clock.now())
            changed = operators.by_login(database_session, operator.login)
    except Invalid as error:
        return {"current" if error.code == "password_wrong" else "new": explain(error)}
    assert changed is not None
    login_user(of_row(changed))  # this session goes on under the new version
    return {}


@blueprint.post("/log-out-everywhere")
@requires(*EVERYBODY)
def log_out_everywhere() -> ResponseReturnValue:
    """End every session of this operator, this one too."""
    services = current_services()
    with services.database.begin() as database_session:
        operators.log_out_everywhere(database_session, current_operator().id, services.clock.now())
    session.clear()
    return redirect(url_for("auth.login"))
