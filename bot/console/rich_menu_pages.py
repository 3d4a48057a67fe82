"""The form of a rich menu: shown, saved, or shown again with what must be mended."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import rich_menu_form as forms
from bot.console import rich_menus_views as views
from bot.console.access import current_operator
from bot.line import menu_designs
from bot.line.menu_areas import Does
from bot.line.menu_layouts import AREAS_MOST, LAYOUTS
from bot.line.menu_picture import BYTES_MOST
from bot.services import current_services
from bot.words import explain
from segments.errors import Invalid


def form(
    design_id: int | None, given: dict[str, str], errors: dict[str, str] | None = None, status: int = 200
) -> ResponseReturnValue:
    """Show a menu in its form, with what must be mended; `design_id` None for a new one."""
    known: dict[str, Any] = {"design": None, "shown": [], "named": {}}
    with current_services().database.reading() as session:
        if design_id is not None:
            known["design"] = menu_designs.get(session, design_id)
            known["shown"] = [each for each in views.shown(session) if each.design_id == design_id]
        known["named"] = forms.targets(session)
    page = render_template(
        "console/rich_menu.html",
        given=given,
        errors=errors or {},
        layouts=LAYOUTS,
        areas_most=AREAS_MOST,
        does=list(Does),
        forms=forms,
        megabytes=BYTES_MOST // 1024 // 1024,
        bar_limit=menu_designs.BAR_LONGEST,
        **known,
    )
    return page, status


def _explained(wrong: dict[str, Invalid]) -> dict[str, str]:
    return {field: explain(error) for field, error in wrong.items()}


def save_form(design_id: int | None) -> ResponseReturnValue:
    """Save what was sent, or show it again with what must be mended."""
    services, operator = current_services(), current_operator()
    draft, now = forms.read(request.form), services.clock.now()
    if wrong := menu_designs.problems(draft):
        return form(design_id, dict(request.form), _explained(wrong), 422)
    with services.database.begin() as session:
        design = menu_designs.save(session, design_id, draft, own_name(), now)
        operators.note(session, operator.actor, "rich_menu_saved", str(design.id), now, name=design.name)
        saved = design.id
    flash(_("メニューを保存しました。公開すると友だちに表示されます。"), "success")
    return redirect(url_for("rich_menus.edit", design_id=saved))


def own_name() -> str:
    """Return the operator's name, as it stands beside what they made."""
    operator = current_operator()
    return (operator.name or operator.login)[:64]
