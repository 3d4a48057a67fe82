"""Records what LINE said to a request for many: a multicast, or one to everyone."""

from sqlalchemy import insert

from scheduler import bulk, chunks, contacting, everyone, everyone_choice, meter
from scheduler.batches import Everyone, Multicast
from scheduler.gateway import Accepted, GatewayError, QuotaExhausted, RefusedByLine, TokenInvalid
from scheduler.going_on import close_or_go_on, go_on, pause, stop, wait
from scheduler.ledger import Ledger, Outcome, attempt, end, fail, name_of
from scheduler.models import Attempt, Broadcast, Chunk, Delivery, DeliveryState


def record_multicast(ledger: Ledger, batch: Multicast, outcome: Outcome | None) -> None:
    """Write down what LINE said to a multicast, one answer for everyone in it; None = not sent, for it was stopped."""
    chunk = ledger.session.get_one(Chunk, batch.chunk_id, with_for_update=True)
    if outcome is not None:
        ledger.session.execute(insert(Attempt), [attempt(ledger.now, outcome, chunk_id=chunk.id)])
    if isinstance(outcome, Accepted):
        _accept_all(ledger, batch, outcome)
        close_or_go_on(ledger, chunk)
    elif chunk.generation == batch.generation and chunk.state in chunks.OPEN_CHUNK:
        # Otherwise another worker has run the chunk meanwhile, and what became of it since must stand.
        _record_refused_multicast(ledger, chunk, batch, outcome)


def _record_refused_multicast(
    ledger: Ledger, chunk: Chunk, batch: Multicast, outcome: GatewayError | None
) -> None:
    match outcome:
        case RefusedByLine(recipient_index=index) if index is not None and index < len(batch.delivery_ids):
            fail(ledger, [batch.delivery_ids[index]], "unknown_recipient")
            _begin_anew(ledger, chunk, batch)
            go_on(ledger, chunk)
        case RefusedByLine():
            fail(ledger, batch.delivery_ids, "refused")
            meter.give_back(ledger.session, len(batch.delivery_ids), chunk.first_attempt_at)
            pause(ledger, chunk, "refused")
            close_or_go_on(ledger, chunk)
        case QuotaExhausted() | TokenInvalid():
            if not batch.is_resend:
                _begin_anew(ledger, chunk, batch)
            stop(ledger, chunk, name_of(outcome))
        case None:
            if not batch.is_resend:
                _begin_anew(ledger, chunk, batch)
            go_on(ledger, chunk)
        case _:
            go_on(ledger, chunk, wait(chunk, outcome))


def _accept_all(ledger: Ledger, batch: Multicast, outcome: Accepted) -> None:
    these = bulk.among(ledger.session, Delivery.id, batch.delivery_ids)
    # One answer for all: when one of them was recorded before, so were the others.
    is_news = contacting.is_news(ledger.session, batch.delivery_ids[0])
    end(
        ledger,
        these,
        state=DeliveryState.ACCEPTED,
        reason=None,
        request_id=outcome.accepted_request_id or outcome.request_id,
    )
    if is_news is not None:
        contacting.tell_alike(ledger.session, batch.friend_ids, is_news, ledger.now)


def _begin_anew(ledger: Ledger, chunk: Chunk, batch: Multicast) -> None:
    """Take back a multicast that LINE certainly did not take: its next body goes under another key."""
    meter.give_back(ledger.session, len(batch.delivery_ids), chunk.first_attempt_at)
    chunk.generation += 1
    chunk.messages, chunk.retry_key, chunk.first_attempt_at = None, None, None


def record_everyone(ledger: Ledger, batch: Everyone, outcome: Outcome | None) -> None:
    """Write down what LINE said to a request for everyone; each friend's delivery follows page by page."""
    chunk = ledger.session.get_one(Chunk, batch.chunk_id, with_for_update=True)
    if outcome is not None:
        ledger.session.execute(insert(Attempt), [attempt(ledger.now, outcome, chunk_id=chunk.id)])
    if isinstance(outcome, Accepted):
        chunk.request_id = outcome.accepted_request_id or outcome.request_id or "accepted"
    elif chunk.generation == batch.generation and chunk.request_id is None:
        _record_refused_everyone(ledger, chunk, batch, outcome)
    ledger.session.flush()


def _record_refused_everyone(
    ledger: Ledger, chunk: Chunk, batch: Everyone, outcome: GatewayError | None
) -> None:
    certainly_not = outcome is None or isinstance(outcome, RefusedByLine | QuotaExhausted | TokenInvalid)
    if isinstance(outcome, RefusedByLine) or (certainly_not and not batch.is_resend):
        everyone.take_back(ledger.session, chunk)
    match outcome:
        case RefusedByLine():
            # Nobody got it. The way of every other broadcast finds out whether it is the message.
            everyone_choice.fall_back(ledger.session.get_one(Broadcast, batch.broadcast_id), "refused")
            go_on(ledger, chunk)
        case QuotaExhausted() | TokenInvalid():
            stop(ledger, chunk, name_of(outcome))
        case None:
            go_on(ledger, chunk)
        case _:
            go_on(ledger, chunk, wait(chunk, outcome))
