"""The page of saved replies, and how long a person keeps a conversation that nobody hands back."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import chat_desk, operators
from bot.console import inserts
from bot.console import saved_replies_views as replies
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain
from scheduler.line_limits import TEXT
from segments.errors import Conflict, Invalid

blueprint = Blueprint("saved_replies", __name__, url_prefix="/console/inbox/replies")
FIELDS = {"answer_missing": "text", "answer_too_long": "text", "insert_unknown": "text"}


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show the saved replies, and one in a form when the address names it."""
    chosen = request.args.get("edit", type=int)
    with current_services().database.reading() as session:
        one = replies.get(session, chosen) if chosen else None
    values = {"name": one.name, "text": one.text} if one else {}
    return _page(Typed(values), chosen)


def _page(
    form: Typed, chosen: int | None, status: int = 200, hours: str | None = None
) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        saved = replies.every(session)
        held = chat_desk.held_for(session)
    minutes = hours if hours is not None else str(int(held.total_seconds() // 60))
    page = render_template(
        "console/saved_replies.html",
        saved=saved,
        form=form,
        chosen=chosen,
        limit=TEXT,
        minutes=minutes,
        inserts=[each.name(current_language()) for each in inserts.INSERTS],
    )
    return page, status


@blueprint.post("/")
@requires(*SENDERS)
def save() -> ResponseReturnValue:
    """Add a saved reply, or change the one that the form names."""
    services, operator = current_services(), current_operator()
    now, chosen = services.clock.now(), request.form.get("id", type=int)
    form = Typed(request.form)
    by = (operator.name or operator.login)[:64]
    try:
        with services.database.begin() as session:
            reply = replies.save(session, chosen, form.text("name"), form.text("text"), by, now)
            operators.note(session, operator.actor, "saved_reply_saved", str(reply.id), now, name=reply.name)
    except (Invalid, Conflict) as error:
        form.add(FIELDS.get(error.code, "name"), explain(error))
        return _page(form, chosen, 422)
    flash(_("定型文「%(name)s」を保存しました。", name=form.text("name")), "success")
    return redirect(url_for("saved_replies.index"))


@blueprint.post("/<int:reply_id>/remove")
@requires(*SENDERS)
def remove(reply_id: int) -> ResponseReturnValue:
    """Delete a saved reply; what it said stands in the message, to be saved again."""
    services, operator = current_services(), current_operator()
    now = services.clock.now()
    with services.database.begin() as session:
        kept = replies.get(session, reply_id).text
        name = replies.remove(session, reply_id)
        operators.note(
            session, operator.actor, "saved_reply_removed", str(reply_id), now, name=name, text=kept
        )
    flash(_("定型文「%(name)s」を削除しました。本文は操作の記録に残っています。", name=name), "success")
    return redirect(url_for("saved_replies.index"))


@blueprint.post("/hold")
@requires(*SENDERS)
def hold() -> ResponseReturnValue:
    """Change how long the bot keeps silent after a person last wrote."""
    services, operator = current_services(), current_operator()
    typed = request.form.get("minutes", "").strip()
    form, now = Typed(request.form), services.clock.now()
    minutes = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 0
    try:
        with services.database.begin() as session:
            chat_desk.set_held_for(session, timedelta(minutes=minutes), now)
            operators.note(session, operator.actor, "inbox_hold_changed", "", now, minutes=minutes)
    except Invalid as error:
        form.add("minutes", explain(error))
        return _page(Typed({}, {}, form.errors), None, 422, typed)
    flash(_("保存しました。"), "success")
    return redirect(url_for("saved_replies.index"))
