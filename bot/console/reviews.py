"""Reviews: what moved in a week or month, which campaign it followed, what is decided, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators, review_decisions
from bot.actors import actor_name
from bot.console import report_campaigns, review_figures, review_span
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.page import current_zone
from bot.console.review_span import Span, Unit
from bot.console.typed import Typed
from bot.models import ReviewDecision
from bot.services import current_services
from bot.words import explain
from segments.errors import Conflict, Invalid

blueprint = Blueprint("reviews", __name__, url_prefix="/console/reviews")


@dataclass(frozen=True)
class Told:
    """A decision with the names that belong to it."""

    row: ReviewDecision
    span: Span
    by: str
    settled_by: str
    is_due: bool


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show a week or month beside the one before, the last that is over unless another is asked for."""
    span = review_span.read(request.args, _today())
    usual = max(span.after.after.first, _today())
    return _page(span, Typed({"follow_up_on": usual.isoformat()}))


@blueprint.post("/")
@requires(*SENDERS)
def decide() -> ResponseReturnValue:
    """Write down what is to change."""
    services, by, typed = current_services(), current_operator().actor, Typed(request.form)
    span, now = review_span.read(request.form, _today()), services.clock.now()
    follow_up_on = typed.day("follow_up_on")
    if not typed.errors:
        try:
            with services.database.begin() as session:
                made = review_decisions.decide(
                    session, span.key, typed.text("text"), follow_up_on, by, _today(), now
                )
                operators.note(session, by, "review_decided", str(made.id), now, **span.query)
        except Invalid as error:
            typed.add("follow_up_on" if error.code == "decision_day" else "text", explain(error))
    if typed.errors:
        return _page(span, typed)
    flash(_("決めたことを記録しました。確かめる日になると、ホームでお知らせします。"), "success")
    return _back(span, "decisions")


@blueprint.post("/decisions/<int:decision_id>")
@requires(*SENDERS)
def settle(decision_id: int) -> ResponseReturnValue:
    """Write down what came of a decision."""
    services, by = current_services(), current_operator().actor
    span, now = review_span.read(request.form, _today()), services.clock.now()
    try:
        with services.database.begin() as session:
            review_decisions.settle(session, decision_id, request.form.get("outcome", ""), by, now)
            operators.note(session, by, "review_settled", str(decision_id), now)
    except Conflict as error:
        flash(explain(error), "warning")
        return _back(span, f"decision-{decision_id}")
    except Invalid as error:
        typed = Typed({"outcome": request.form.get("outcome", "")})
        typed.add(f"outcome-{decision_id}", explain(error))
        return _page(span, typed)
    flash(_("結果を記録しました。"), "success")
    return _back(span, f"decision-{decision_id}")


@blueprint.post("/decisions/<int:decision_id>/reopen")
@requires(*SENDERS)
def reopen(decision_id: int) -> ResponseReturnValue:
    """Take back what came of a decision, to write it anew."""
    services, by = current_services(), current_operator().actor
    with services.database.begin() as session:
        review_decisions.reopen(session, decision_id)
        operators.note(session, by, "review_reopened", str(decision_id), services.clock.now())
    return _back(review_span.read(request.form, _today()), f"decision-{decision_id}")


def _page(span: Span, typed: Typed) -> ResponseReturnValue:
    services, zone, today = current_services(), current_zone(), _today()
    with services.database.reading() as session:
        found = review_figures.reviewed(session, span, services.clock.now(), zone)
        here = review_decisions.of_span(session, span.key)
        known = {each.id for each in here}
        elsewhere = [each for each in review_decisions.still_open(session) if each.id not in known]
        page = render_template(
            "console/reviews.html",
            span=span,
            units=review_span.UNITS,
            found=found,
            form=typed,
            decisions=_told(session, here, today),
            others=_told(session, elsewhere, today),
            today=today,
            campaign_name=report_campaigns.name,
            campaign_url=report_campaigns.url,
        )
    return page, 422 if typed.errors else 200


def _told(session: Session, rows: Sequence[ReviewDecision], today: date) -> list[Told]:
    return [
        Told(
            each,
            review_span.of(Unit(each.unit), each.starts_on),
            actor_name(session, each.made_by),
            actor_name(session, each.settled_by) if each.settled_by else "",
            each.settled_at is None and each.follow_up_on <= today,
        )
        for each in rows
    ]


def _back(span: Span, place: str) -> ResponseReturnValue:
    unit, start = span.unit.value, span.first.isoformat()
    return redirect(url_for("reviews.index", unit=unit, start=start, _anchor=place))


def _today() -> date:
    return current_services().clock.now().astimezone(current_zone()).date()
