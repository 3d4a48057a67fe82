"""What people of the shop do with one friend: tags, notes, consent, the record itself."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import editing, friend_form, friend_zones
from bot.console.access import SENDERS, current_operator, requires
from bot.console.page import current_shop
from bot.console.typed import Typed
from bot.services import current_services
from bot.words import explain
from segments import friend_editing, friend_notes, friends, mail_consent, tags
from segments.errors import KokyakuError, NotFound
from segments.models import Friend

blueprint = Blueprint("friend_acts", __name__, url_prefix="/console/friends/<int:friend_id>")

Act = Callable[[Session, Friend, datetime], str]
"""Does something and returns what to tell about it."""


@blueprint.post("/tags")
@requires(*SENDERS)
def tag(friend_id: int) -> ResponseReturnValue:
    """Put a tag on."""
    name, by = request.form.get("name", "").strip(), current_operator().actor

    def act(session: Session, friend: Friend, now: datetime) -> str:
        tags.tag(session, friend.id, name, now, by)
        return _("タグ「%(tag)s」を付けました。", tag=name)

    return _do(friend_id, "tag_added", act, "about", tag=name[: tags.LONGEST])


@blueprint.post("/tags/remove")
@requires(*SENDERS)
def untag(friend_id: int) -> ResponseReturnValue:
    """Take a tag off."""
    name = request.form.get("name", "")

    def act(session: Session, friend: Friend, now: datetime) -> str:
        tags.untag(session, friend.id, name)
        return _("タグ「%(tag)s」を外しました。", tag=name)

    return _do(friend_id, "tag_removed", act, "about", tag=name[: tags.LONGEST])


@blueprint.post("/notes")
@requires(*SENDERS)
def note(friend_id: int) -> ResponseReturnValue:
    """Write a note down."""
    text, by = request.form.get("text", ""), current_operator().actor
    services = current_services()
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            friend_notes.add(session, friend_id, text, by, now)
            operators.note(session, by, "note_added", str(friend_id), now)
    except NotFound:
        raise
    except KokyakuError as refused:
        # What was typed is shown again, with what is wrong with it.
        page = render_template(
            "console/friend_note.html", friend_id=friend_id, text=text, error=explain(refused)
        )
        return page, 422
    flash(_("メモを保存しました。"), "success")
    return redirect(url_for("friends.show", friend_id=friend_id, _anchor="notes"))


@blueprint.post("/notes/<int:note_id>/remove")
@requires(*SENDERS)
def remove_note(friend_id: int, note_id: int) -> ResponseReturnValue:
    """Delete a note."""

    def act(session: Session, friend: Friend, now: datetime) -> str:
        friend_notes.remove(session, friend.id, note_id)
        return _("メモを削除しました。")

    return _do(friend_id, "note_removed", act, "notes")


@blueprint.post("/consent")
@requires(*SENDERS)
def consent(friend_id: int) -> ResponseReturnValue:
    """Stop messages of a kind, or let them out again, as the friend said."""
    wish = request.form.get("wish", "")
    if wish not in _WISHES:
        return redirect(url_for("friends.show", friend_id=friend_id))
    return _do(friend_id, f"consent_{wish}", _WISHES[wish], "consent")


def _stop_all(session: Session, friend: Friend, now: datetime) -> str:
    friends.opt_out(session, friend, now)
    return _("この友だちへの配信を停止しました。")


def _allow_all(session: Session, friend: Friend, now: datetime) -> str:
    friends.opt_in(session, friend, now)
    return _("この友だちへの配信を再開しました。")


def _stop_offers(session: Session, friend: Friend, now: datetime) -> str:
    friends.opt_out_of_offers(session, friend, now)
    return _("販売のご案内を停止しました。")


def _allow_offers(session: Session, friend: Friend, now: datetime) -> str:
    friends.opt_in_to_offers(session, friend, now)
    return _("販売のご案内を再開しました。")


def _stop_mail(session: Session, friend: Friend, now: datetime) -> str:
    mail_consent.refuse(session, friend.id, now)
    return _("メールの配信を停止しました。")


_WISHES: dict[str, Act] = {
    "stop_all": _stop_all,
    "allow_all": _allow_all,
    "stop_offers": _stop_offers,
    "allow_offers": _allow_offers,
    "stop_mail": _stop_mail,
}


@blueprint.get("/edit")
@requires(*SENDERS)
def edit(friend_id: int) -> ResponseReturnValue:
    """Show the record as a form."""
    return _edit_page(friend_id)


@blueprint.post("/edit")
@requires(*SENDERS)
def save(friend_id: int) -> ResponseReturnValue:
    """Save the record; what cannot be taken is told beside its field, and nothing is lost."""
    services, by = current_services(), current_operator().actor
    now, form = services.clock.now(), friend_form.read(request.form)
    try:
        with services.database.begin() as session:
            friend = _friend(session, friend_id, held=True)
            wanted = friend_form.wanted(form, friend)
            editing.warn_if_changed(form, friend_form.stored(session, friend), "friend_changed")
            changed = [] if form.errors else friend_editing.edit(session, friend_id, wanted, now)
            if changed:
                # Which, not what: the record of who did what is kept when the friend is erased.
                operators.note(session, by, "friend_changed", str(friend_id), now, fields=changed)
    except NotFound:
        raise
    except KokyakuError as refused:
        form.add(friend_form.PLACES.get(refused.code, ""), explain(refused))
    if form.errors:
        return _edit_page(friend_id, form), 422
    flash(_("保存しました。"), "success")
    return redirect(url_for("friends.show", friend_id=friend_id))


def _edit_page(friend_id: int, typed: Typed | None = None) -> str:
    """Show what was typed, or the record as it stands."""
    with current_services().database.reading() as session:
        friend = _friend(session, friend_id)
        seen = friend_form.seen(session, friend)
        form = typed or friend_form.of_friend(session, friend)
    zones = friend_zones.options(current_shop(), friend.timezone or "", form.text("timezone"))
    return render_template("console/friend_edit.html", friend=friend, form=form, seen=seen, zones=zones)


def _do(friend_id: int, action: str, act: Act, anchor: str, **details: str) -> ResponseReturnValue:
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            told = act(session, _friend(session, friend_id), now)
            operators.note(session, by, action, str(friend_id), now, **details)
    except NotFound:
        raise
    except KokyakuError as refused:
        flash(explain(refused), "danger")
    else:
        flash(told, "success")
    return redirect(url_for("friends.show", friend_id=friend_id, _anchor=anchor))


def _friend(session: Session, friend_id: int, *, held: bool = False) -> Friend:
    friend = session.get(Friend, friend_id, with_for_update=held) if 0 < friend_id < 2**63 else None
    if friend is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    return friend
