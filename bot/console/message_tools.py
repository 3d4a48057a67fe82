"""Actions on a saved message: copied, restored, put away and taken back, sent to oneself; and the tracked links it leads to."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import form_drafts, messages_views, own_line
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.services import current_services
from bot.words import explain
from scheduler import message_library, trial_sends
from segments import links
from segments.errors import KokyakuError

blueprint = Blueprint("message_tools", __name__, url_prefix="/console/messages")


@blueprint.post("/<int:message_id>/copy")
@requires(*SENDERS)
def copy(message_id: int) -> ResponseReturnValue:
    """Keep a copy and go on to edit it."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        message = message_library.get(session, message_id)
        name = _("%(name)sのコピー", name=message.name)[: message_library.NAME_LIMIT]
        made = message_library.copy(session, message_id, name, by, now).message_id
        operators.note(session, by, "message_copied", str(made), now, of=message_id)
    flash(_("コピーを作りました。"), "success")
    return redirect(url_for("messages.edit", message_id=made))


@blueprint.post("/<int:message_id>/restore")
@requires(*SENDERS)
def restore(message_id: int) -> ResponseReturnValue:
    """Say again what an older version said."""
    services, by = current_services(), current_operator().actor
    now, number = services.clock.now(), request.form.get("version", type=int) or 0
    try:
        with services.database.begin() as session:
            old = message_library.version(session, message_id, number)
            made = message_library.restore(session, old, by, now).version
            operators.note(session, by, "message_restored", str(message_id), now, of=number, version=made)
    except KokyakuError as error:
        flash(explain(error), "danger")
    else:
        flash(_("版%(old)sの内容を、版%(new)sとして戻しました。", old=number, new=made), "success")
    return redirect(url_for("messages.show", message_id=message_id))


@blueprint.post("/<int:message_id>/archive")
@requires(*SENDERS)
def archive(message_id: int) -> ResponseReturnValue:
    """Put it away; the page it leads to takes it back."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        message_library.archive(session, message_id, now)
        operators.note(session, by, "message_archived", str(message_id), now)
    flash(_("メッセージをしまいました。このページの「一覧に戻す」で元に戻せます。"), "success")
    return redirect(url_for("messages.show", message_id=message_id))


@blueprint.post("/<int:message_id>/unarchive")
@requires(*SENDERS)
def unarchive(message_id: int) -> ResponseReturnValue:
    """Offer it again; one that was written with a broadcast or step alone joins the list thereby."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        message_library.take_back(session, message_id)
        operators.note(session, by, "message_unarchived", str(message_id), now)
    flash(_("一覧に戻しました。"), "success")
    return redirect(url_for("messages.show", message_id=message_id))


@blueprint.post("/<int:message_id>/test")
@requires(*SENDERS)
def test(message_id: int) -> ResponseReturnValue:
    """Send the newest version to the operator's own LINE."""
    services = current_services()
    now = services.clock.now()

    def send(session: Session, friend_id: int) -> None:
        _message, version = messages_views.newest(session, message_id)
        trial_sends.send(session, services.queue, version.id, friend_id, now)

    return own_line.send_test(send, url_for("messages.show", message_id=message_id))


@blueprint.post("/discard")
@requires(*SENDERS)
def discard() -> ResponseReturnValue:
    """Throw away what the editor kept by itself, and begin again from what is saved."""
    services, place = current_services(), request.form.get("place", "")
    with services.database.begin() as session:
        form_drafts.drop(session, current_operator().id, place)
    number = place.removeprefix("message:")
    if number.isdecimal():
        return redirect(url_for("messages.edit", message_id=int(number)))
    return redirect(url_for("messages.new"))


@blueprint.get("/links")
@requires(*READERS)
def show_links() -> ResponseReturnValue:
    """List the links whose taps are counted."""
    return _links_page("", {})


def _links_page(error: str, typed: dict[str, str]) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        rows = links.tallies(session)
    page = render_template("console/message_links.html", rows=rows, error=error, typed=typed)
    return page, 422 if error else 200


@blueprint.post("/links")
@requires(*SENDERS)
def add_link() -> ResponseReturnValue:
    """Give an address a name; a name that exists leads there from now on."""
    services, by, typed = current_services(), current_operator().actor, request.form.to_dict()
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            name, url = typed.get("name", ""), typed.get("url", "")
            link = links.register(session, name, url, now, change="change" in typed)
            operators.note(session, by, "link_saved", link.name, now, url=link.url)
    except KokyakuError as error:
        return _links_page(explain(error), typed)
    flash(_("リンクを保存しました。"), "success")
    return redirect(url_for("message_tools.show_links"))
