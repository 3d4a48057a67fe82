"""The moment of sending: the last checks between the confirmation page and the scheduler."""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import broadcasts_views, friends_views
from bot.console.broadcast_form import moment_of
from bot.console.composing import Author
from bot.console.friends_views import Brief
from bot.words import explain
from scheduler import broadcasts
from scheduler.jobs import JobQueue
from segments.errors import Conflict, Invalid

NOW, LATER = "now", "later"


@dataclass(frozen=True)
class Order:
    """What the operator decided on the confirmation page; `at` is the shop's wall clock."""

    broadcast_id: int
    when: str
    at: str
    accepts_excess: bool


def send(session: Session, queue: JobQueue, order: Order, author: Author) -> dict[str, str]:
    """Schedule the broadcast, or return what must be mended first, by field. A second click changes nothing."""
    draft = broadcasts_views.draft(session, order.broadcast_id)
    if not draft.editable:
        return {}
    price = broadcasts_views.price(session, draft, author.now)
    if not price.at_most and not price.foretold.by_mail:
        return {"when": _("送信できる友だちが1人もいません。配信先を見直してください。")}
    if price.exceeds and not order.accepts_excess:
        return {"accept_excess": _("プランの上限を超えます。ご確認のうえ、チェックを入れてください。")}
    return _schedule(session, queue, order, author)


def _schedule(session: Session, queue: JobQueue, order: Order, author: Author) -> dict[str, str]:
    try:
        at = moment_of(order.at, author.zone) if order.when == LATER else None
        if at is not None and at <= author.now:
            raise Invalid("time_passed", at=at)
        broadcasts.schedule(session, queue, order.broadcast_id, at, author.now, author.actor)
    except Conflict:
        return {}
    except Invalid as error:
        return {"at" if error.code.startswith("time") else "when": explain(error)}
    return {}


def tester(session: Session, friend_id: int | None) -> Brief | None:
    """Return the friend that an operator's test sends go to."""
    return friends_views.brief(session, friend_id)
