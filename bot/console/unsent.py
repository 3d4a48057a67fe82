"""The friends who did not get a broadcast, by reason, each with a way to the whole explanation."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bot.console import broadcasts_views, unsent_views
from bot.console.access import READERS, requires
from bot.console.typed import Typed
from bot.services import current_services
from bot.words import DELIVERY_STATES, reason_words
from scheduler import broadcast_progress
from scheduler.models import DeliveryState

blueprint = Blueprint("unsent", __name__, url_prefix="/console/broadcasts")


@blueprint.get("/<int:broadcast_id>/unsent")
@requires(*READERS)
def index(broadcast_id: int) -> ResponseReturnValue:
    """Show who did not get it; the reason asked for is in the address."""
    asked = Typed(request.args.to_dict())
    reason, after = asked.text("reason"), asked.text("after")
    last = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    with current_services().database.reading() as session:
        draft = broadcasts_views.draft(session, broadcast_id)
        progress = broadcast_progress.progress(session, broadcast_id)
        page = unsent_views.unsent(session, broadcast_id, reason, last)
    return render_template(
        "console/broadcast_unsent.html",
        draft=draft,
        undecided=progress.by_state.get(DeliveryState.UNCERTAIN, 0),
        reasons=progress.unsent_by_reason,
        chosen=reason,
        page=page,
        delivery_states=DELIVERY_STATES,
        reason_words=reason_words,
    )
