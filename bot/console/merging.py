"""Makes one friend of two rows, after both were looked at side by side."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import friends_views
from bot.console.access import SENDERS, current_operator, requires
from bot.services import current_services
from bot.words import explain
from segments import joining
from segments.errors import KokyakuError, NotFound

blueprint = Blueprint("merging", __name__, url_prefix="/console/friends/<int:friend_id>/merge")


@blueprint.get("/")
@requires(*SENDERS)
def show(friend_id: int) -> ResponseReturnValue:
    """Look for the imported row, then show both side by side and ask."""
    words, other = request.args.get("q", "").strip()[:100], request.args.get("other", "")
    with current_services().database.reading() as session:
        friend = friends_views.brief(session, friend_id)
        if friend is None:
            raise NotFound("friend_unknown", friend_id=friend_id)
        rows = friends_views.not_on_line(session, words, friend_id) if words else ()
        problem, pair, counts = "", None, (0, 0)
        if other.isdecimal() and len(other) < 19:
            try:
                pair = joining.check(session, int(other), friend_id)
                counts = (joining.purchases_of(session, int(other)), joining.purchases_of(session, friend_id))
            except KokyakuError as refused:
                problem = explain(refused)
    return render_template(
        "console/friend_merge.html",
        friend=friend,
        words=words,
        rows=rows,
        pair=pair,
        counts=counts,
        problem=problem,
    )


@blueprint.post("/")
@requires(*SENDERS)
def join(friend_id: int) -> ResponseReturnValue:
    """Join the imported row to the friend."""
    services, by = current_services(), current_operator().actor
    now, other = services.clock.now(), request.form.get("other", "")
    number = int(other) if other.isdecimal() and len(other) < 19 else 0
    try:
        with services.database.begin() as session:
            joining.join(session, number, friend_id, now)
            operators.note(session, by, "friends_merged", str(friend_id), now, merged=number)
    except KokyakuError as refused:
        flash(explain(refused), "danger")
        return redirect(url_for("merging.show", friend_id=friend_id))
    flash(_("1人にまとめました。"), "success")
    return redirect(url_for("friends.show", friend_id=friend_id))
