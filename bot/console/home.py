"""The first page: how the shop's customers stand today."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from bot.console import home_views, scenarios_views
from bot.console.access import EVERYBODY, current_operator, requires
from bot.console.page import current_zone
from bot.i18n import current_language
from bot.services import current_services
from bot.words import DELIVERY_STATES

blueprint = Blueprint("home", __name__, url_prefix="/console")


@blueprint.get("/")
@requires(*EVERYBODY)
def show() -> ResponseReturnValue:
    """Show the pyramid and what waits; the till has a page of its own."""
    if not current_operator().can_read:
        return redirect(url_for("till.show"))
    services = current_services()
    with services.database.reading() as session:
        home = home_views.home(session, services.clock.now(), current_zone())
        alarms = scenarios_views.alarms(session, current_language())
    return render_template("console/home.html", home=home, alarms=alarms, delivery_states=DELIVERY_STATES)
