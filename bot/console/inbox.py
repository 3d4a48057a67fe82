"""The inbox: conversations with friends one by one, shown as they happen and answered by people."""

import hashlib
import json
import re
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import chat_desk
from bot.chat_answers import LEFT_TO_PEOPLE
from bot.console import inbox_items, inbox_list, inbox_thread
from bot.console import saved_replies_views as replies
from bot.console.access import READERS, current_operator, requires
from bot.console.inbox_list import Listing
from bot.console.inbox_order import Filter, Wanted
from bot.console.inbox_thread import Thread
from bot.console.inbox_words import item_words, line_words
from bot.i18n import current_language
from bot.services import current_services
from bot.words import DELIVERY_KINDS, DELIVERY_STATES, reason_words
from scheduler.line_limits import TEXT
from segments.friend_notes import LONGEST

FORM_TOKEN = re.compile(r'name=\\"csrf_token\\" value=\\"[^"\\]*')
blueprint = Blueprint("inbox", __name__, url_prefix="/console/inbox")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List the conversations."""
    return page(None)


@blueprint.get("/<int:friend_id>")
@requires(*READERS)
def show(friend_id: int) -> ResponseReturnValue:
    """Show one conversation; beside the list where there is room."""
    return page(friend_id)


@blueprint.get("/news")
@blueprint.get("/<int:friend_id>/news")
@requires(*READERS)
def news(friend_id: int | None = None) -> ResponseReturnValue:
    """Return the parts of the page that may have changed, or 304 when none did since the ETag."""
    listing, thread = _found(friend_id)
    known = _known(listing, thread)
    body = json.dumps(_parts(known), ensure_ascii=False)
    response = Response(body, mimetype="application/json")
    # Form tokens are new each time, and mean nothing new.
    response.set_etag(hashlib.sha256(FORM_TOKEN.sub("", body).encode()).hexdigest()[:32])
    return response.make_conditional(request)


def page(
    friend_id: int | None,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Show the whole page; `typed` and `errors` are of a form that could not be taken."""
    listing, thread = _found(friend_id)
    known = _known(listing, thread)
    given = dict(typed or {})
    if thread is not None:
        known |= _for_answering(thread, given)
    body = render_template(
        "console/inbox.html", typed=given, errors=errors or {}, parts_of=_parts(known), **known
    )
    return body, status


def wanted() -> Wanted:
    """Return what the address asks to list."""
    named = request.args.get("filter", "")
    which = Filter(named) if named in set(Filter) else Filter.WAITING
    after = max(0, request.args.get("after", 0, type=int))
    return Wanted(which, request.args.get("q", "").strip()[:100], current_operator().id, after)


def place() -> dict[str, Any]:
    """Return the query of the list, to come back to the same place."""
    asked = wanted()
    return {"filter": asked.which.value, "q": asked.words or None, "after": asked.after or None}


def _found(friend_id: int | None) -> tuple[Listing, Thread | None]:
    services, operator = current_services(), current_operator()
    now, before = services.clock.now(), request.args.get("before", type=int)
    if friend_id is not None:
        _look(friend_id)
    with services.database.reading() as session:
        listing = inbox_list.listing(session, wanted())
        if friend_id is None:
            return listing, None
        return listing, inbox_thread.thread(session, friend_id, operator.id, now, before)


def _look(friend_id: int) -> None:
    """Let colleagues see that this conversation is open here; viewers only read, and are not announced."""
    services, operator = current_services(), current_operator()
    if not operator.can_send:
        return
    now = services.clock.now()
    with services.database.reading() as session:
        noted = chat_desk.is_noted(session, friend_id, operator.id, now)
    if not noted:
        with services.database.begin() as session:
            chat_desk.look(session, friend_id, operator.id, now)


def _known(listing: Listing, thread: Thread | None) -> dict[str, Any]:
    asked = wanted()
    return {
        "listing": listing,
        "thread": thread,
        "friend_id": thread.friend.id if thread else None,
        "asked": asked,
        "place": place(),
        "now": current_services().clock.now(),
        "before": request.args.get("before", type=int),
        "item_words": item_words,
        "line_words": line_words,
        "delivery_states": DELIVERY_STATES,
        "delivery_kinds": DELIVERY_KINDS,
        "left_to_people": LEFT_TO_PEOPLE,
        "reason_words": reason_words,
        "limit": TEXT,
        "note_limit": LONGEST,
        "filters": {
            Filter.WAITING: _("お返事待ち"),
            Filter.MINE: _("自分の担当"),
            Filter.ALL: _("すべて"),
            Filter.CLOSED: _("対応済み"),
        },
        "language": current_language(),
    }


def _for_answering(thread: Thread, given: dict[str, str]) -> dict[str, Any]:
    """Return what only the whole page needs: colleagues, and the saved replies in this friend's words."""
    services = current_services()
    if not current_operator().can_send:
        return {"colleagues": [], "saved": []}
    with services.database.begin() as session:
        colleagues = chat_desk.colleagues(session)
        saved = replies.filled(session, thread.friend, services.clock.now())
    chosen = request.args.get("reply", type=int)
    if "text" not in given:
        given["text"] = next((each.text for each in saved if each.id == chosen), "")
    return {"colleagues": colleagues, "saved": saved}


def _parts(known: dict[str, Any]) -> dict[str, Any]:
    """Return the changing parts as HTML, and what a screen reader is to be told of."""
    listing, thread = known["listing"], known["thread"]
    parts: dict[str, Any] = {
        "list": render_template("console/_inbox_list.html", **known),
        "waiting": listing.waiting,
        "waitingWords": _("お返事待ちの友だちは%(count)s人です。", count=listing.waiting),
    }
    if thread is not None:
        parts |= {
            "thread": render_template("console/_inbox_thread.html", **known),
            "standing": render_template("console/_inbox_standing.html", **known),
            "cost": render_template("console/_inbox_cost.html", **known),
            "seen": thread.newest_answer,
            "upTo": thread.newest_question,
        } | _heard(thread)
    return parts


def _heard(thread: Thread) -> dict[str, str]:
    """Return the friend's newest message, to be announced once."""
    incoming = [item for item in thread.items if item.side == inbox_items.IN]
    if not incoming:
        return {"newest": "", "newestWords": ""}
    last = incoming[-1]
    name = thread.friend.display_name or _("お名前未取得")
    words = _("%(name)sさんから新しいメッセージ: %(text)s", name=name, text=item_words(last)[:80])
    return {"newest": last.key, "newestWords": words}
