"""Says what happened with a friend, one line a thing."""

from collections.abc import Callable, Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import timeline_message_lines as messages
from bot.console.timeline_reading import Line, Reader
from bot.i18n import N_
from bot.words import EVENTS
from scheduler.timeline import Entry
from scheduler.timeline_entries import Sort, What
from segments.ladder_words import ladder_name, rung_name
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


def lines(session: Session, entries: Sequence[Entry], shop: Shop, language: str) -> list[Line]:
    """Return the entries in words."""
    reader = Reader(session, shop, language)
    return [_SAID[each.what](each, reader) for each in entries]


def _purchase(entry: Entry, reader: Reader) -> Line:
    bought = entry.row.Purchase
    title = _("購入 %(amount)s", amount=reader.yen(bought.amount_yen))
    return Line(entry.at, entry.sort, title, aside=_aside("、".join(entry.items), bought.order_id))


def _refund(entry: Entry, reader: Reader) -> Line:
    bought = entry.row.Purchase
    title = _("返金 %(amount)s", amount=reader.yen(bought.refunded_yen))
    return Line(entry.at, entry.sort, title, aside=bought.order_id)


def _stage(entry: Entry, reader: Reader) -> Line:
    move = entry.row.StageChange
    before = rung_name(move.ladder, move.from_stage, reader.language) if move.from_stage else ""
    after = rung_name(move.ladder, move.to_stage, reader.language)
    moved = f"{before} → {after}" if before else after
    title = f"{ladder_name(move.ladder, reader.language)}: {moved}"
    why = stage_reason(move.reason, move.reason_params, reader.language, reader.shop.zone)
    return Line(entry.at, entry.sort, title, aside=why)


def _tag(entry: Entry, reader: Reader) -> Line:
    title = _("タグ「%(tag)s」が付きました", tag=entry.row.name)
    return Line(entry.at, entry.sort, title, aside=reader.who(entry.row.set_by))


def _note(entry: Entry, reader: Reader) -> Line:
    note = entry.row.FriendNote
    return Line(entry.at, entry.sort, _("メモ"), note.text, reader.who(note.by))


def _answer(entry: Entry, reader: Reader) -> Line:
    title = _("アンケート「%(question)s」に回答", question=entry.row.question)
    return Line(entry.at, entry.sort, title, entry.row.answer)


def _coupon(entry: Entry, reader: Reader) -> Line:
    grant, coupon = entry.row.CouponGrant, entry.row.Coupon
    title = _("クーポン「%(title)s」を付与", title=reader.pick(coupon.title, coupon.title_en))
    until = _("%(day)sまで", day=reader.day(grant.expires_at))
    return Line(entry.at, entry.sort, title, aside=_aside(grant.code, until))


def _redeemed(entry: Entry, reader: Reader) -> Line:
    grant, coupon = entry.row.CouponGrant, entry.row.Coupon
    title = _("クーポン「%(title)s」を利用", title=reader.pick(coupon.title, coupon.title_en))
    by = reader.who(grant.redeemed_by) if grant.redeemed_by else ""
    return Line(entry.at, entry.sort, title, aside=_aside(grant.code, by))


def _points(entry: Entry, reader: Reader) -> Line:
    points = entry.row.PointEntry
    changed = f"{points.points:+,}"
    title = _("ポイント %(points)s", points=changed)
    until = _("%(day)sまで", day=reader.day(points.expires_at)) if points.expires_at else ""
    return Line(entry.at, entry.sort, title, aside=_aside(reader.who(points.by), until))


def _event(entry: Entry, reader: Reader) -> Line:
    return Line(entry.at, entry.sort, _(EVENTS[entry.row.kind]))


def _aside(*parts: str | None) -> str:
    return " / ".join(each for each in parts if each)


_SAID: dict[What, Callable[[Entry, Reader], Line]] = {
    What.SAID: messages.said,
    What.DELIVERY: messages.delivery,
    What.DECISION: messages.decision,
    What.TAP: messages.tap,
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
