"""Records what LINE said to a request for many: a multicast, or one to everyone."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import insert, select

from scheduler import bulk, chunks, contacting, everyone, everyone_choice, meter
from scheduler.batches import Everyone, Multicast
from scheduler.gateway import Accepted, GatewayError, NotTaken, QuotaExhausted, RefusedByLine, TokenInvalid
from scheduler.going_on import close_or_go_on, go_on, pause, stop, wait
from scheduler.ledger import Ledger, Outcome, attempt, end, fail, name_of
from scheduler.models import Attempt, Broadcast, Chunk, Delivery, DeliveryState

BETWEEN_REQUESTS = timedelta(minutes=1)
"""From one request to everyone to the next: LINE takes 60 an hour, and before each all friends are asked about."""

Answered = tuple[Multicast, Outcome | None]
"""What left, and what LINE said to it; None = not sent, for it was stopped."""


def record_multicast(ledger: Ledger, batch: Multicast, outcome: Outcome | None) -> None:
    """Write down what LINE said to a multicast, one answer for everyone in it; None = not sent, for it was stopped."""
    record_multicasts(ledger, [(batch, outcome)])


def record_multicasts(ledger: Ledger, answered: Sequence[Answered]) -> None:
    """Write down what LINE said to several multicasts of one broadcast, given in the order of their chunks."""
    locked = _locked(ledger, [batch.chunk_id for batch, _ in answered])
    calls = [
        attempt(ledger.now, outcome, chunk_id=batch.chunk_id)
        for batch, outcome in answered
        if outcome is not None
    ]
    if calls:
        ledger.session.execute(insert(Attempt), calls)
    taken = [(batch, outcome) for batch, outcome in answered if isinstance(outcome, Accepted)]
    _accept_all(ledger, taken)
    for chunk in chunks.finish_all(
        ledger.session, [locked[batch.chunk_id] for batch, _ in taken], ledger.now
    ):
        go_on(ledger, chunk)
    for batch, outcome in answered:
        chunk = locked[batch.chunk_id]
        is_ours = chunk.generation == batch.generation and chunk.state in chunks.OPEN_CHUNK
        # Otherwise another worker has run the chunk meanwhile, and what became of it since must stand.
        if is_ours and not isinstance(outcome, Accepted):
            _record_refused_multicast(ledger, chunk, batch, outcome)


def _locked(ledger: Ledger, chunk_ids: Sequence[int]) -> dict[int, Chunk]:
    these = select(Chunk).where(Chunk.id.in_(chunk_ids)).order_by(Chunk.id).with_for_update()
    return {chunk.id: chunk for chunk in ledger.session.scalars(these)}


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
                _take_back(ledger, chunk, batch)
            stop(ledger, chunk, name_of(outcome))
        case None:
            if not batch.is_resend:
                _take_back(ledger, chunk, batch)
            go_on(ledger, chunk)
        case NotTaken() if not batch.is_resend:
            _take_back(ledger, chunk, batch)
            go_on(ledger, chunk, wait(chunk, outcome))
        case _:
            go_on(ledger, chunk, wait(chunk, outcome))


def _accept_all(ledger: Ledger, taken: Sequence[tuple[Multicast, Accepted]]) -> None:
    if not taken:
        return
    # One answer for all of a chunk: when one of them was recorded before, so were the others.
    news = contacting.news_of(ledger.session, [batch.delivery_ids[0] for batch, _ in taken])
    for batch, outcome in taken:
        end(
            ledger,
            bulk.among(ledger.session, Delivery.id, batch.delivery_ids),
            state=DeliveryState.ACCEPTED,
            reason=None,
            request_id=outcome.accepted_request_id or outcome.request_id,
        )
    friends = [each for batch, _ in taken if batch.delivery_ids[0] in news for each in batch.friend_ids]
    if friends:
        purpose = next(iter(news.values())).purpose
        contacting.tell_alike(ledger.session, friends, purpose, ledger.now)


def _begin_anew(ledger: Ledger, chunk: Chunk, batch: Multicast) -> None:
    """Take back a multicast that LINE refused for what it said: its next body goes under another key."""
    _take_back(ledger, chunk, batch)
    chunk.generation += 1


def _take_back(ledger: Ledger, chunk: Chunk, batch: Multicast) -> None:
    """Take back a multicast that LINE certainly did not take; its friends are asked about anew before the next.

    Its key stays, should another run have it in hand meanwhile: LINE takes one of the two.
    """
    meter.give_back(ledger.session, len(batch.delivery_ids), chunk.first_attempt_at)
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
    certainly_not = outcome is None or isinstance(
        outcome, RefusedByLine | QuotaExhausted | TokenInvalid | NotTaken
    )
    if isinstance(outcome, RefusedByLine) or (certainly_not and not batch.is_resend):
        # The same key, should another run have it in hand meanwhile: LINE takes one of the two.
        everyone.take_back(ledger.session, chunk, keep_key=not isinstance(outcome, RefusedByLine))
    match outcome:
        case RefusedByLine():
            # Nobody got it. The way of every other broadcast finds out whether it is the message.
            everyone_choice.fall_back(ledger.session.get_one(Broadcast, batch.broadcast_id), "refused")
            go_on(ledger, chunk)
        case QuotaExhausted() | TokenInvalid():
            stop(ledger, chunk, name_of(outcome))
        case None:
            go_on(ledger, chunk)
        case NotTaken():
            go_on(ledger, chunk, max(wait(chunk, outcome), BETWEEN_REQUESTS))
        case _:
            go_on(ledger, chunk, wait(chunk, outcome))
