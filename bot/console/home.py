"""The first page: how the shop's customers stand today."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from bot.console import first_steps_views, home_alarms, home_next, home_views, targets_views
from bot.console.access import EVERYBODY, current_operator, requires
from bot.console.page import current_zone
from bot.services import current_services
from bot.words import BROADCAST_STATES, DELIVERY_STATES

blueprint = Blueprint("home", __name__, url_prefix="/console")


@blueprint.get("/")
@requires(*EVERYBODY)
def show() -> ResponseReturnValue:
    """Show the pyramid and what waits; the till has a page of its own."""
    if not current_operator().can_read:
        return redirect(url_for("till.show"))
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        home = home_views.home(session, now, current_zone())
        alarms = home_alarms.alarms(session, now)
        goals = targets_views.goals(session, now, current_zone())
        things = home_next.next_things(session, home, now, may_send=current_operator().can_send)
        first_steps_open = current_operator().can_send and first_steps_views.is_unfinished(
            session, services.settings, current_operator().id
        )
    return render_template(
        "console/home.html",
        home=home,
        alarms=alarms,
        first_steps_open=first_steps_open,
        goals=goals,
        things=things,
        delivery_states=DELIVERY_STATES,
        broadcast_states=BROADCAST_STATES,
    )
