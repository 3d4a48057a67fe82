"""The second person's word on a broadcast to many: approve it, or send it back with what should be changed."""

from datetime import datetime

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.actors import actor_name
from bot.console import broadcasts_views
from bot.console.access import SENDERS, current_operator, requires
from bot.services import current_services
from bot.words import explain
from scheduler import approvals, broadcast_lookup, broadcasts
from scheduler.approvals import Seen
from scheduler.models import BroadcastState
from segments.errors import Conflict, KokyakuError

blueprint = Blueprint("approving", __name__, url_prefix="/console/broadcasts")


class Approval:
    """How it stands with the second person's word, as the page of a broadcast tells it."""

    def __init__(self, session: Session, broadcast_id: int, viewer: str, now: datetime) -> None:
        broadcast = broadcast_lookup.get(session, broadcast_id)
        self.waits = broadcast.state is BroadcastState.AWAITING_APPROVAL
        self.is_mine = viewer in {broadcast.edited_by, broadcast.asked_by}
        self.author = actor_name(session, broadcast.edited_by)
        self.asked_at = broadcast.asked_at
        self.whom = _whom(session, broadcast_id) if self.waits else ""
        self.friends = approvals.reached(session, broadcast, now) if self.waits else 0
        """What is approved: whom it reaches at most, whatever holds a single friend's message back by then."""
        self.token = _token(Seen(broadcast.asked_at, now, self.friends)) if broadcast.asked_at else ""
        """Says what was looked at: what was changed since, or reaches many more, is not approved with it."""
        self.approver = actor_name(session, broadcast.approved_by) if broadcast.approved_by else None
        self.approved_at = broadcast.approved_at
        self.returned_note = broadcast.returned_note


def _whom(session: Session, broadcast_id: int) -> str:
    """Return whom a broadcast is for, in words; says so when what it was for is no longer understood."""
    try:
        return broadcasts_views.audience_words(session, broadcasts_views.draft(session, broadcast_id))
    except KokyakuError as error:
        return explain(error)


@blueprint.post("/<int:broadcast_id>/approve")
@requires(*SENDERS)
def approve(broadcast_id: int) -> ResponseReturnValue:
    """Let it leave at its time."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            seen = _seen(request.form.get("seen", ""))
            broadcasts.approve(session, services.queue, broadcast_id, by, now, seen)
            operators.note(session, by, "broadcast_approved", str(broadcast_id), now)
    except KokyakuError as error:
        flash(explain(error), "warning")
    else:
        flash(_("承認しました。"), "success")
    return redirect(url_for("watching.show", broadcast_id=broadcast_id))


@blueprint.post("/<int:broadcast_id>/return")
@requires(*SENDERS)
def send_back(broadcast_id: int) -> ResponseReturnValue:
    """Make it a draft again, with a note of what should be changed."""
    services, by = current_services(), current_operator().actor
    try:
        with services.database.begin() as session:
            approvals.send_back(session, broadcast_id, request.form.get("note", ""))
            operators.note(session, by, "broadcast_returned", str(broadcast_id), services.clock.now())
    except KokyakuError as error:
        flash(explain(error), "warning")
    else:
        flash(_("下書きに戻しました。"), "success")
    return redirect(url_for("watching.show", broadcast_id=broadcast_id))


def _token(seen: Seen) -> str:
    return f"{seen.asked_at.isoformat()} {seen.at.isoformat()} {seen.friends}"


def _seen(token: str) -> Seen:
    """Return what the form stands for. Raises Conflict("approval_outdated") for one that is none of ours."""
    try:
        asked_at, at, friends = token.split(" ")
        return Seen(_moment(asked_at), _moment(at), int(friends))
    except ValueError as error:
        raise Conflict("approval_outdated") from error


def _moment(text: str) -> datetime:
    """Return a moment of a token. Raises ValueError, also for one that names no zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found
