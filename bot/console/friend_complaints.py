"""Complaints on a friend's page: one made at the counter or by telephone, and any that was none taken back."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console.access import SENDERS, current_operator, requires
from bot.console.complaints import tell
from bot.services import current_services
from bot.words import explain
from scheduler import apologies, apology_outlook
from segments import complaints
from segments.errors import Invalid

blueprint = Blueprint("friend_complaints", __name__, url_prefix="/console/friends/<int:friend_id>/complaints")


@blueprint.post("/")
@requires(*SENDERS)
def record(friend_id: int) -> ResponseReturnValue:
    """Record a complaint; the scenario of apologies starts only if that was ticked."""
    services, by = current_services(), current_operator().actor
    now, wanted = services.clock.now(), "apology" in request.form
    try:
        with services.database.begin() as session:
            why = request.form.get("why", "")
            news = apologies.begin(session, friend_id, why, by, now, in_person=not wanted)
            if news:
                # Not in which words: they stand on the friend's page.
                operators.note(session, by, "friend_complaint_recorded", str(friend_id), now, apology=wanted)
            outlook = apology_outlook.of_friend(session, friend_id, now)
    except Invalid as refused:
        flash(explain(refused), "danger")
        return _back(friend_id)
    if not news:
        flash(
            _(
                "同じ内容の苦情を24時間以内に記録済みのため、新しくは記録しませんでした。お詫びの有無を変えるには、先の記録を取り消してから記録してください。"
            ),
            "info",
        )
        return _back(friend_id)
    flash(_("苦情として記録しました。"), "success")
    if wanted:
        tell(outlook)
    return _back(friend_id)


@blueprint.post("/<int:event_id>/withdraw")
@requires(*SENDERS)
def withdraw(friend_id: int, event_id: int) -> ResponseReturnValue:
    """Take a complaint back, wherever it came from."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        if complaints.withdraw_of_friend(session, friend_id, event_id, by, now):
            operators.note(session, by, "friend_complaint_withdrawn", str(friend_id), now)
    flash(_("苦情の記録を取り消しました。"), "success")
    return _back(friend_id)


def _back(friend_id: int) -> ResponseReturnValue:
    return redirect(url_for("friends.show", friend_id=friend_id, _anchor="trust"))
