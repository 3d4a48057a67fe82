"""A broadcast on its way: progress, pause, resume, cancel."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import broadcasts_views, previews, quiet
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.approving import Approval
from bot.console.broadcasts_views import Draft
from bot.console.page import current_shop
from bot.i18n import current_language
from bot.services import current_services
from bot.words import BROADCAST_STATES, DELIVERY_STATES, PAUSE_REASONS, explain, reason_words
from scheduler import broadcast_progress, broadcasts
from scheduler.broadcast_progress import Progress
from scheduler.models import BroadcastState, DeliveryState
from scheduler.through_words import through_words
from segments.errors import Conflict

blueprint = Blueprint("watching", __name__, url_prefix="/console/broadcasts")

ENDED = (BroadcastState.DONE, BroadcastState.CANCELLED)
PAUSABLE = (BroadcastState.SCHEDULED, BroadcastState.PLANNING, BroadcastState.SENDING)
SHOWN = (
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.ACCEPTED,
    DeliveryState.SKIPPED,
    DeliveryState.FAILED,
    DeliveryState.UNCERTAIN,
    DeliveryState.CANCELLED,
)


@blueprint.get("/<int:broadcast_id>")
@requires(*READERS)
def show(broadcast_id: int) -> ResponseReturnValue:
    """Show how far a broadcast has come; the page works by reloading, a script only saves the reload."""
    now = current_services().clock.now()
    with current_services().database.reading() as session:
        draft = broadcasts_views.draft(session, broadcast_id)
        progress = broadcast_progress.progress(session, broadcast_id)
        expected = _expected(session, draft, now)
        approval = Approval(session, broadcast_id, current_operator().actor, now)
        shown_message = previews.shown(session, draft.content, None, now)
    return render_template(
        "console/broadcast.html",
        draft=draft,
        progress=progress,
        shown=SHOWN,
        states=BROADCAST_STATES,
        delivery_states=DELIVERY_STATES,
        pause_reasons=PAUSE_REASONS,
        reason_words=reason_words,
        through_words=through_words,
        language=current_language(),
        shown_message=shown_message,
        has_results=progress.started_at is not None,
        ended=progress.state in ENDED,
        pausable=progress.state in PAUSABLE,
        done=_done(progress),
        wait=_wait(draft, progress),
        expected=expected,
        approval=approval,
        got=progress.by_state.get(DeliveryState.ACCEPTED, 0),
    )


def _expected(session: Session, draft: Draft, now: datetime) -> int | None:
    """Return how many a scheduled broadcast would reach today; None for any other."""
    if draft.state not in {BroadcastState.SCHEDULED, BroadcastState.AWAITING_APPROVAL}:
        return None
    return broadcasts_views.price(session, draft, now).foretold.friends


def _wait(draft: Draft, progress: Progress) -> quiet.Wait | None:
    """Return the quiet hours in which it is to begin, while it has not."""
    if progress.state is not BroadcastState.SCHEDULED or draft.scheduled_at is None:
        return None
    return quiet.wait_at(current_shop(), draft.scheduled_at)


def _done(progress: Progress) -> int:
    return progress.total - progress.open


@blueprint.get("/<int:broadcast_id>/progress.json")
@requires(*READERS)
def progress(broadcast_id: int) -> ResponseReturnValue:
    """Return the figures of the progress page."""
    with current_services().database.reading() as session:
        found = broadcast_progress.progress(session, broadcast_id)
    return jsonify(
        state=found.state,
        state_label=_(BROADCAST_STATES[found.state]),
        total=found.total,
        done=_done(found),
        counts={state.value: found.by_state.get(state, 0) for state in SHOWN},
    )


@blueprint.post("/<int:broadcast_id>/pause")
@requires(*SENDERS)
def pause(broadcast_id: int) -> ResponseReturnValue:
    """Let nothing more leave for now."""
    now = current_services().clock.now()
    return _act(
        broadcast_id, "broadcast_paused", lambda session: broadcasts.pause(session, broadcast_id, now)
    )


@blueprint.post("/<int:broadcast_id>/resume")
@requires(*SENDERS)
def resume(broadcast_id: int) -> ResponseReturnValue:
    """Go on."""
    now, queue = current_services().clock.now(), current_services().queue
    return _act(
        broadcast_id,
        "broadcast_resumed",
        lambda session: broadcasts.resume(session, queue, broadcast_id, now),
    )


@blueprint.get("/<int:broadcast_id>/cancel")
@requires(*SENDERS)
def ask_cancel(broadcast_id: int) -> ResponseReturnValue:
    """Ask once more, naming how many will not get it."""
    services = current_services()
    with services.database.reading() as session:
        draft = broadcasts_views.draft(session, broadcast_id)
        progress = broadcast_progress.progress(session, broadcast_id)
        if draft.state in ENDED:
            return redirect(url_for("watching.show", broadcast_id=broadcast_id))
        waiting = progress.open or broadcasts_views.price(session, draft, services.clock.now()).reachable
    return render_template("console/broadcast_cancel.html", draft=draft, waiting=waiting)


@blueprint.post("/<int:broadcast_id>/cancel")
@requires(*SENDERS)
def cancel(broadcast_id: int) -> ResponseReturnValue:
    """End it for good."""
    now = current_services().clock.now()
    return _act(
        broadcast_id, "broadcast_cancelled", lambda session: broadcasts.cancel(session, broadcast_id, now)
    )


def _act(broadcast_id: int, action: str, act: Callable[[Session], object]) -> ResponseReturnValue:
    services = current_services()
    try:
        with services.database.begin() as session:
            act(session)
            operators.note(session, current_operator().actor, action, str(broadcast_id), services.clock.now())
    except Conflict as error:
        flash(explain(error), "warning")
    return redirect(url_for("watching.show", broadcast_id=broadcast_id))
