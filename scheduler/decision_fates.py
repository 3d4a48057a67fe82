"""Says what became of a delivery, and what was decided about it on the way: each reason once."""

from collections.abc import Sequence
from datetime import tzinfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scheduler import decision_words
from scheduler.models import Chunk, ChunkMode, Decision, Delivery, DeliveryState
from segments.leaves.said import Said

_BY_MAIL = Said("LINEでは届けられないため、メールでの送信です。", "By mail, for LINE cannot bring it: ")


def course(
    session: Session, deliveries: Sequence[Delivery], zone: tzinfo, *about: ColumnElement[bool]
) -> tuple[list[Said], list[Said]]:
    """Say what was decided, the oldest first, and what became of each delivery.

    A decision by which a delivery ended, or waits, stands with the delivery alone.
    """
    made = session.scalars(select(Decision).where(*about).order_by(Decision.at)).all()
    by = {delivery.id: _decided_by(delivery, made) for delivery in deliveries}
    shown_there = {id(decision) for decision in by.values()}
    on_the_way = [_noted(decision, zone) for decision in made if id(decision) not in shown_there]
    return on_the_way, [_fate(session, delivery, zone, by[delivery.id]) for delivery in deliveries]


def _decided_by(delivery: Delivery, made: Sequence[Decision]) -> Decision | None:
    """Return the decision that says what the delivery's own state says too."""
    if delivery.state is DeliveryState.SKIPPED:
        until = None
    elif delivery.state is DeliveryState.QUEUED and delivery.not_before is not None:
        until = delivery.not_before
    else:
        return None
    said = (delivery.step_id or 0, delivery.reason, until)
    return next((each for each in made if (each.step_id, each.rule, each.until) == said), None)


def _noted(decision: Decision, zone: tzinfo) -> Said:
    at, words = decision_words.clock(decision.at, zone), decision_words.said(decision, zone)
    return Said(f"{at.ja}：{words.ja}。", f"{at.en}: {words.en}.")


def _fate(session: Session, delivery: Delivery, zone: tzinfo, by: Decision | None) -> Said:
    """Say what became of a delivery, and that it went another way than LINE's."""
    mail = _goes_by_mail(session, delivery)
    taker = Said("メールサーバー", "The mail server") if mail else Said("LINE", "LINE")
    became = _became(delivery, zone, taker, _reason(delivery, by))
    return Said(_BY_MAIL.ja + became.ja, _BY_MAIL.en + became.en) if mail else became


def _goes_by_mail(session: Session, delivery: Delivery) -> bool:
    if delivery.chunk_id is None:
        return False
    mode = session.scalar(select(Chunk.mode).where(Chunk.id == delivery.chunk_id))
    return mode is ChunkMode.MAIL


def _reason(delivery: Delivery, by: Decision | None) -> Said:
    if by is not None:
        return decision_words.because(by)
    return decision_words.reason_said(delivery.reason) if delivery.reason else Said("—", "—")


def _became(delivery: Delivery, zone: tzinfo, taker: Said, reason: Said) -> Said:
    at = decision_words.clock(delivery.ended_at or delivery.created_at, zone)
    match delivery.state:
        case DeliveryState.ACCEPTED if delivery.reason is not None:
            return Said(
                f"{at.ja}に送りました（{reason.ja}）。",
                f"Sent on {at.en} ({reason.en}).",
            )
        case DeliveryState.ACCEPTED:
            return Said(f"{at.ja}に{taker.ja}が受け付けました。", f"{taker.en} took it on {at.en}.")
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
            return _waiting(delivery, zone, reason)


def _waiting(delivery: Delivery, zone: tzinfo, reason: Said) -> Said:
    if delivery.reason is None:
        return Said("送信の順番を待っています。", "It waits for its turn.")
    if delivery.not_before is None:
        return Said(f"保留しています：{reason.ja}。", f"Put aside: {reason.en}.")
    until = decision_words.clock(delivery.not_before, zone)
    return Said(f"{until.ja}まで待っています：{reason.ja}。", f"It waits until {until.en}: {reason.en}.")
