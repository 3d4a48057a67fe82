"""The kill switch: everything stopped with one button, and started again; who did it, and when."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.actors import actor_name
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.services import current_services
from bot.words import explain
from scheduler import kill_switch
from segments.errors import KokyakuError

blueprint = Blueprint("stopping", __name__, url_prefix="/console/stop")
SHOWN = 20


@blueprint.get("/")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """Show whether everything stands still, the button, and who turned it before."""
    return _page()


def _page(wrong: str = "", status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        turns = kill_switch.turns(session)[:SHOWN]
        names = {turn.by: actor_name(session, turn.by) for turn in turns}
        stopped = kill_switch.is_stopped(session)
    page = render_template(
        "console/stop.html",
        stopped=stopped,
        turns=turns,
        names=names,
        wrong=wrong,
        reason=request.form.get("reason", ""),
        limit=kill_switch.REASON_LIMIT,
    )
    return page, status


@blueprint.post("/")
@requires(*SENDERS)
def stop() -> ResponseReturnValue:
    """Let nothing more leave."""
    now, by = current_services().clock.now(), current_operator().actor
    reason = request.form.get("reason", "").strip()
    try:
        with current_services().database.begin() as session:
            kill_switch.stop_everything(session, by, now, reason)
            operators.note(session, by, "everything_stopped", "", now)
    except KokyakuError as error:
        return _page(explain(error), 422)
    return redirect(url_for("stopping.show"))


@blueprint.post("/start")
@requires(*SENDERS)
def start() -> ResponseReturnValue:
    """Let everything go on where it stood."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            kill_switch.start_again(session, services.queue, by, now)
            operators.note(session, by, "everything_started", "", now)
    except KokyakuError as error:
        flash(explain(error), "warning")
    else:
        flash(_("配信を再開しました。続きから送信し、同じ友だちに2回届くことはありません。"), "success")
    return redirect(url_for("stopping.show"))
