"""Sends something to the operator's own LINE, as a test, and says what came of it."""

from collections.abc import Callable

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console.access import current_operator
from bot.services import current_services
from bot.words import explain
from segments.errors import KokyakuError


def send_test(send: Callable[[Session, int], object], back: str) -> ResponseReturnValue:
    """Have `send` send to the friend that the operator is, then return to `back`; who chose none is led to do so."""
    friend_id = current_operator().friend_id
    if friend_id is None:
        flash(
            _("テスト送信先がまだ選ばれていません。アカウントのページで、ご自身のLINEを選んでください。"),
            "warning",
        )
        return redirect(url_for("account.show"))
    try:
        with current_services().database.begin() as session:
            send(session, friend_id)
    except KokyakuError as error:
        flash(explain(error), "danger")
    else:
        flash(_("テストを送信しました。お手元のLINEでご確認ください。"), "success")
    return redirect(back)
