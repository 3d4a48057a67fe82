"""Keys of the shop's other systems: made and shown once, revoked after one more question."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import api_keys, operators
from bot.console.access import OWNERS, current_operator, requires
from bot.console.typed import Typed
from bot.services import current_services
from bot.words import explain
from segments.errors import KokyakuError, NotFound

blueprint = Blueprint("api_keys", __name__, url_prefix="/console/settings/api-keys")


@blueprint.get("/")
@requires(*OWNERS)
def index() -> ResponseReturnValue:
    """List the keys, with a form to make one."""
    return _page(Typed({}))


@blueprint.post("/")
@requires(*OWNERS)
def create() -> ResponseReturnValue:
    """Make a key and show it, this once."""
    services, form = current_services(), Typed(request.form.to_dict())
    name, now = form.text("name"), services.clock.now()
    try:
        with services.database.begin() as session:
            key = api_keys.add(session, name, now)
            operators.note(session, current_operator().actor, "api_key_added", name[:128], now)
    except KokyakuError as error:
        form.add("name", explain(error))
        return _page(form, 422)
    return render_template("console/api_key.html", key=key, name=name, address=_address())


@blueprint.get("/<int:key_id>/revoke")
@requires(*OWNERS)
def ask_revoke(key_id: int) -> ResponseReturnValue:
    """Ask once more: whoever uses the key is shut out at once."""
    with current_services().database.reading() as session:
        key = api_keys.one(session, key_id)
        if key.revoked_at is not None:
            return redirect(url_for("api_keys.index"))
        name, last_used_at = key.name, key.last_used_at
    return render_template("console/api_key_revoke.html", key_id=key_id, name=name, last_used_at=last_used_at)


@blueprint.post("/<int:key_id>/revoke")
@requires(*OWNERS)
def revoke(key_id: int) -> ResponseReturnValue:
    """Take the key no longer."""
    services = current_services()
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            name = api_keys.one(session, key_id).name
            api_keys.revoke(session, key_id, now)
            operators.note(session, current_operator().actor, "api_key_revoked", name[:128], now)
    except NotFound as error:
        flash(explain(error), "warning")
    else:
        flash(_("APIキー「%(name)s」を無効にしました。", name=name), "success")
    return redirect(url_for("api_keys.index"))


def _page(form: Typed, status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        keys = api_keys.everyone(session)
        page = render_template("console/api_keys.html", keys=keys, form=form, address=_address())
    return page, status


def _address() -> str:
    return current_services().settings.base_url + "/api/v1/"
