"""Broadcasts before they leave: listed, composed step by step, copied, thrown away and taken back."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from bot import operators
from bot.console import (
    broadcast_steps,
    broadcasts_views,
    composing,
    condition_counting,
    condition_form,
    form_drafts,
    inserts,
)
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.audience_choice import Kind
from bot.console.broadcast_form import ComposeForm
from bot.console.broadcast_steps import Part, author
from bot.console.broadcasts_views import Draft
from bot.console.condition_form import Draft as Conditions
from bot.console.page import current_zone
from bot.services import current_services
from bot.words import BROADCAST_STATES, explain
from scheduler import broadcast_list
from scheduler.broadcast_list import Standing, Wanted
from segments.conditions import dump
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
    return _step(Part.CONTENT, None)


@blueprint.route("/<int:broadcast_id>/edit", methods=["GET", "POST"])
@requires(*SENDERS)
def edit(broadcast_id: int) -> ResponseReturnValue:
    """Change what a draft says; what has begun to leave can only be watched."""
    return _step_of(Part.CONTENT, broadcast_id)


@blueprint.route("/<int:broadcast_id>/audience", methods=["GET", "POST"])
@requires(*SENDERS)
def audience(broadcast_id: int) -> ResponseReturnValue:
    """Choose whom it is for."""
    return _step_of(Part.AUDIENCE, broadcast_id)


# Read by bot.security.
new.takes_upload = edit.takes_upload = audience.takes_upload = True  # pyright: ignore[reportFunctionMemberAccess]


def _step_of(part: Part, broadcast_id: int) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        stored = broadcasts_views.draft(session, broadcast_id)
    if not stored.editable:
        return redirect(url_for("watching.show", broadcast_id=broadcast_id))
    return _step(part, stored)


def _step(part: Part, stored: Draft | None) -> ResponseReturnValue:
    sent = request.form if request.method == "POST" else None
    with current_services().database.reading() as session:
        kept = None if sent is not None else broadcast_steps.kept(session, part, stored)
        form = broadcast_steps.form_of(session, part, stored, sent if sent is not None else kept)
    conditions = _conditions(stored, sent if sent is not None else kept)
    saved = None
    if sent is not None and not conditions.pressed:
        saved = _save(form, stored, conditions)
    if saved is None:
        return _step_page(part, form, stored, conditions, is_kept=kept is not None)
    _forget(part, stored)
    if "draft" in request.form:
        flash(_("下書きを保存しました。"), "success")
        return redirect(url_for("broadcasts.index"))
    return redirect(url_for(broadcast_steps.after(part), broadcast_id=saved))


def _conditions(stored: Draft | None, fields: MultiDict[str, str] | None) -> Conditions:
    """Return what the builder holds: as sent or kept, else as stored for an audience that was built by it."""
    if fields is not None and any(name.startswith("c.") for name in fields):
        return condition_form.read(fields, "c")
    built = stored is not None and stored.choice.kind is Kind.CONDITION
    return condition_form.of(stored.condition if stored and built else None, "c")


def _save(form: ComposeForm, stored: Draft | None, conditions: Conditions) -> int | None:
    """Return the id of the saved draft, None when something in the form must be mended first."""
    database, by = current_services().database, author()
    valid = form.validate() & composing.check_texts(form)
    condition = None
    if form.audience.data == Kind.CONDITION.value:
        if conditions.is_empty:
            composing.add(form.audience, _("条件を1つ以上足してください。"))
        elif conditions.tree is None or conditions.errors:
            composing.add(form.audience, _("条件に直すところがあります。"))
        condition = dump(conditions.tree) if conditions.tree is not None else None
    with database.begin() as session:
        found = composing.take_file(session, form, by)
        # One after the other, so that everything to mend is told at once.
        valid = valid & (bool(form.file.errors) or composing.check_choices(session, form, condition, by))
    for words in composing.file_words(found) if found else []:
        flash(words, "warning")
    if not valid or form.errors:
        return None
    try:
        with database.begin() as session:
            return composing.save(session, form, stored, condition, by)
    except KokyakuError as error:
        composing.show(form, error)
        return None


def _step_page(
    part: Part, form: ComposeForm, stored: Draft | None, conditions: Conditions, *, is_kept: bool
) -> ResponseReturnValue:
    now = current_services().clock.now()
    with current_services().database.reading() as session:
        listed = broadcasts_views.list_size(session, form.list_id)
        builder = condition_form.shown(session, conditions) if part is Part.AUDIENCE else None
        counted = condition_counting.count(session, conditions, now) if conditions.counting else None
    page = render_template(
        f"console/broadcast_{part.value}.html",
        form=form,
        stored=stored,
        listed=listed,
        inserts=inserts.INSERTS,
        builder=builder,
        counted=counted,
        is_kept=is_kept,
        place=broadcast_steps.place(part, stored),
    )
    return page, 422 if form.errors and not conditions.pressed else 200


def _forget(part: Part, stored: Draft | None) -> None:
    with current_services().database.begin() as session:
        form_drafts.drop(session, current_operator().id, broadcast_steps.place(part, stored))


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
