"""The data page: everything exported as one file, and the way to a friend's erasure."""

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot import exporting, operators
from bot.actors import actor_name
from bot.console import friends_views
from bot.console.access import OWNERS, current_operator, requires
from bot.models import ExportState
from bot.services import current_services
from bot.words import explain
from segments.errors import Conflict
from segments.friend_choice import LONGEST_WORDS

blueprint = Blueprint("data", __name__, url_prefix="/console/data")
SHOWN = 20
"""Friends found at most."""


@blueprint.get("/")
@requires(*OWNERS)
def show() -> ResponseReturnValue:
    """Show the last exports, and the friends a search found."""
    words, now = request.args.get("q", "").strip()[:LONGEST_WORDS], current_services().clock.now()
    with current_services().database.reading() as session:
        exports = [(each, actor_name(session, each.asked_by)) for each in exporting.lately(session)]
        found = friends_views.search(session, words).rows[:SHOWN] if words else ()
    newest = exports[0][0] if exports else None
    running = newest if newest is not None and newest.state is ExportState.RUNNING else None
    return render_template(
        "console/data.html", exports=exports, running=running, words=words, found=found, now=now
    )


@blueprint.post("/exports")
@requires(*OWNERS)
def export() -> ResponseReturnValue:
    """Have everything exported."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            made = exporting.ask(session, services.queue, by, now)
            operators.note(session, by, "everything_exported", str(made.id), now)
    except Conflict as refused:
        flash(explain(refused), "danger")
    return redirect(url_for("data.show", _anchor="progress"))


@blueprint.get("/exports/<int:export_id>/progress")
@requires(*OWNERS)
def progress(export_id: int) -> ResponseReturnValue:
    """Tell a script how far an export has come."""
    with current_services().database.reading() as session:
        made = exporting.load(session, export_id)
    total = max(made.expected, made.rows)
    return jsonify({"state": made.state.value, "done": made.rows, "total": total, "counts": {}})


@blueprint.post("/exports/<int:export_id>/cancel")
@requires(*OWNERS)
def cancel(export_id: int) -> ResponseReturnValue:
    """Stop an export."""
    services = current_services()
    try:
        with services.database.begin() as session:
            exporting.cancel(session, export_id, services.clock.now())
    except Conflict as refused:
        flash(explain(refused), "danger")
    return redirect(url_for("data.show"))


@blueprint.get("/exports/<int:export_id>/kokyaku.zip")
@requires(*OWNERS)
def download(export_id: int) -> ResponseReturnValue:
    """Hand out an export's file while it lasts; who took it is written down."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        made = exporting.load(session, export_id)
        if made.state is not ExportState.DONE or made.expires_at is None or made.expires_at <= now:
            abort(410)
        operators.note(session, by, "export_downloaded", str(export_id), now)
    answer = Response(exporting.pieces(services.database, export_id), mimetype="application/zip")
    answer.headers["Content-Length"] = str(made.size)
    answer.headers["Content-Disposition"] = f'attachment; filename="kokyaku-{made.asked_at:%Y%m%d}.zip"'
    return answer
