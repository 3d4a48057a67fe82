"""The buttons of a conversation: answer, note, take over, hand back, assign, close, decide."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import chat_answers, chat_desk, operators
from bot.chat_answers import Order
from bot.console import inbox
from bot.console.access import SENDERS, current_operator, requires
from bot.services import current_services
from bot.words import explain, reason_words
from segments import friend_notes
from segments.errors import Conflict, Invalid, KokyakuError, NotFound

blueprint = Blueprint("inbox_acts", __name__, url_prefix="/console/inbox")
Act = Callable[[Session], None]


@blueprint.post("/<int:friend_id>/answer")
@requires(*SENDERS)
def answer(friend_id: int) -> ResponseReturnValue:
    """Send what was written; what cannot be sent stands on the page again, with the reason beside it."""
    services, operator = current_services(), current_operator()
    now, text = services.clock.now(), request.form.get("text", "")
    order = Order(
        friend_id=friend_id,
        text=text,
        by=_name(),
        operator_id=operator.id,
        up_to=request.form.get("up_to", 0, type=int),
        seen=request.form.get("seen", 0, type=int),
        free_only=request.form.get("free") == "1",
    )
    try:
        sent = chat_answers.send(services, order, now)
    except NotFound:
        raise
    except KokyakuError as error:
        return inbox.page(friend_id, {"text": text}, {"text": _why(error)}, 422)
    with services.database.begin() as session:
        details = {"delivery": sent.delivery_id, "free": sent.is_free}
        operators.note(session, operator.actor, "chat_answered", str(friend_id), now, **details)
    flash(_("無料で返信しました。") if sent.is_free else _("送信しました。"), "success")
    return _back(friend_id)


def _why(error: KokyakuError) -> str:
    if error.code != "answer_impossible":
        return explain(error)
    return explain(Conflict(error.code, reason=reason_words(str(error.params["reason"]))))


@blueprint.post("/<int:friend_id>/note")
@requires(*SENDERS)
def note(friend_id: int) -> ResponseReturnValue:
    """Keep a note that the friend never sees."""
    services, operator = current_services(), current_operator()
    text = request.form.get("note", "")
    try:
        with services.database.begin() as session:
            friend_notes.add(session, friend_id, text, operator.actor, services.clock.now())
    except Invalid as error:
        return inbox.page(friend_id, {"note": text}, {"note": explain(error)}, 422)
    flash(_("メモを残しました。友だちには見えません。"), "success")
    return _back(friend_id)


@blueprint.post("/<int:friend_id>/take-over")
@requires(*SENDERS)
def take_over(friend_id: int) -> ResponseReturnValue:
    """Let the bot be silent: a person talks now."""
    now, me = current_services().clock.now(), current_operator().id
    return _done(
        friend_id,
        "chat_taken_over",
        lambda session: chat_desk.take_over(session, friend_id, me, now),
        _("会話を引き継ぎました。ボットは、配信停止などの設定のほかには応答しません。"),
    )


@blueprint.post("/<int:friend_id>/hand-back")
@requires(*SENDERS)
def hand_back(friend_id: int) -> ResponseReturnValue:
    """Let the bot answer again."""
    return _done(
        friend_id,
        "chat_handed_back",
        lambda session: chat_desk.hand_back(session, friend_id),
        _("ボットに戻しました。"),
    )


@blueprint.post("/<int:friend_id>/assign")
@requires(*SENDERS)
def assign(friend_id: int) -> ResponseReturnValue:
    """Say who answers this friend."""
    chosen = request.form.get("operator", type=int)
    return _done(
        friend_id,
        "chat_assigned",
        lambda session: chat_desk.assign(session, friend_id, chosen),
        _("担当を変更しました。"),
        to=chosen,
    )


@blueprint.post("/<int:friend_id>/close")
@requires(*SENDERS)
def close(friend_id: int) -> ResponseReturnValue:
    """Take the conversation off the list of those who wait, as far as the page showed it."""
    now, up_to, by = current_services().clock.now(), request.form.get("up_to", 0, type=int), _name()

    def act(session: Session) -> None:
        chat_answers.close(session, friend_id, up_to, by, now)

    return _done(friend_id, "chat_closed", act, _("対応済みにしました。"))


@blueprint.post("/<int:friend_id>/settle")
@requires(*SENDERS)
def settle(friend_id: int) -> ResponseReturnValue:
    """Note that somebody has looked at an answer that failed, or that nobody knows the end of."""

    def act(session: Session) -> None:
        chat_desk.state_of(session, friend_id).answer_delivery_id = None

    return _done(friend_id, "chat_settled", act, _("確認済みにしました。"))


def _done(friend_id: int, action: str, act: Act, words: str, **details: object) -> ResponseReturnValue:
    services, operator = current_services(), current_operator()
    with services.database.begin() as session:
        act(session)
        operators.note(session, operator.actor, action, str(friend_id), services.clock.now(), **details)
    flash(words, "success")
    return _back(friend_id)


def _name() -> str:
    operator = current_operator()
    return (operator.name or operator.login)[:64]


def _back(friend_id: int) -> ResponseReturnValue:
    return redirect(url_for("inbox.show", friend_id=friend_id, **inbox.place()))
