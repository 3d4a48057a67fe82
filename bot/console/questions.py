"""The inbox of questions the bot could not answer."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot.console import questions_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.services import current_services
from bot.words import explain
from segments import conversations
from segments.errors import KokyakuError, NotFound

blueprint = Blueprint("questions", __name__, url_prefix="/console/questions")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show who waits for an answer, and what was answered last."""
    with current_services().database.reading() as session:
        rows, next_id = questions_views.waiting(session, request.args.get("after", 0, type=int))
        answered = questions_views.lately_answered(session)
    return render_template("console/questions.html", rows=rows, next_id=next_id, answered=answered)


@blueprint.post("/<int:question_id>/answered")
@requires(*SENDERS)
def mark_answered(question_id: int) -> ResponseReturnValue:
    """Note that somebody dealt with the question."""
    services, operator = current_services(), current_operator()
    try:
        with services.database.begin() as session:
            by = operator.name or operator.login
            conversations.answer(session, question_id, by[:64], services.clock.now())
    except NotFound:
        raise
    except KokyakuError as error:
        flash(explain(error), "warning")
    else:
        flash(_("対応済みにしました。"), "success")
    return redirect(url_for("questions.index"))
