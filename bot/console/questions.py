"""The inbox of questions the bot could not answer."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import answers, operators
from bot.console import questions_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.broadcast_form import LINE_TEXT_LIMIT
from bot.services import current_services
from bot.words import DELIVERY_STATES, explain, reason_words
from segments import complaints, conversations
from segments.errors import Conflict, KokyakuError, NotFound

blueprint = Blueprint("questions", __name__, url_prefix="/console/questions")


LONG = 160
"""Characters of a question above which it is shown folded."""


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show who waits for an answer, and what was answered last."""
    return _page()


def _page(typed: dict[int, str] | None = None, errors: dict[int, str] | None = None) -> ResponseReturnValue:
    """Show the page; `typed` and `errors` are of the question that is being answered."""
    after = request.args.get("after", 0, type=int)
    with current_services().database.reading() as session:
        rows, next_id = questions_views.waiting(session, after)
        answered = questions_views.lately_answered(session)
        complained = complaints.of_questions(session, {row.friend_id for row in (*rows, *answered)})
    page = render_template(
        "console/questions.html",
        askers=questions_views.by_friend(rows),
        long=LONG,
        next_id=next_id,
        after=after,
        answered=answered,
        complained=complained,
        typed=typed or {},
        errors=errors or {},
        limit=LINE_TEXT_LIMIT,
        delivery_states=DELIVERY_STATES,
        reason_words=reason_words,
    )
    return page, 422 if errors else 200


@blueprint.post("/<int:question_id>/answer")
@requires(*SENDERS)
def answer(question_id: int) -> ResponseReturnValue:
    """Send the answer by LINE and take the question off the list."""
    services, operator = current_services(), current_operator()
    now, text = services.clock.now(), request.form.get("text", "")
    try:
        with services.database.begin() as session:
            by = (operator.name or operator.login)[:64]
            delivery = answers.answer(session, services.queue, question_id, text, by, now)
            details = {"delivery": delivery.id}
            operators.note(session, operator.actor, "question_answered", str(question_id), now, **details)
    except NotFound:
        raise
    except KokyakuError as error:
        if error.code == "question_answered":
            flash(explain(error), "warning")
            return _back()
        return _page({question_id: text}, {question_id: _why(error)})
    flash(_("お返事を送信しました。"), "success")
    return _back()


def _why(error: KokyakuError) -> str:
    if error.code != "answer_impossible":
        return explain(error)
    return explain(Conflict(error.code, reason=reason_words(str(error.params["reason"]))))


def _back() -> ResponseReturnValue:
    after = request.args.get("after", 0, type=int)
    return redirect(url_for("questions.index", after=after or None))


@blueprint.post("/friends/<int:friend_id>/answered")
@requires(*SENDERS)
def mark_all_answered(friend_id: int) -> ResponseReturnValue:
    """Note that somebody dealt with all that a friend asked, as far as the page showed it."""
    services, operator = current_services(), current_operator()
    up_to = request.form.get("up_to", 0, type=int)
    with services.database.begin() as session:
        found = questions_views.open_questions(session, friend_id, up_to)
        for question_id in found:
            conversations.answer(
                session, question_id, (operator.name or operator.login)[:64], services.clock.now()
            )
    flash(_("%(count)s件を対応済みにしました。", count=len(found)), "success")
    return redirect(url_for("questions.index"))


@blueprint.post("/<int:question_id>/answered")
@requires(*SENDERS)
def mark_answered(question_id: int) -> ResponseReturnValue:
    """Note that somebody dealt with the question."""
    services, operator = current_services(), current_operator()
    try:
        with services.database.begin() as session:
            by = operator.name or operator.login
            conversations.answer(session, question_id, by[:64], services.clock.now())
    except NotFound:
        raise
    except KokyakuError as error:
        flash(explain(error), "warning")
    else:
        flash(_("対応済みにしました。"), "success")
    return redirect(url_for("questions.index"))
