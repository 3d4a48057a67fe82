"""Says what became of a delivery, and what was decided about it on the way."""

from datetime import tzinfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scheduler import decision_words
from scheduler.models import Chunk, ChunkMode, Decision, Delivery, DeliveryState
from segments.leaves.said import Said

_BY_MAIL = Said("LINEでは届けられないため、メールでの送信です。", "By mail, for LINE cannot bring it: ")


def fate(session: Session, delivery: Delivery, zone: tzinfo) -> Said:
    """Say what became of a delivery, and that it went another way than LINE's."""
    mail = _goes_by_mail(session, delivery)
    became = _became(
        delivery, zone, "メールサーバー" if mail else "LINE", "The mail server" if mail else "LINE"
    )
    return Said(_BY_MAIL.ja + became.ja, _BY_MAIL.en + became.en) if mail else became


def _goes_by_mail(session: Session, delivery: Delivery) -> bool:
    if delivery.chunk_id is None:
        return False
    mode = session.scalar(select(Chunk.mode).where(Chunk.id == delivery.chunk_id))
    return mode is ChunkMode.MAIL


def _became(delivery: Delivery, zone: tzinfo, taker: str, taker_en: str) -> Said:
    reason = decision_words.reason_said(delivery.reason) if delivery.reason else Said("—", "—")
    at = decision_words.clock(delivery.ended_at or delivery.created_at, zone)
    match delivery.state:
        case DeliveryState.ACCEPTED:
            return Said(f"{at.ja}に{taker}が受け付けました。", f"{taker_en} took it on {at.en}.")
        case DeliveryState.SKIPPED:
            return Said(f"{at.ja}に見送りました：{reason.ja}。", f"Not sent, on {at.en}: {reason.en}.")
        case DeliveryState.FAILED:
            return Said(f"{at.ja}に失敗しました：{reason.ja}。", f"Failed on {at.en}: {reason.en}.")
        case DeliveryState.CANCELLED:
            return Said(f"{at.ja}に取り消されました。", f"Cancelled on {at.en}.")
        case DeliveryState.UNCERTAIN:
            return Said(
                f"{at.ja}に送りましたが、届いたかどうか分かりません：{reason.ja}。",
                f"Sent on {at.en}, but whether it arrived is not known: {reason.en}.",
            )
        case DeliveryState.SENDING:
            return Said("いま送信しています。", "It is being sent.")
        case DeliveryState.QUEUED:
            return _waiting(delivery, zone)


def _waiting(delivery: Delivery, zone: tzinfo) -> Said:
    if delivery.reason is None:
        return Said("送信の順番を待っています。", "It waits for its turn.")
    if delivery.not_before is None:
        why = decision_words.reason_said(delivery.reason)
        return Said(f"保留しています：{why.ja}。", f"Put aside: {why.en}.")
    until, reason = (
        decision_words.clock(delivery.not_before, zone),
        decision_words.reason_said(delivery.reason),
    )
    return Said(f"{until.ja}まで待っています：{reason.ja}。", f"It waits until {until.en}: {reason.en}.")


def decided(session: Session, zone: tzinfo, *about: ColumnElement[bool]) -> list[Said]:
    """Say what was decided, the oldest first."""
    rows = session.scalars(select(Decision).where(*about).order_by(Decision.at))
    told: list[Said] = []
    for decision in rows:
        at, words = decision_words.clock(decision.at, zone), decision_words.said(decision, zone)
        told.append(Said(f"{at.ja}：{words.ja}。", f"{at.en}: {words.en}."))
    return told
