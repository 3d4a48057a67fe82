"""The page that erases one friend: what is kept of them, and their name to be typed."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import erasing
from bot.console.access import OWNERS, current_operator, requires
from bot.services import current_services
from bot.words import explain
from segments.errors import KokyakuError, NotFound
from segments.models import Friend

blueprint = Blueprint("erasing", __name__, url_prefix="/console/data/erase/<int:friend_id>")


@blueprint.get("/")
@requires(*OWNERS)
def show(friend_id: int) -> ResponseReturnValue:
    """Show what is kept of a friend, and ask."""
    return _page(friend_id)


@blueprint.post("/")
@requires(*OWNERS)
def erase(friend_id: int) -> ResponseReturnValue:
    """Erase the friend whose name was typed."""
    services, typed = current_services(), request.form.get("name", "")
    try:
        with services.database.begin() as session:
            erasing.confirm(session, friend_id, typed)
            kept = erasing.erase(session, friend_id, current_operator().actor, services.clock.now())
    except NotFound:
        raise
    except KokyakuError as refused:
        return _page(friend_id, typed, explain(refused))
    told = _(
        "個人情報を消去しました。購入%(count)s件は、だれのものかわからない形で残っています。",
        count=f"{kept:,}",
    )
    flash(told, "success")
    return redirect(url_for("data.show"))


def _page(friend_id: int, typed: str = "", error: str = "") -> ResponseReturnValue:
    with current_services().database.reading() as session:
        friend = session.get(Friend, friend_id) if friend_id < 2**63 else None
        if friend is None:
            raise NotFound("friend_unknown", friend_id=friend_id)
        held, word = erasing.holdings(session, friend_id), erasing.word_to_type(friend)
    page = render_template(
        "console/data_erase.html", friend=friend, held=held, word=word, typed=typed, error=error
    )
    return page, 422 if error else 200
