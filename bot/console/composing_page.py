"""One page of composing a broadcast: shown, read, saved, or shown again with what must be mended."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from bot.console import (
    broadcast_steps,
    broadcasts_views,
    composing,
    condition_counting,
    condition_form,
    form_drafts,
    inserts,
    trying,
)
from bot.console.access import current_operator
from bot.console.audience_choice import Kind
from bot.console.broadcast_form import ComposeForm
from bot.console.broadcast_steps import Part, author
from bot.console.broadcasts_views import Draft
from bot.console.condition_form import Draft as Conditions
from bot.console.page import current_shop
from bot.services import current_services
from segments.conditions import dump
from segments.errors import KokyakuError


def step_of(part: Part, broadcast_id: int) -> ResponseReturnValue:
    """Show or take in one page of a draft; what is no draft any more is watched."""
    with current_services().database.reading() as session:
        stored = broadcasts_views.draft(session, broadcast_id)
    if not stored.editable:
        return redirect(url_for("watching.show", broadcast_id=broadcast_id))
    return step(part, stored)


def step(part: Part, stored: Draft | None) -> ResponseReturnValue:
    """Show or take in one page of a broadcast; `stored` None for a new one."""
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
        confirmed = composing.ask_line(current_services().gateway, form, stored, current_shop(), by.now)
        with database.begin() as session:
            saved = composing.save(session, form, stored, condition, by)
    except KokyakuError as error:
        composing.show(form, error)
        return None
    if not confirmed:
        trying.warn_unconfirmed()
    return saved


def _step_page(
    part: Part, form: ComposeForm, stored: Draft | None, conditions: Conditions, *, is_kept: bool
) -> ResponseReturnValue:
    now = current_services().clock.now()
    with current_services().database.reading() as session:
        listed = broadcasts_views.list_size(session, form.list_id)
        builder = condition_form.shown(session, conditions) if part is Part.AUDIENCE else None
        counted = condition_counting.count(session, conditions, now) if conditions.counting else None
        whom = broadcast_steps.whom(session, form, stored) if part is Part.CONTENT else ""
        mail_is_set = broadcasts_views.mail_is_set(session, current_services().settings)
    page = render_template(
        f"console/broadcast_{part.value}.html",
        form=form,
        stored=stored,
        listed=listed,
        inserts=inserts.INSERTS,
        builder=builder,
        counted=counted,
        whom=whom,
        mail_is_set=mail_is_set,
        is_kept=is_kept,
        place=broadcast_steps.place(part, stored),
    )
    return page, 422 if form.errors and not conditions.pressed else 200


def _forget(part: Part, stored: Draft | None) -> None:
    with current_services().database.begin() as session:
        form_drafts.drop(session, current_operator().id, broadcast_steps.place(part, stored))
