"""Buttons beside a waiting question: it is a complaint, or it was none after all."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console.access import SENDERS, current_operator, requires
from bot.services import current_services
from segments import complaints

blueprint = Blueprint("complaints", __name__, url_prefix="/console/questions")


@blueprint.post("/<int:question_id>/complaint")
@requires(*SENDERS)
def record(question_id: int) -> ResponseReturnValue:
    """Record a question as a complaint."""
    services, operator = current_services(), current_operator()
    now = services.clock.now()
    with services.database.begin() as session:
        if complaints.record(session, question_id, operator.actor, now):
            operators.note(session, operator.actor, "complaint_recorded", str(question_id), now)
    flash(_("苦情として記録しました。"), "success")
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


def _back() -> ResponseReturnValue:
    return redirect(url_for("questions.index", after=request.args.get("after", 0, type=int) or None))
