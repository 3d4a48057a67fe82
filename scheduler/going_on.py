"""Decides what happens next with a chunk after a run: closed, run again, put off, or its broadcast paused."""

from datetime import timedelta

from sqlalchemy import update

from scheduler import chunks, throttle
from scheduler.gateway import TemporaryGatewayError, UncertainGatewayError
from scheduler.holding import is_held
from scheduler.ledger import Ledger, Outcome
from scheduler.models import Broadcast, BroadcastState, Chunk, ChunkState, Delivery, DeliveryState

LONGEST_WAIT = timedelta(minutes=5)
TROUBLE_WAIT = timedelta(minutes=15)
"""How long steps wait when the month's quota is gone or the token is dead: nothing is lost, little is asked."""


def wait(chunk: Chunk, outcome: Outcome) -> timedelta:
    """Return how long to wait after an answer before the next attempt."""
    if isinstance(outcome, TemporaryGatewayError) and outcome.retry_after is not None:
        return min(outcome.retry_after, LONGEST_WAIT)
    if isinstance(outcome, TemporaryGatewayError | UncertainGatewayError):
        return min(timedelta(seconds=2 ** min(chunk.attempts, 10) / 2), LONGEST_WAIT)
    return timedelta()


def close_or_go_on(ledger: Ledger, chunk: Chunk, delay: timedelta = timedelta()) -> None:
    """Close a chunk of which nothing is open any more, or have it run again."""
    if not chunks.finish(ledger.session, chunk, ledger.now):
        go_on(ledger, chunk, delay)


def go_on(ledger: Ledger, chunk: Chunk, delay: timedelta = timedelta()) -> None:
    """Have a chunk run again."""
    if is_held(ledger.session, chunk.broadcast_id):
        return  # Whoever lets it go on puts it on the queue.
    chunks.enqueue(ledger.session, ledger.queue, chunk, ledger.now, delay)


def stop(ledger: Ledger, chunk: Chunk, reason: str) -> None:
    """Stop what a fatal answer stops: the broadcast, or for a while the steps of the chunk."""
    if chunk.broadcast_id is not None:
        pause(ledger, chunk, reason)
        return
    # Steps have no campaign to pause: they wait, and the tick collects them again.
    ledger.session.execute(
        update(Delivery)
        .where(Delivery.chunk_id == chunk.id, Delivery.state == DeliveryState.QUEUED)
        .values(chunk_id=None, not_before=ledger.now + TROUBLE_WAIT, reason=reason)
    )
    close_or_go_on(ledger, chunk, TROUBLE_WAIT)


def pause(ledger: Ledger, chunk: Chunk, reason: str) -> None:
    """Pause the broadcast of a chunk."""
    ledger.session.execute(
        update(Broadcast)
        .where(
            Broadcast.id == chunk.broadcast_id,
            Broadcast.state.in_([BroadcastState.PLANNING, BroadcastState.SENDING]),
        )
        .values(state=BroadcastState.PAUSED, state_reason=reason)
    )


def close_idle(ledger: Ledger, chunk_id: int) -> None:
    """Close a chunk whose run found nothing to send, or have it run again when it is its turn."""
    chunk = ledger.session.get(Chunk, chunk_id, with_for_update=True)
    if chunk is None or chunk.state not in chunks.OPEN_CHUNK or is_held(ledger.session, chunk.broadcast_id):
        return
    if chunk.state is ChunkState.SENDING and chunks.finish(ledger.session, chunk, ledger.now):
        return
    # Its turn may have come since it was looked at.
    if chunk.slot_at is not None and chunk.slot_at > ledger.now - throttle.LATE:
        go_on(ledger, chunk, max(chunk.slot_at - ledger.now, timedelta()))
