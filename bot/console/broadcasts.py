"""Broadcasts before they leave: listed, composed step by step, copied, thrown away and taken back."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import broadcast_steps, broadcasts_views, composing_page, form_drafts
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.broadcast_steps import Part
from bot.console.page import current_zone
from bot.services import current_services
from bot.words import BROADCAST_STATES, explain
from scheduler import broadcast_list
from scheduler.broadcast_list import Standing, Wanted
from segments.errors import KokyakuError

blueprint = Blueprint("broadcasts", __name__, url_prefix="/console/broadcasts")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List broadcasts, the newest first, narrowed by where they stand, by name and by day."""
    asked = request.args
    given, words = asked.get("standing", ""), asked.get("q", "").strip()
    wanted = Wanted(Standing(given) if given in set(Standing) else None, words, _day(asked.get("day", "")))
    with current_services().database.reading() as session:
        rows, next_id = broadcast_list.broadcasts(
            session, wanted, current_zone(), asked.get("before", type=int)
        )
    return render_template(
        "console/broadcasts.html", rows=rows, next_id=next_id, wanted=wanted, states=BROADCAST_STATES
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


@blueprint.route("/new", methods=["GET", "POST"])
@requires(*SENDERS)
def new() -> ResponseReturnValue:
    """Compose a new broadcast: what it says."""
    return composing_page.step(Part.CONTENT, None)


@blueprint.route("/<int:broadcast_id>/edit", methods=["GET", "POST"])
@requires(*SENDERS)
def edit(broadcast_id: int) -> ResponseReturnValue:
    """Change what a draft says; what has begun to leave can only be watched."""
    return composing_page.step_of(Part.CONTENT, broadcast_id)


@blueprint.route("/<int:broadcast_id>/audience", methods=["GET", "POST"])
@requires(*SENDERS)
def audience(broadcast_id: int) -> ResponseReturnValue:
    """Choose whom it is for."""
    return composing_page.step_of(Part.AUDIENCE, broadcast_id)


# Read by bot.security.
new.takes_upload = edit.takes_upload = audience.takes_upload = True  # pyright: ignore[reportFunctionMemberAccess]


@blueprint.post("/keep")
@requires(*SENDERS)
def keep() -> ResponseReturnValue:
    """Keep what is typed so far; answers with when, in words."""
    services, place = current_services(), request.form.get("place", "")
    now = services.clock.now()
    if not place.startswith("broadcast:") or len(place) > 64:
        return "", 400
    with services.database.begin() as session:
        fields = request.form.to_dict(flat=False)
        is_kept = form_drafts.keep(session, current_operator().id, place, fields, now)
    return render_template("console/_kept.html", at=now) if is_kept else ("", 413)


@blueprint.post("/unkeep")
@requires(*SENDERS)
def unkeep() -> ResponseReturnValue:
    """Throw away what was kept by itself, and begin again from what is saved."""
    place = request.form.get("place", "")
    with current_services().database.begin() as session:
        form_drafts.drop(session, current_operator().id, place)
    return redirect(broadcast_steps.address(place))


@blueprint.post("/<int:broadcast_id>/copy")
@requires(*SENDERS)
def copy(broadcast_id: int) -> ResponseReturnValue:
    """Begin a new draft from any broadcast."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        old = broadcasts_views.draft(session, broadcast_id)
        name = _("%(name)sのコピー", name=old.name)[:128]
        made = broadcast_list.copy(session, broadcast_id, name, by, now).id
        operators.note(session, by, "broadcast_copied", str(made), now, of=broadcast_id)
    flash(_("コピーを作りました。名前と内容をご確認ください。"), "success")
    return redirect(url_for("broadcasts.edit", broadcast_id=made))


@blueprint.post("/<int:broadcast_id>/remove")
@requires(*SENDERS)
def remove(broadcast_id: int) -> ResponseReturnValue:
    """Throw a draft away; the page it leads to takes it back."""
    services, by = current_services(), current_operator().actor
    try:
        with services.database.begin() as session:
            broadcast_list.remove(session, broadcast_id, services.clock.now())
            operators.note(session, by, "broadcast_removed", str(broadcast_id), services.clock.now())
    except KokyakuError as error:
        flash(explain(error), "warning")
    return redirect(url_for("watching.show", broadcast_id=broadcast_id))


@blueprint.post("/<int:broadcast_id>/take-back")
@requires(*SENDERS)
def take_back(broadcast_id: int) -> ResponseReturnValue:
    """Have a draft back that was thrown away."""
    services, by = current_services(), current_operator().actor
    with services.database.begin() as session:
        broadcast_list.take_back(session, broadcast_id)
        operators.note(session, by, "broadcast_taken_back", str(broadcast_id), services.clock.now())
    flash(_("下書きを元に戻しました。"), "success")
    return redirect(url_for("watching.show", broadcast_id=broadcast_id))
