"""The last steps before a broadcast leaves: its price, a look at it and a test, the word to send."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot import tried_words
from bot.console import broadcast_steps, broadcasts_views, inserts, own_line, previews, quiet, sending
from bot.console.access import SENDERS, current_operator, requires
from bot.console.broadcast_form import field_text
from bot.console.broadcast_steps import author
from bot.console.page import current_shop, current_zone
from bot.i18n import current_language
from bot.services import current_services
from bot.words import reason_words
from scheduler import approvals, broadcast_lookup, broadcasts, sample_renders

blueprint = Blueprint("leaving", __name__, url_prefix="/console/broadcasts")
blueprint.add_app_template_global(broadcast_steps.way, "broadcast_way")


@blueprint.get("/<int:broadcast_id>/price")
@requires(*SENDERS)
def price(broadcast_id: int) -> ResponseReturnValue:
    """Show whom it reaches, who falls away and why, and what it costs."""
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        draft = broadcasts_views.draft(session, broadcast_id)
        if not draft.editable:
            return redirect(url_for("watching.show", broadcast_id=broadcast_id))
        costs = broadcasts_views.price(session, draft, now)
        audience = broadcasts_views.audience_words(session, draft)
    return render_template(
        "console/broadcast_price.html",
        draft=draft,
        price=costs,
        foretold=costs.foretold,
        audience=audience,
        reason_words=reason_words,
    )


@blueprint.get("/<int:broadcast_id>/look")
@requires(*SENDERS)
def look(broadcast_id: int) -> ResponseReturnValue:
    """Show it as the sample friend or a real one would see it, and offer a test send."""
    services, asked = current_services(), request.args
    now = services.clock.now()
    with services.database.reading() as session:
        draft = broadcasts_views.draft(session, broadcast_id)
        if not draft.editable:
            return redirect(url_for("watching.show", broadcast_id=broadcast_id))
        reader = previews.reader(session, asked.get("friend", ""), asked.get("q", ""))
        friend_id = reader.friend.id if reader.friend else None
        shown = previews.shown(session, draft.content, friend_id, now)
        tester = sending.tester(session, current_operator().friend_id)
    return render_template(
        "console/broadcast_look.html",
        draft=draft,
        reader=reader,
        shown=shown,
        tester=tester,
        said_twice=inserts.said_twice(draft.texts.get("ja", "")),
    )


@blueprint.get("/<int:broadcast_id>/confirm")
@requires(*SENDERS)
def confirm(broadcast_id: int) -> ResponseReturnValue:
    """Show all of it once more, and ask when it is to leave."""
    return _confirm_page(broadcast_id, {}, "now", "")


def _confirm_page(broadcast_id: int, errors: dict[str, str], when: str, at: str) -> ResponseReturnValue:
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        draft = broadcasts_views.draft(session, broadcast_id)
        if not draft.editable:
            return redirect(url_for("watching.show", broadcast_id=broadcast_id))
        costs = broadcasts_views.price(session, draft, now)
        needs_approval = approvals.is_to_many(session, broadcast_lookup.get(session, broadcast_id), now)
        shown = previews.shown(session, draft.content, None, now)
        audience = broadcasts_views.audience_words(session, draft)
        tried = sample_renders.try_one(session, draft.content, now, broadcasts_views.whom(draft))
    page = render_template(
        "console/broadcast_confirm.html",
        draft=draft,
        price=costs,
        audience=audience,
        tried=tried_words.told(tried, current_language()),
        needs_approval=needs_approval,
        wait=quiet.wait_at(current_shop(), now),
        shown=shown,
        said_twice=inserts.said_twice(draft.texts.get("ja", "")),
        errors=errors,
        reason_words=reason_words,
        when=when,
        at=at or field_text(draft.scheduled_at or broadcasts_views.default_time(now), current_zone()),
    )
    return page, 422 if errors else 200


@blueprint.post("/<int:broadcast_id>/test")
@requires(*SENDERS)
def test(broadcast_id: int) -> ResponseReturnValue:
    """Send the message to the operator's own LINE."""
    services = current_services()
    now = services.clock.now()

    def send(session: Session, friend_id: int) -> None:
        broadcasts.send_test(session, services.queue, broadcast_id, friend_id, now)

    return own_line.send_test(send, url_for("leaving.look", broadcast_id=broadcast_id))


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
