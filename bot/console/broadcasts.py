"""Broadcasts: composed, priced, tested, sent, watched, stopped."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot.console import broadcasts_views, composing, inserts, quiet, sending
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.broadcast_form import ComposeForm, field_text, filled
from bot.console.broadcasts_views import Draft
from bot.console.composing import Author
from bot.console.page import current_shop, current_zone
from bot.services import current_services
from bot.words import BROADCAST_STATES, explain
from scheduler import approvals, broadcasts, reports
from segments.errors import KokyakuError

blueprint = Blueprint("broadcasts", __name__, url_prefix="/console/broadcasts")


def author() -> Author:
    """Return who works here now."""
    return Author(current_operator().actor, current_services().clock.now(), current_zone())


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List broadcasts, the newest first."""
    with current_services().database.reading() as session:
        rows, next_id = reports.broadcasts(session, request.args.get("before", type=int))
    return render_template("console/broadcasts.html", rows=rows, next_id=next_id, states=BROADCAST_STATES)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(*SENDERS)
def new() -> ResponseReturnValue:
    """Compose a new broadcast."""
    return _compose(None)


@blueprint.route("/<int:broadcast_id>/edit", methods=["GET", "POST"])
@requires(*SENDERS)
def edit(broadcast_id: int) -> ResponseReturnValue:
    """Change a draft; what has begun to leave can only be watched."""
    with current_services().database.reading() as session:
        stored = broadcasts_views.draft(session, broadcast_id)
    if not stored.editable:
        return redirect(url_for("watching.show", broadcast_id=broadcast_id))
    return _compose(stored)


new.takes_upload = edit.takes_upload = True  # pyright: ignore[reportFunctionMemberAccess] — read by bot.security


def _compose(stored: Draft | None) -> ResponseReturnValue:
    form = ComposeForm(data=filled(stored, current_zone()) if stored else None)
    with current_services().database.reading() as session:
        form.offer(session, broadcasts_views.ready_messages(session), has_stored=_keeps_condition(stored))
    saved = _save(form, stored) if request.method == "POST" else None
    if saved is None:
        return _compose_page(form, stored)
    if "draft" in request.form:
        flash(_("下書きを保存しました。"), "success")
        return redirect(url_for("broadcasts.index"))
    return redirect(url_for("broadcasts.confirm", broadcast_id=saved))


def _keeps_condition(stored: Draft | None) -> bool:
    return stored is not None and stored.choice.stored is not None


def _save(form: ComposeForm, stored: Draft | None) -> int | None:
    """Return the id of the saved draft, None when something in the form must be mended first."""
    database, by = current_services().database, author()
    valid = form.validate() & composing.check_texts(form)
    with database.begin() as session:
        found = composing.take_file(session, form, by)
        # One after the other, so that everything to mend is told at once.
        valid = valid & (bool(form.file.errors) or composing.check_choices(session, form, stored, by))
    for words in composing.file_words(found) if found else []:
        flash(words, "warning")
    if not valid or form.errors:
        return None
    try:
        with database.begin() as session:
            return composing.save(session, form, stored, by)
    except KokyakuError as error:
        composing.show(form, error)
        return None


def _compose_page(form: ComposeForm, stored: Draft | None) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        listed = broadcasts_views.list_size(session, form.list_id)
    page = render_template(
        "console/broadcast_compose.html", form=form, stored=stored, listed=listed, inserts=inserts.INSERTS
    )
    return page, 422 if form.errors else 200


@blueprint.get("/<int:broadcast_id>/confirm")
@requires(*SENDERS)
def confirm(broadcast_id: int) -> ResponseReturnValue:
    """Show whom it reaches and what it costs, before anything leaves."""
    return _confirm_page(broadcast_id, {}, "now", "")


def _confirm_page(broadcast_id: int, errors: dict[str, str], when: str, at: str) -> ResponseReturnValue:
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        draft = broadcasts_views.draft(session, broadcast_id)
        if not draft.editable:
            return redirect(url_for("watching.show", broadcast_id=broadcast_id))
        price = broadcasts_views.price(session, draft, now)
        needs_approval = approvals.is_needed(session, price.reachable)
        tester = sending.tester(session, current_operator().friend_id)
    page = render_template(
        "console/broadcast_confirm.html",
        draft=draft,
        price=price,
        needs_approval=needs_approval,
        tester=tester,
        wait=quiet.wait_at(current_shop(), now),
        preview=broadcasts_views.filled_preview(draft.content, current_shop(), now),
        said_twice=inserts.said_twice(draft.texts.get("ja", "")),
        errors=errors,
        when=when,
        at=at or field_text(draft.scheduled_at or broadcasts_views.default_time(now), current_zone()),
    )
    return page, 422 if errors else 200


@blueprint.post("/<int:broadcast_id>/test")
@requires(*SENDERS)
def test(broadcast_id: int) -> ResponseReturnValue:
    """Send the message to the operator's own LINE."""
    services, operator = current_services(), current_operator()
    if operator.friend_id is None:
        flash(
            _("テスト送信先がまだ選ばれていません。アカウントのページで、ご自身のLINEを選んでください。"),
            "warning",
        )
        return redirect(url_for("account.show"))
    try:
        with services.database.begin() as session:
            broadcasts.send_test(
                session, services.queue, broadcast_id, operator.friend_id, services.clock.now()
            )
    except KokyakuError as error:
        flash(explain(error), "danger")
    else:
        flash(_("テストを送信しました。お手元のLINEでご確認ください。"), "success")
    return redirect(url_for("broadcasts.confirm", broadcast_id=broadcast_id))


@blueprint.post("/<int:broadcast_id>/send")
@requires(*SENDERS)
def send(broadcast_id: int) -> ResponseReturnValue:
    """Send now or at the chosen time."""
    services, form = current_services(), request.form
    when, at = form.get("when", ""), form.get("at", "")
    order = sending.Order(broadcast_id, when, at, accepts_excess="accept_excess" in form)
    with services.database.begin() as session:
        errors = sending.send(session, services.queue, order, author())
    if errors:
        return _confirm_page(broadcast_id, errors, when, at)
    return redirect(url_for("watching.show", broadcast_id=broadcast_id))
