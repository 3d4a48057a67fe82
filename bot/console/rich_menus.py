"""Rich menus: designed from templates, looked at, copied, deleted; publishing is rich_menu_publishing."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import rich_menu_form as forms
from bot.console import rich_menus_views as views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.rich_menu_pages import form, own_name, save_form
from bot.line import menu_designs, menu_picture, richmenus
from bot.line.menu_designs import Draft
from bot.line.menu_layouts import LAYOUTS
from bot.line.menu_picture import BYTES_MOST, PALETTES
from bot.services import current_services
from bot.words import explain
from segments.errors import Conflict, Invalid, KokyakuError

blueprint = Blueprint("rich_menus", __name__, url_prefix="/console/rich-menus")
PREVIEW_WIDTH = 750
PNG = "image/png"


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show who sees which menu, and all designs."""
    with current_services().database.reading() as session:
        shown = views.shown(session)
        designs = menu_designs.every(session)
        named = forms.targets(session)
    in_use = {each.design_id for each in shown}
    return render_template(
        "console/rich_menus.html", shown=shown, designs=designs, named=named, in_use=in_use
    )


@blueprint.get("/new")
@requires(*SENDERS)
def new() -> ResponseReturnValue:
    """Show the form of a new menu."""
    return form(None, forms.values(forms.new_draft()))


@blueprint.get("/<int:design_id>")
@requires(*READERS)
def edit(design_id: int) -> ResponseReturnValue:
    """Show a menu in its form, with its picture and where it is shown."""
    with current_services().database.reading() as session:
        given = forms.values(menu_designs.draft_of(menu_designs.get(session, design_id)))
    return form(design_id, given)


@blueprint.post("/new")
@requires(*SENDERS)
def create() -> ResponseReturnValue:
    """Save a new menu."""
    return save_form(None)


@blueprint.post("/<int:design_id>")
@requires(*SENDERS)
def save(design_id: int) -> ResponseReturnValue:
    """Save a menu; friends see nothing of it before it is published."""
    return save_form(design_id)


@blueprint.post("/preview")
@requires(*SENDERS)
def preview() -> ResponseReturnValue:
    """Draw what stands in the form, small; 422 while something in it cannot be drawn."""
    draft = forms.read(request.form)
    if draft.layout not in LAYOUTS or draft.palette not in PALETTES:
        return Response(status=422)
    areas = [views.drawable(area) for area in draft.areas]
    content = menu_picture.drawn(draft.division, areas, PALETTES[draft.palette], PREVIEW_WIDTH)
    return Response(content, content_type=PNG)


@blueprint.get("/<int:design_id>/picture")
@requires(*READERS)
def picture(design_id: int) -> ResponseReturnValue:
    """Return a menu's picture: the operator's own as it is, ours as large as asked."""
    with current_services().database.reading() as session:
        found = views.picture(menu_designs.get(session, design_id), PREVIEW_WIDTH)
    return Response(found.content, content_type=found.content_type)


@blueprint.get("/shipped-picture")
@requires(*READERS)
def shipped_picture() -> ResponseReturnValue:
    """Return the picture of the menu that comes with the program."""
    return Response(richmenus.default_design().image, content_type=PNG)


@blueprint.get("/template/<layout>.svg")
@requires(*READERS)
def template(layout: str) -> ResponseReturnValue:
    """Return a drawing of a layout's areas, to draw one's own picture over."""
    found = LAYOUTS.get(layout, next(iter(LAYOUTS.values())))
    body = render_template("richmenu/template.svg", layout=found, width=menu_picture.WIDTH)
    response = Response(body, content_type="image/svg+xml")
    response.headers["Content-Disposition"] = f'attachment; filename="richmenu-{found.key}.svg"'
    return response


@blueprint.post("/<int:design_id>/own-picture")
@requires(*SENDERS)
def own_picture(design_id: int) -> ResponseReturnValue:
    """Take a picture of the operator's own, or go back to ours."""
    services, operator = current_services(), current_operator()
    now, given = services.clock.now(), request.files.get("picture")
    drawn_again = request.form.get("ours") == "1"
    content = given.read(BYTES_MOST + 1) if given and not drawn_again else b""
    try:
        if not drawn_again and not content:
            raise Invalid("menu_picture_missing")
        with services.database.begin() as session:
            menu_designs.put_picture(session, design_id, None if drawn_again else content, own_name(), now)
            operators.note(
                session, operator.actor, "rich_menu_picture", str(design_id), now, own=not drawn_again
            )
    except Invalid as error:
        with services.database.reading() as session:
            values = forms.values(menu_designs.draft_of(menu_designs.get(session, design_id)))
        return form(design_id, values, {"picture": explain(error)}, 422)
    flash(_("画像を元に戻しました。") if drawn_again else _("画像を保存しました。"), "success")
    return redirect(url_for("rich_menus.edit", design_id=design_id))


own_picture.takes_upload = True  # pyright: ignore[reportFunctionMemberAccess] — asked for by bot.security


@blueprint.post("/<int:design_id>/copy")
@requires(*SENDERS)
def copy(design_id: int) -> ResponseReturnValue:
    """Make a new menu out of this one."""
    services = current_services()
    with services.database.begin() as session:
        draft = menu_designs.draft_of(menu_designs.get(session, design_id))
        made = _copied(session, draft)
    flash(_("コピーを作りました。"), "success")
    return redirect(url_for("rich_menus.edit", design_id=made))


def _copied(session: Session, draft: Draft) -> int:
    room = menu_designs.NAME_LONGEST - len(_("%(name)s のコピー", name=""))
    name = _("%(name)s のコピー", name=draft.name[:room])
    fresh = Draft(name, draft.layout, draft.palette, draft.chat_bar_text, draft.opens, draft.areas)
    return menu_designs.save(session, None, fresh, own_name(), current_services().clock.now()).id


@blueprint.post("/<int:design_id>/remove")
@requires(*SENDERS)
def remove(design_id: int) -> ResponseReturnValue:
    """Delete a menu that nobody sees; what it said stays in the log."""
    services, operator = current_services(), current_operator()
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            kept = menu_designs.get(session, design_id).areas
            name = menu_designs.remove(session, design_id)
            operators.note(
                session, operator.actor, "rich_menu_removed", str(design_id), now, name=name, areas=kept
            )
    except Conflict as error:
        return _said(error)
    flash(_("「%(name)s」を削除しました。", name=name), "success")
    return redirect(url_for("rich_menus.index"))


def _said(error: KokyakuError) -> ResponseReturnValue:
    flash(explain(error), "warning")
    return redirect(url_for("rich_menus.index"))
