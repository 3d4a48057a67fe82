"""Deliveries of which nobody knows whether they arrived: taken as arrived, or sent again, after one more question."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import broadcasts_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain, reason_words
from scheduler import uncertain, uncertain_list
from scheduler.uncertain_list import About
from segments.errors import Conflict

blueprint = Blueprint("uncertain", __name__, url_prefix="/console/uncertain")
LARGEST = 2**63 - 1


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show what waits for a decision; whose it is stands in the address."""
    place, after = _place(), request.args.get("after", 0, type=int)
    about = About(place.get("broadcast"), place.get("friend"))
    now = current_services().clock.now()
    with current_services().database.reading() as session:
        rows, further = uncertain_list.page(session, about, min(max(after, 0), LARGEST), now)
        draft = broadcasts_views.draft(session, about.broadcast_id) if about.broadcast_id else None
        total = uncertain_list.count(session, about)
    shown = {"rows": rows, "after": further, "total": total, "draft": draft}
    return render_template("console/uncertain.html", place=place, **shown, **_words())


@blueprint.get("/arrived")
@requires(*SENDERS)
def ask_arrived() -> ResponseReturnValue:
    """Ask once more: it cannot be taken back."""
    return _ask("console/uncertain_arrived.html")


@blueprint.get("/again")
@requires(*SENDERS)
def ask_again() -> ResponseReturnValue:
    """Ask once more: it may arrive twice."""
    return _ask("console/uncertain_again.html")


@blueprint.post("/arrived")
@requires(*SENDERS)
def arrived() -> ResponseReturnValue:
    """Count what was shown as accepted."""
    seen = _seen()
    done = _decided("uncertain_arrived", seen, lambda session: uncertain.take_as_arrived(session, seen))
    if done:
        flash(_("%(count)s通を、届いたことにしました。", count=done), "success")
    return redirect(url_for("uncertain.index", **_place()))


@blueprint.post("/again")
@requires(*SENDERS)
def again() -> ResponseReturnValue:
    """Put what was shown in line once more."""
    seen, by, now = _seen(), current_operator().actor, current_services().clock.now()

    def act(session: Session) -> int:
        return uncertain.send_again(session, seen, by, now)

    if done := _decided("uncertain_sent_again", seen, act):
        flash(_("%(count)s通を、もう一度送ります。", count=done), "success")
    return redirect(url_for("uncertain.index", **_place()))


def _decided(action: str, seen: uncertain.Seen, act: Callable[[Session], int]) -> int:
    """Do it and write it into the log; return how many, 0 when it was refused, which is told."""
    services, operator = current_services(), current_operator()
    try:
        with services.database.begin() as session:
            done = act(session)
            details = {"deliveries": sorted(seen), "decided": done}
            subject = f"delivery:{min(seen)}" if len(seen) == 1 else f"deliveries:{len(seen)}"
            operators.note(session, operator.actor, action, subject, services.clock.now(), **details)
    except Conflict as error:
        flash(explain(error), "warning")
        return 0
    return done


def _ask(template: str) -> ResponseReturnValue:
    seen, now = _seen(), current_services().clock.now()
    with current_services().database.reading() as session:
        rows = uncertain_list.chosen(session, sorted(seen), now)
    still = [row for row in rows if row.tried_before == seen[row.lost.id]]
    if not still:
        flash(explain(Conflict("uncertain_decided")), "warning")
        return redirect(url_for("uncertain.index", **_place()))
    return render_template(template, rows=still, place=_place(), **_words())


def _words() -> dict[str, Any]:
    return {
        "language": current_language(),
        "reason_words": reason_words,
        "obstacle_words": _obstacle_words,
    }


def _obstacle_words(code: str) -> str:
    return explain(Conflict(code))


def _seen() -> dict[int, int]:
    """Return what was chosen: the one of the button, or all that the page showed; what is no number is left out."""
    given = request.values.getlist("only") or request.values.getlist("shown")
    parts = [each.split("-") for each in given[: uncertain.MOST]]
    pairs = [(int(id_), int(tried)) for id_, tried in filter(_is_pair, parts)]
    return {id_: tried for id_, tried in pairs if id_ <= LARGEST}


def _is_pair(part: list[str]) -> bool:
    return len(part) == 2 and all(each.isascii() and each.isdigit() and len(each) < 20 for each in part)


def _place() -> dict[str, Any]:
    """Return whose deliveries the page shows, as its address says."""
    asked = {name: request.values.get(name, type=int) for name in ("broadcast", "friend")}
    return {name: value for name, value in asked.items() if value is not None and 0 < value <= LARGEST}
