"""Publishing a rich menu for everybody or for some, and taking it back: asked first, with the number of people."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import rich_menu_form as forms
from bot.console import rich_menus_views as views
from bot.console.access import SENDERS, current_operator, requires
from bot.line import menu_designs, menu_targets, richmenus
from bot.line.ports import RichMenuGateway
from bot.services import current_services
from scheduler.gateway import GatewayError

blueprint = Blueprint("rich_menu_publishing", __name__, url_prefix="/console/rich-menus")


@blueprint.get("/<int:design_id>/publish")
@requires(*SENDERS)
def ask_publish(design_id: int) -> ResponseReturnValue:
    """Ask for whom, and say how many that is and what is replaced."""
    return _ask(design_id)


def _ask(design_id: int, error: str = "", status: int = 200) -> ResponseReturnValue:
    key = request.values.get("key", "")
    with current_services().database.reading() as session:
        named = forms.targets(session)
        key = key if key in named else menu_targets.DEFAULT
        design = menu_designs.get(session, design_id)
        people = menu_targets.people(session, key)
        replaced = next((each for each in views.shown(session) if each.key == key), None)
    page = render_template(
        "console/rich_menu_publish.html",
        design=design,
        named=named,
        key=key,
        people=people,
        replaced=replaced,
        error=error,
    )
    return page, status


@blueprint.post("/<int:design_id>/publish")
@requires(*SENDERS)
def publish(design_id: int) -> ResponseReturnValue:
    """Bring the menu to LINE and have its friends linked to it."""
    services = current_services()
    key, now = request.form.get("key", ""), services.clock.now()
    assert isinstance(services.gateway, RichMenuGateway)
    try:
        richmenus.publish(services.database, services.gateway, services.queue, design_id, key, now)
    except GatewayError as error:
        return _ask(design_id, views.gateway_words(error), 422)
    _noted("rich_menu_published", design_id, key=key)
    flash(_("メニューを公開しました。友だちの画面には、順に表示されます。"), "success")
    return redirect(url_for("rich_menus.index"))


@blueprint.get("/take-back")
@requires(*SENDERS)
def ask_take_back() -> ResponseReturnValue:
    """Say who would no longer see a menu."""
    return _ask_back(request.args.get("key", ""))


def _ask_back(key: str, error: str = "", status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        found = views.one_shown(session, key)
        named = forms.targets(session)
        people = menu_targets.people(session, key)
    page = render_template("console/rich_menu_back.html", each=found, named=named, people=people, error=error)
    return page, status


@blueprint.post("/take-back")
@requires(*SENDERS)
def take_back() -> ResponseReturnValue:
    """Show a menu no longer."""
    services = current_services()
    key, now = request.form.get("key", ""), services.clock.now()
    assert isinstance(services.gateway, RichMenuGateway)
    try:
        richmenus.take_back(services.database, services.gateway, services.queue, key, now)
    except GatewayError as error:
        return _ask_back(key, views.gateway_words(error), 422)
    _noted("rich_menu_taken_back", 0, key=key)
    flash(_("メニューの公開をやめました。"), "success")
    return redirect(url_for("rich_menus.index"))


def _noted(action: str, design_id: int, **details: object) -> None:
    services, operator = current_services(), current_operator()
    with services.database.begin() as session:
        operators.note(session, operator.actor, action, str(design_id or ""), services.clock.now(), **details)
