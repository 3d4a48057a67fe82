"""Says what was said with a friend: the chat, what we sent or did not send, and taps."""

from flask_babel import gettext as _

from bot.console.timeline_reading import Line, Reader
from bot.i18n import N_
from bot.words import DELIVERY_STATES, reason_words
from scheduler import decision_words, sent_bodies, uncertain
from scheduler.models import Delivery, DeliveryState
from scheduler.timeline import Entry
from segments.models import Direction

KINDS_IN_CHAT = {
    "image": N_("写真"),
    "sticker": N_("スタンプ"),
    "video": N_("動画"),
    "audio": N_("音声"),
    "file": N_("ファイル"),
    "location": N_("位置情報"),
    "flex": N_("カード形式のメッセージ"),
    "template": N_("ボタン付きのメッセージ"),
    "postback": N_("ボタンのタップ"),
}


def said(entry: Entry, reader: Reader) -> Line:
    """Tell what one of us wrote in the chat."""
    message = entry.row.ChatMessage
    ours = message.direction is Direction.OUT
    title = _("こちらからのメッセージ") if ours else _("友だちからのメッセージ")
    if message.unsent_at is not None:
        return Line(entry.at, entry.sort, title, aside=_("（送信が取り消されました）"))
    kind = KINDS_IN_CHAT.get(message.kind)
    words = message.text or (_(kind) if kind else message.kind)
    to = ("sent.show", {"delivery_id": message.delivery_id}) if ours and message.delivery_id else None
    return Line(entry.at, entry.sort, title, words, link=to)


def delivery(entry: Entry, reader: Reader) -> Line:
    """Tell what became of a message of ours."""
    row, delivery = entry.row, entry.row.Delivery
    source = row.broadcast or reader.pick(row.scenario, row.scenario_en)
    name = " – ".join(each for each in (source, "" if row.broadcast else row.message) if each)
    state = _(DELIVERY_STATES[delivery.state])
    title = _("配信「%(name)s」: %(state)s", name=name or "—", state=state)
    why = reason_words(delivery.reason)
    if delivery.carried_by and delivery.carried_by != delivery.id:
        carried = (
            _("応答と一緒に無料で送信") if delivery.chunk_id is None else _("ほかのメッセージとまとめて送信")
        )
        why = " / ".join(each for each in (why, carried) if each)
    return Line(entry.at, entry.sort, title, aside=why, link=_page_of(delivery))


def _page_of(delivery: Delivery) -> tuple[str, dict[str, int]] | None:
    """Return where more is told: what waits for a decision leads to where it is made, what left to its words."""
    if delivery.state is DeliveryState.UNCERTAIN and delivery.kind in uncertain.KINDS:
        return "uncertain.index", {"friend": delivery.friend_id}
    if delivery.state in sent_bodies.LEFT:
        return "sent.show", {"delivery_id": delivery.id}
    return ("watching.show", {"broadcast_id": delivery.broadcast_id}) if delivery.broadcast_id else None


def decision(entry: Entry, reader: Reader) -> Line:
    """Tell why something was held back or not sent."""
    row = entry.row
    scenario = reader.pick(row.scenario, row.scenario_en)
    about = row.broadcast or " – ".join(each for each in (scenario, row.step) if each)
    words = decision_words.said(row.Decision, reader.shop.zone).of(reader.language)
    held = row.Decision.until is not None
    title = _("保留: %(name)s", name=about or "—") if held else _("見送り: %(name)s", name=about or "—")
    return Line(entry.at, entry.sort, title, aside=words)


def tap(entry: Entry, reader: Reader) -> Line:
    """Tell which link was tapped."""
    return Line(
        entry.at, entry.sort, _("リンク「%(name)s」をタップ", name=entry.row.name), aside=entry.row.url
    )
