"""One message as one friend got it: the words that left, when, how and under which of LINE's numbers."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot.console.access import READERS, requires
from bot.console.line_look import Look
from bot.console.previews import Shown
from bot.i18n import N_, current_language
from bot.services import current_services
from bot.words import DELIVERY_KINDS, DELIVERY_STATES, reason_words
from scheduler import sent_bodies, uncertain
from scheduler.models import ChunkMode, Delivery, DeliveryKind, DeliveryState
from scheduler.sent_bodies import SentBody, Try
from segments.models import Friend

blueprint = Blueprint("sent", __name__, url_prefix="/console/sent")

WAYS = {
    ChunkMode.PUSH: N_("LINE（この友だちへ個別に）"),
    ChunkMode.MULTICAST: N_("LINE（同じ内容をまとめて）"),
    ChunkMode.EVERYONE: N_("LINE（すべての友だちへ一度に）"),
    ChunkMode.MAIL: N_("メール"),
}
BY_REPLY = N_("LINE（友だちへの応答と一緒に、無料）")


class Still(Look):
    """Draws a message whose links lead nowhere: an operator's click would count as the friend's tap."""

    def link(self, url: object) -> str:
        """Return that nothing happens."""
        del url
        return ""

    def words(self, text: object) -> list[tuple[str, str]]:
        """Return a text as one part, whatever addresses stand in it."""
        return [(str(text), "")]


@blueprint.get("/<int:delivery_id>")
@requires(*READERS)
def show(delivery_id: int) -> ResponseReturnValue:
    """Show what a friend was sent."""
    with current_services().database.reading() as session:
        sent = sent_bodies.sent_body(session, delivery_id)
        friend = session.get_one(Friend, sent.delivery.friend_id)
        return render_template(
            "console/sent.html",
            sent=sent,
            delivery=sent.delivery,
            friend=friend,
            campaign=_campaign(sent, current_language()),
            tries=[(each, _way(each, sent.delivery), _shown(each, friend)) for each in sent.tries],
            by_mail=any(each.way is ChunkMode.MAIL for each in sent.tries),
            nothing=_nothing(sent),
            delivery_kinds=DELIVERY_KINDS,
            delivery_states=DELIVERY_STATES,
            reason_words=reason_words,
            to_decide=sent.delivery.state is DeliveryState.UNCERTAIN
            and sent.delivery.kind in uncertain.KINDS,
        )


def _shown(each: Try, friend: Friend) -> list[Shown]:
    return [Shown("en" if friend.language == "en" else "ja", each.messages, look=Still())]


def _way(each: Try, delivery: Delivery) -> str:
    """Return how it left; "" for what has no chunk and rode on nothing either."""
    if each.way is not None:
        return WAYS[each.way]
    return BY_REPLY if delivery.kind is DeliveryKind.REPLY or delivery.carried_by else ""


def _nothing(sent: SentBody) -> str:
    if sent.delivery.state is DeliveryState.FAILED:
        return _("送れませんでした。友だちには届いていません。")
    return _("まだ送られていないか、送られませんでした。")


def _campaign(sent: SentBody, language: str) -> str:
    scenario = sent.scenario
    named = ((scenario.name_en if language == "en" else "") or scenario.name) if scenario else ""
    return sent.broadcast or " – ".join(each for each in (named, sent.step) if each)
