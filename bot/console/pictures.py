"""The shop's pictures: uploaded, looked at with where each is used, deleted when nothing says them any more."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from bot import operators, picture_addresses, picture_uses, pictures
from bot.console import picture_fields, pictures_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.pictures import Kept
from bot.services import current_services
from bot.words import explain
from segments.errors import Conflict, Invalid

blueprint = Blueprint("pictures", __name__, url_prefix="/console/pictures")


@blueprint.app_template_filter("shown_picture")
def shown_picture(address: str) -> str:
    """Return where a page of ours finds a picture, ours or anybody's."""
    return picture_addresses.on_page(address)


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List pictures, the newest first, with where each is used."""
    return _page([])


def _page(errors: list[str]) -> ResponseReturnValue:
    services, asked = current_services(), request.args
    unused = asked.get("which") == "unused"
    with services.database.reading() as session:
        found = pictures_views.page(session, asked.get("before", type=int), unused=unused)
        count, size = pictures.room(session)
    page = render_template(
        "console/pictures.html",
        found=found,
        unused=unused,
        count=count,
        size=size,
        errors=errors,
        pictures_reach=picture_fields.is_reachable(services.settings),
    )
    return page, 422 if errors else 200


@blueprint.post("/")
@requires(*SENDERS)
def add() -> ResponseReturnValue:
    """Keep the pictures that were chosen; those that cannot be kept are told by name."""
    chosen = [each for each in request.files.getlist("picture") if each.filename]
    if not chosen:
        return _page([explain(Invalid("picture_missing"))])
    added = [_added(each) for each in chosen]
    errors = [each for each in added if isinstance(each, str)]
    kept = [each for each in added if isinstance(each, Kept)]
    if new := sum(each.is_new for each in kept):
        flash(_("画像をアップロードしました（%(count)s枚）。", count=new), "success")
    there = [each.picture.name for each in kept if not each.is_new]
    if there:
        flash(_("同じ画像がすでにあります：%(names)s", names="、".join(there)), "info")
    return _page(errors) if errors else redirect(url_for("pictures.index"))


def _added(upload: FileStorage) -> Kept | str:
    """Keep one picture; return what is wrong with it when something is."""
    try:
        return picture_fields.take(current_services(), upload, current_operator().actor)
    except Invalid as error:
        return f"{upload.filename}: {explain(error)}"


@blueprint.post("/upload")
@requires(*SENDERS)
def upload() -> ResponseReturnValue:
    """Keep the picture of one field of a form, and return what the field shows from now on."""
    given = request.files.get("picture")
    try:
        if given is None:
            raise Invalid("picture_missing")
        kept = picture_fields.take(current_services(), given, current_operator().actor)
    except Invalid as error:
        return jsonify(error=explain(error)), 422
    picture = picture_fields.shown(kept.picture)
    html = render_template(
        "console/_picture_chosen.html", picture=picture, name=request.form.get("field", "")
    )
    return jsonify(address=picture.address, html=html)


# Asked for by bot.security.
for _view in (add, upload):
    _view.takes_upload = picture_fields.REQUEST_MOST  # pyright: ignore[reportFunctionMemberAccess]


@blueprint.get("/<int:picture_id>")
@requires(*READERS)
def show(picture_id: int) -> ResponseReturnValue:
    """Show a picture, where it is used, and its addresses."""
    services = current_services()
    with services.database.reading() as session:
        found = pictures_views.one(session, picture_id, services.settings)
    return render_template("console/picture.html", found=found, places=picture_uses.Place)


@blueprint.post("/<int:picture_id>/remove")
@requires(*SENDERS)
def remove(picture_id: int) -> ResponseReturnValue:
    """Delete a picture that nothing says any more."""
    services, actor = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            picture = pictures.get(session, picture_id)
            pictures.remove(session, picture)
            operators.note(session, actor, "picture_removed", str(picture_id), now, name=picture.name)
            name = picture.name
    except Conflict as error:
        flash(explain(error), "warning")
        return redirect(url_for("pictures.show", picture_id=picture_id))
    flash(_("「%(name)s」を削除しました。", name=name), "success")
    return redirect(url_for("pictures.index"))
