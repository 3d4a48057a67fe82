"""Messages: listed, shown as a phone shows them, compared, and written in an editor that saves itself."""

from collections.abc import Mapping

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import (
    bubble_fields,
    bubble_kinds,
    fact_code,
    form_drafts,
    message_filling,
    message_saving,
    messages_views,
    picture_fields,
    previews,
    sending,
    trying,
)
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.message_form import MessageForm
from bot.console.message_saving import Editing
from bot.console.page import current_shop
from bot.console.previews import Reader, Shown
from bot.models import FormDraft
from bot.services import current_services
from scheduler import message_library, message_list, message_uses
from scheduler.message_list import Which
from segments import links

blueprint = Blueprint("messages", __name__, url_prefix="/console/messages")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List messages, the newest first."""
    given, words = request.args.get("which", ""), request.args.get("q", "").strip()
    which = Which(given) if given in set(Which) else Which.KEPT
    with current_services().database.reading() as session:
        rows, next_id = message_list.rows(session, which, words, request.args.get("before", type=int))
    return render_template(
        "console/messages.html",
        rows=rows,
        next_id=next_id,
        which=which,
        words=words,
        kinds=messages_views.KINDS,
        purposes=messages_views.PURPOSES,
    )


@blueprint.get("/<int:message_id>")
@requires(*READERS)
def show(message_id: int) -> ResponseReturnValue:
    """Show a message in one of its versions, as the sample friend or a real one would see it."""
    services, asked = current_services(), request.args
    with services.database.reading() as session:
        record = messages_views.record(session, message_id, asked.get("version", type=int))
        reader = previews.reader(session, asked.get("friend", ""), asked.get("q", ""))
        friend_id = reader.friend.id if reader.friend else None
        shown = previews.shown(session, record.version.content, friend_id, services.clock.now())
        tester = sending.tester(session, current_operator().friend_id)
    return render_template(
        "console/message.html",
        record=record,
        reader=reader,
        shown=shown,
        tester=tester,
        purposes=messages_views.PURPOSES,
    )


@blueprint.get("/<int:message_id>/compare")
@requires(*READERS)
def compare(message_id: int) -> ResponseReturnValue:
    """Show two versions beside each other, and the texts that differ."""
    services, asked = current_services(), request.args
    now = services.clock.now()
    with services.database.reading() as session:
        record = messages_views.record(session, message_id)
        after = record.version
        if right := asked.get("right", type=int):
            after = message_library.version(session, message_id, right)
        before_number = asked.get("left", type=int) or max(1, after.version - 1)
        before = message_library.version(session, message_id, before_number)
        pair = [(each, previews.shown(session, each.content, None, now)) for each in (before, after)]
        found = messages_views.differences(before, after)
    return render_template("console/message_compare.html", record=record, pair=pair, differences=found)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(*SENDERS)
def new() -> ResponseReturnValue:
    """Write a new message."""
    operator = current_operator()
    return _edit(Editing(operator.id, operator.actor, current_services().clock.now()))


@blueprint.route("/<int:message_id>/edit", methods=["GET", "POST"])
@requires(*SENDERS)
def edit(message_id: int) -> ResponseReturnValue:
    """Change a message: its next version."""
    operator, services = current_operator(), current_services()
    with services.database.reading() as session:
        uses = tuple(message_uses.uses(session, message_id))
        newest = messages_views.newest(session, message_id)[1].version
    base = request.form.get("base", type=int) or newest
    return _edit(Editing(operator.id, operator.actor, services.clock.now(), message_id, base, uses))


# Asked for by bot.security.
for _view in (new, edit):
    _view.takes_upload = picture_fields.REQUEST_MOST  # pyright: ignore[reportFunctionMemberAccess]


def _edit(editing: Editing) -> ResponseReturnValue:
    if request.method == "GET":
        form, draft = _begun(editing)
        return _page(form, editing, draft)
    services, form, do = current_services(), MessageForm(request.form.to_dict()), request.form.get("do", "")
    picture_fields.take_all(services, form.pictures, request.files, editing.actor)
    if "save" in request.form:
        return _saved(form, editing) or _page(form, editing)
    form.act(do)
    with services.database.reading() as session:
        choosing = picture_fields.act(session, form.pictures, do)
    _keep(form, editing)
    return _page(form, editing, choosing=choosing)


def _begun(editing: Editing) -> tuple[MessageForm, FormDraft | None]:
    """Return what was typed before and never saved, else what is stored, else a blank form."""
    with current_services().database.reading() as session:
        draft = form_drafts.find(session, editing.operator_id, editing.place)
        if draft is not None:
            return MessageForm({str(name): str(value) for name, value in draft.fields.items()}), draft
        if editing.message_id is not None:
            return message_filling.filled(*messages_views.newest(session, editing.message_id)), None
    kind = request.args.get("kind", "text")
    return message_filling.blank(kind if kind in bubble_kinds.BY_NAME else "text"), None


def _keep(form: MessageForm, editing: Editing) -> bool:
    with current_services().database.begin() as session:
        return form_drafts.keep(
            session, editing.operator_id, editing.place, form.values, editing.now, str(editing.base)
        )


def _saved(form: MessageForm, editing: Editing) -> ResponseReturnValue | None:
    services = current_services()
    content = message_saving.ready(services, form, editing)
    made = message_saving.save(services, form, content, editing, current_shop()) if content else None
    if made is None:
        _keep(form, editing)
        return None
    version, confirmed = made
    if confirmed:
        flash(_("メッセージを保存しました。"), "success")
    else:
        flash(
            _("メッセージを保存しました。LINEに接続できなかったため、LINEで確かめることはできませんでした。"),
            "warning",
        )
    trying.warn(version.content)
    return redirect(url_for("messages.show", message_id=version.message_id))


def _page(
    form: MessageForm, editing: Editing, draft: FormDraft | None = None, choosing: str = ""
) -> ResponseReturnValue:
    services = current_services()
    with services.database.reading() as session:
        reader, shown, _errors = _preview(session, form, editing)
        names = sorted(links.targets(session))
        of_pictures = picture_fields.on_page(session, form.values, services.settings, choosing)
    page = render_template(
        "console/message_edit.html",
        form=form,
        editing=editing,
        draft=draft,
        reader=reader,
        shown=shown,
        links=names,
        kinds=bubble_kinds.BY_NAME,
        offered=bubble_kinds.OFFERED,
        actions=bubble_fields.ACTIONS,
        quick=bubble_fields.QUICK,
        most_quick=bubble_fields.MOST_QUICK_REPLIES,
        words_of=message_filling.words_of,
        facts=fact_code.OFFERED,
        fact_name=fact_code.name,
        always_known=fact_code.ALWAYS_KNOWN,
        purposes=messages_views.PURPOSES,
        **of_pictures,
    )
    return page, 422 if form.errors else 200


def _preview(
    session: Session, form: MessageForm, editing: Editing
) -> tuple[Reader, list[Shown], Mapping[str, list[str]]]:
    reader = previews.reader(session, form.values.get("as", ""), form.values.get("as_q", ""))
    looked_at = MessageForm(dict(form.values))
    known = set(links.targets(session))
    content = looked_at.content(lambda: known)
    ready = {language: objects for language, objects in content.items() if objects}
    friend_id = reader.friend.id if reader.friend else None
    return reader, previews.shown(session, ready, friend_id, editing.now), looked_at.errors


@blueprint.post("/preview")
@requires(*SENDERS)
def preview() -> ResponseReturnValue:
    """Return what is typed as a phone would show it, and what must be mended; it is kept meanwhile."""
    operator, services = current_operator(), current_services()
    now = services.clock.now()
    place = request.form.get("place", "").removeprefix("message:")
    number = int(place) if place.isdecimal() and len(place) < 19 else None
    editing = Editing(operator.id, operator.actor, now, number, request.form.get("base", type=int) or 0)
    form = MessageForm(request.form.to_dict())
    is_kept = _keep(form, editing)
    with services.database.reading() as session:
        reader, shown, errors = _preview(session, form, editing)
        html = render_template("console/_message_preview.html", reader=reader, shown=shown)
    return jsonify(
        html=html, errors=errors, kept=render_template("console/_kept.html", at=now) if is_kept else ""
    )
