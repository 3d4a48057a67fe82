"""Says what happened with a friend, one line a thing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import formats
from bot.actors import actor_name
from bot.i18n import N_
from bot.words import DELIVERY_STATES, EVENTS, reason_words
from scheduler import decision_words
from scheduler.timeline import Entry
from scheduler.timeline_sources import Sort, What
from segments.ladder_words import ladder_name, rung_name
from segments.models import Direction
from segments.shop import Shop
from segments.stages import reason_words as stage_reason

SORTS = {
    Sort.MESSAGES: N_("メッセージ"),
    Sort.NOT_SENT: N_("見送り・保留"),
    Sort.TAPS: N_("タップ"),
    Sort.PURCHASES: N_("購入・返金"),
    Sort.STAGES: N_("ステージ"),
    Sort.TAGS: N_("タグ"),
    Sort.NOTES: N_("メモ"),
    Sort.ANSWERS: N_("アンケート"),
    Sort.COUPONS: N_("クーポン"),
    Sort.POINTS: N_("ポイント"),
    Sort.OTHER: N_("そのほか"),
}
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
SETTERS = {
    "rule": N_("ルール"),
    "tap": N_("タップ"),
    "import": N_("取り込み"),
    "step": N_("シナリオ"),
    "till": N_("レジ"),
}


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    at: datetime
    sort: Sort
    title: str
    text: str = ""
    """What was said, quoted as it was."""
    aside: str = ""
    """Why, by whom, on what terms."""
    link: tuple[str, dict[str, Any]] | None = None
    """Endpoint and values of where more of it stands."""


@dataclass(frozen=True)
class _Reader:
    session: Session
    shop: Shop
    language: str

    def pick(self, japanese: str | None, english: str | None) -> str:
        return (english or japanese or "") if self.language == "en" else japanese or ""

    def yen(self, amount: int) -> str:
        return formats.yen(amount, self.language)

    def day(self, at: datetime) -> str:
        return formats.day(self.shop.today(at), self.language)

    def who(self, by: str) -> str:
        if by.startswith(("operator:", "api:")) or by in {"cli", "command line"}:
            return actor_name(self.session, by)
        setter = SETTERS.get(by.partition(":")[0])
        return _(setter) if setter else by


def lines(session: Session, entries: Sequence[Entry], shop: Shop, language: str) -> list[Line]:
    """Return the entries in words."""
    reader = _Reader(session, shop, language)
    return [_SAID[each.what](each, reader) for each in entries]


def _said(entry: Entry, reader: _Reader) -> Line:
    message = entry.row.ChatMessage
    ours = message.direction is Direction.OUT
    title = _("こちらからのメッセージ") if ours else _("友だちからのメッセージ")
    if message.unsent_at is not None:
        return Line(entry.at, entry.sort, title, aside=_("（送信が取り消されました）"))
    kind = KINDS_IN_CHAT.get(message.kind)
    return Line(entry.at, entry.sort, title, message.text or (_(kind) if kind else message.kind))


def _delivery(entry: Entry, reader: _Reader) -> Line:
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
    link = ("watching.show", {"broadcast_id": delivery.broadcast_id}) if delivery.broadcast_id else None
    return Line(entry.at, entry.sort, title, aside=why, link=link)


def _decision(entry: Entry, reader: _Reader) -> Line:
    row = entry.row
    scenario = reader.pick(row.scenario, row.scenario_en)
    about = row.broadcast or " – ".join(each for each in (scenario, row.step) if each)
    words = decision_words.said(row.Decision, reader.shop.zone).of(reader.language)
    held = row.Decision.until is not None
    title = _("保留: %(name)s", name=about or "—") if held else _("見送り: %(name)s", name=about or "—")
    return Line(entry.at, entry.sort, title, aside=words)


def _tap(entry: Entry, reader: _Reader) -> Line:
    return Line(
        entry.at, entry.sort, _("リンク「%(name)s」をタップ", name=entry.row.name), aside=entry.row.url
    )


def _purchase(entry: Entry, reader: _Reader) -> Line:
    bought = entry.row.Purchase
    title = _("購入 %(amount)s", amount=reader.yen(bought.amount_yen))
    return Line(entry.at, entry.sort, title, aside=_aside("、".join(entry.items), bought.order_id))


def _refund(entry: Entry, reader: _Reader) -> Line:
    bought = entry.row.Purchase
    title = _("返金 %(amount)s", amount=reader.yen(bought.refunded_yen))
    return Line(entry.at, entry.sort, title, aside=bought.order_id)


def _stage(entry: Entry, reader: _Reader) -> Line:
    move = entry.row.StageChange
    before = rung_name(move.ladder, move.from_stage, reader.language) if move.from_stage else ""
    after = rung_name(move.ladder, move.to_stage, reader.language)
    moved = f"{before} → {after}" if before else after
    title = f"{ladder_name(move.ladder, reader.language)}: {moved}"
    why = stage_reason(move.reason, move.reason_params, reader.language, reader.shop.zone)
    return Line(entry.at, entry.sort, title, aside=why)


def _tag(entry: Entry, reader: _Reader) -> Line:
    title = _("タグ「%(tag)s」が付きました", tag=entry.row.name)
    return Line(entry.at, entry.sort, title, aside=reader.who(entry.row.set_by))


def _note(entry: Entry, reader: _Reader) -> Line:
    note = entry.row.FriendNote
    return Line(entry.at, entry.sort, _("メモ"), note.text, reader.who(note.by))


def _answer(entry: Entry, reader: _Reader) -> Line:
    title = _("アンケート「%(question)s」に回答", question=entry.row.question)
    return Line(entry.at, entry.sort, title, entry.row.answer)


def _coupon(entry: Entry, reader: _Reader) -> Line:
    grant, coupon = entry.row.CouponGrant, entry.row.Coupon
    title = _("クーポン「%(title)s」を付与", title=reader.pick(coupon.title, coupon.title_en))
    until = _("%(day)sまで", day=reader.day(grant.expires_at))
    return Line(entry.at, entry.sort, title, aside=_aside(grant.code, until))


def _redeemed(entry: Entry, reader: _Reader) -> Line:
    grant, coupon = entry.row.CouponGrant, entry.row.Coupon
    title = _("クーポン「%(title)s」を利用", title=reader.pick(coupon.title, coupon.title_en))
    by = reader.who(grant.redeemed_by) if grant.redeemed_by else ""
    return Line(entry.at, entry.sort, title, aside=_aside(grant.code, by))


def _points(entry: Entry, reader: _Reader) -> Line:
    points = entry.row.PointEntry
    changed = f"{points.points:+,}"
    title = _("ポイント %(points)s", points=changed)
    until = _("%(day)sまで", day=reader.day(points.expires_at)) if points.expires_at else ""
    return Line(entry.at, entry.sort, title, aside=_aside(reader.who(points.by), until))


def _event(entry: Entry, reader: _Reader) -> Line:
    return Line(entry.at, entry.sort, _(EVENTS[entry.row.kind]))


def _aside(*parts: str | None) -> str:
    return " / ".join(each for each in parts if each)


_SAID: dict[What, Callable[[Entry, _Reader], Line]] = {
    What.SAID: _said,
    What.DELIVERY: _delivery,
    What.DECISION: _decision,
    What.TAP: _tap,
    What.PURCHASE: _purchase,
    What.REFUND: _refund,
    What.STAGE: _stage,
    What.TAG: _tag,
    What.NOTE: _note,
    What.ANSWER: _answer,
    What.COUPON: _coupon,
    What.REDEEMED: _redeemed,
    What.POINTS: _points,
    What.EVENT: _event,
}
