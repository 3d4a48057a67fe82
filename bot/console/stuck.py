"""Messages whose preparing broke again and again: looked at, tried again, given up after one more question."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain
from scheduler import parked_chunks
from segments.errors import NotFound

blueprint = Blueprint("stuck", __name__, url_prefix="/console/stuck")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show what is put aside, for whom and since when."""
    with current_services().database.reading() as session:
        rows, after = parked_chunks.page(session, request.args.get("after", 0, type=int))
    return render_template("console/stuck.html", rows=rows, after=after, language=current_language())


@blueprint.post("/<int:chunk_id>/retry")
@requires(*SENDERS)
def retry(chunk_id: int) -> ResponseReturnValue:
    """Try to send it again."""
    services, now = current_services(), current_services().clock.now()
    try:
        with services.database.begin() as session:
            parked_chunks.try_again(session, services.queue, chunk_id, now)
            operators.note(session, current_operator().actor, "sending_retried", str(chunk_id), now)
    except NotFound as error:
        flash(explain(error), "warning")
    else:
        flash(_("もう一度送信します。"), "success")
    return redirect(url_for("stuck.index"))


@blueprint.get("/<int:chunk_id>/give-up")
@requires(*SENDERS)
def ask_give_up(chunk_id: int) -> ResponseReturnValue:
    """Ask once more: the friends will not get it."""
    with current_services().database.reading() as session:
        found = parked_chunks.one(session, chunk_id)
    if found is None:
        return redirect(url_for("stuck.index"))
    return render_template("console/stuck_give_up.html", row=found, language=current_language())


@blueprint.post("/<int:chunk_id>/give-up")
@requires(*SENDERS)
def give_up(chunk_id: int) -> ResponseReturnValue:
    """End it without sending."""
    services, now = current_services(), current_services().clock.now()
    try:
        with services.database.begin() as session:
            ended = parked_chunks.give_up(session, chunk_id, now)
            actor = current_operator().actor
            operators.note(session, actor, "sending_given_up", str(chunk_id), now, messages=ended)
    except NotFound as error:
        flash(explain(error), "warning")
    else:
        flash(_("%(count)s通の送信を取りやめました。", count=ended), "success")
    return redirect(url_for("stuck.index"))
