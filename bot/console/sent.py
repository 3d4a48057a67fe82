"""One message as one friend got it: the very words that left, when, how and under which of LINE's numbers."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from bot.console import friends_views
from bot.console.access import READERS, requires
from bot.console.line_look import Look
from bot.console.previews import Shown
from bot.i18n import N_, current_language
from bot.services import current_services
from bot.words import DELIVERY_KINDS, DELIVERY_STATES, reason_words
from scheduler import sent_bodies
from scheduler.models import ChunkMode

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
    """Show what a friend was sent, to the letter."""
    language = current_language()
    with current_services().database.reading() as session:
        sent = sent_bodies.sent_body(session, delivery_id)
        friend = friends_views.brief(session, sent.delivery.friend_id)
        return render_template(
            "console/sent.html",
            sent=sent,
            delivery=sent.delivery,
            friend=friend,
            campaign=_campaign(sent, language),
            way=_way(sent),
            shown=[Shown(sent.language or language, sent.messages, look=Still())],
            delivery_kinds=DELIVERY_KINDS,
            delivery_states=DELIVERY_STATES,
            reason_words=reason_words,
        )


def _campaign(sent: sent_bodies.SentBody, language: str) -> str:
    scenario = sent.scenario
    named = (
        (scenario.name_en or scenario.name) if scenario and language == "en" else scenario and scenario.name
    )
    return sent.broadcast or " – ".join(each for each in (named, sent.step) if each)


def _way(sent: sent_bodies.SentBody) -> str:
    if sent.delivery.state not in sent_bodies.LEFT:
        return ""
    return WAYS[sent.way] if sent.way is not None else BY_REPLY
