"""The staff: invited with a one-time password, given a role, closed, logged out."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import staff
from bot.console import staff_views
from bot.console.access import OWNERS, current_operator, requires
from bot.console.staff_views import Member
from bot.console.typed import Typed
from bot.i18n import N_
from bot.models import Role
from bot.services import current_services
from bot.words import explain
from segments.errors import Conflict, KokyakuError

blueprint = Blueprint("staff", __name__, url_prefix="/console/settings/staff")

ROLE_MEANS = {
    Role.OWNER: N_("すべての操作。スタッフ・APIキー・操作の記録も扱います。"),
    Role.OPERATOR: N_("配信・返信・設定の変更。スタッフの管理だけはできません。"),
    Role.VIEWER: N_("見るだけ。送信や変更はできません。"),
    Role.TILL: N_("レジの画面だけ。友だちの一覧や数字は見えません。"),
}
FIELD_OF = {"login_malformed": "login", "login_taken": "login"}


@blueprint.get("/")
@requires(*OWNERS)
def index() -> ResponseReturnValue:
    """List who may log in, with a form to invite one more."""
    return _page(Typed({"role": Role.OPERATOR.value}))


@blueprint.post("/")
@requires(*OWNERS)
def invite() -> ResponseReturnValue:
    """Add somebody and show their one-time password, this once."""
    services, form = current_services(), Typed(request.form.to_dict())
    role = _role(form)
    if form.errors:
        return _page(form, 422)
    try:
        with services.database.begin() as session:
            password = staff.invite(
                session,
                form.text("login"),
                form.text("name"),
                role,
                current_operator().actor,
                services.clock.now(),
            )
    except KokyakuError as error:
        form.add(FIELD_OF.get(error.code, ""), explain(error))
        return _page(form, 422)
    return _password_page(form.text("login").casefold(), password, is_new=True)


@blueprint.get("/<int:operator_id>")
@requires(*OWNERS)
def show(operator_id: int) -> ResponseReturnValue:
    """Show one of the staff, with everything that can be done about them."""
    return render_template(
        "console/staff_member.html", member=_one(operator_id), roles=list(Role), means=ROLE_MEANS
    )


@blueprint.post("/<int:operator_id>/role")
@requires(*OWNERS)
def change_role(operator_id: int) -> ResponseReturnValue:
    """Give them another role."""
    role = _role(Typed(request.form.to_dict()))
    return _act(
        operator_id,
        lambda session, by: staff.change_role(session, operator_id, role, by, current_services().clock.now()),
        _("役割を変更しました。"),
    )


@blueprint.post("/<int:operator_id>/disable")
@requires(*OWNERS)
def disable(operator_id: int) -> ResponseReturnValue:
    """Close their account; it can be opened again."""
    return _act(
        operator_id,
        lambda session, by: staff.disable(session, operator_id, by, current_services().clock.now()),
        _("利用を停止しました。いまのログインもすべて終わります。"),
    )


@blueprint.post("/<int:operator_id>/enable")
@requires(*OWNERS)
def enable(operator_id: int) -> ResponseReturnValue:
    """Open a closed account, with a new one-time password."""
    services, by = current_services(), current_operator().actor
    with services.database.begin() as session:
        password = staff.enable(session, operator_id, by, services.clock.now())
    return _password_page(_one(operator_id).login, password)


@blueprint.post("/<int:operator_id>/password")
@requires(*OWNERS)
def reset_password(operator_id: int) -> ResponseReturnValue:
    """Show a new one-time password for them, this once."""
    services, by = current_services(), current_operator().actor
    with services.database.begin() as session:
        password = staff.reset_password(session, operator_id, by, services.clock.now())
    return _password_page(_one(operator_id).login, password)


@blueprint.post("/<int:operator_id>/log-out")
@requires(*OWNERS)
def end_sessions(operator_id: int) -> ResponseReturnValue:
    """Log them out on every device."""
    return _act(
        operator_id,
        lambda session, by: staff.end_sessions(session, operator_id, by, current_services().clock.now()),
        _("すべての端末からログアウトさせました。"),
    )


def _act(operator_id: int, act: Callable[[Session, str], object], done: str) -> ResponseReturnValue:
    try:
        with current_services().database.begin() as session:
            act(session, current_operator().actor)
    except Conflict as error:
        flash(explain(error), "warning")
    else:
        flash(done, "success")
    return redirect(url_for("staff.show", operator_id=operator_id))


def _role(form: Typed) -> Role:
    try:
        return Role(form.text("role"))
    except ValueError:
        form.add("role", _("役割を選んでください。"))
        return Role.VIEWER


def _one(operator_id: int) -> Member:
    with current_services().database.reading() as session:
        return staff_views.one(session, operator_id)


def _password_page(login: str, password: str, *, is_new: bool = False) -> ResponseReturnValue:
    address = current_services().settings.base_url + url_for("auth.login")
    return render_template(
        "console/staff_password.html", login=login, password=password, address=address, is_new=is_new
    )


def _page(form: Typed, status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        members = staff_views.everyone(session)
    page = render_template(
        "console/staff.html", members=members, form=form, roles=list(Role), means=ROLE_MEANS
    )
    return page, status
