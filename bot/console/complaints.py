"""Buttons beside a waiting question: it is a complaint, or it was none after all."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.apology_words import outlook_words
from bot.console.access import SENDERS, current_operator, requires
from bot.i18n import current_language
from bot.services import current_services
from scheduler import apology_outlook
from scheduler.apology_outlook import Outlook
from scheduler.reasons import Reason
from segments import complaints
from segments.models import Question

blueprint = Blueprint("complaints", __name__, url_prefix="/console/questions")


@blueprint.post("/<int:question_id>/complaint")
@requires(*SENDERS)
def record(question_id: int) -> ResponseReturnValue:
    """Record a question as a complaint, and tell whether an apology follows."""
    services, operator = current_services(), current_operator()
    now = services.clock.now()
    with services.database.begin() as session:
        news = complaints.record(session, question_id, operator.actor, now)
        if news:
            operators.note(session, operator.actor, "complaint_recorded", str(question_id), now)
        outlook = apology_outlook.of_friend(session, session.get_one(Question, question_id).friend_id, now)
    flash(_("苦情として記録しました。"), "success")
    if news:
        tell(outlook)
    return _back()


@blueprint.post("/<int:question_id>/complaint/withdraw")
@requires(*SENDERS)
def withdraw(question_id: int) -> ResponseReturnValue:
    """Take the record back."""
    services, operator = current_services(), current_operator()
    now = services.clock.now()
    with services.database.begin() as session:
        if complaints.withdraw(session, question_id, operator.actor, now):
            operators.note(session, operator.actor, "complaint_withdrawn", str(question_id), now)
    flash(_("苦情の記録を取り消しました。"), "success")
    return _back()


def tell(outlook: Outlook | Reason) -> None:
    """Show what comes of a complaint; that no apology follows is a warning."""
    flash(outlook_words(outlook, current_language()), "success" if outlook is Outlook.COMING else "warning")


def _back() -> ResponseReturnValue:
    return redirect(url_for("questions.index", after=request.args.get("after", 0, type=int) or None))
