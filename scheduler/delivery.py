"""Sends chunks: commit the intent, call LINE with no transaction open, commit the outcome."""

from collections.abc import Sequence

from scheduler import (
    chunk_troubles,
    chunks,
    everyone_delivery,
    going_on,
    mail_delivery,
    outcomes_of_many,
    outcomes_of_pushes,
)
from scheduler.batches import Batch, Everyone, Mails, Multicast, Pushes
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import NotTaken, Push, QuotaExhausted, TokenInvalid, ToMany, TurnPassed
from scheduler.ledger import Ledger, Outcome
from scheduler.preparing import prepare, prepare_together

SLICE = 100
"""Pushes that leave together: small enough to stop early when somebody pauses, or the token or the quota is gone."""

TOGETHER = 5
"""Multicasts that are prepared and recorded together: what they share is read and written once for 2,500 friends."""


def send_chunks(dispatcher: Dispatcher, chunk_ids: int | str) -> None:
    """Run chunks one after another, identical messages some at a time: their ids with commas between them, or one as a number."""
    left = [int(chunk_id) for chunk_id in str(chunk_ids).split(",")]
    while left and not dispatcher.ending.is_set():
        these, left = left[:TOGETHER], left[TOGETHER:]
        left = chunk_troubles.run(dispatcher, these, _send_together, send_chunk) + left
    if left:
        with dispatcher.writing() as session:
            chunks.enqueue_left(session, dispatcher.queue, left, dispatcher.clock.now())


def _send_together(dispatcher: Dispatcher, chunk_ids: Sequence[int]) -> bool:
    """Send several multicasts of one broadcast; False when these chunks are to be run one by one.

    What is read and written of all of them is so at once; LINE is asked for each under its own key.
    """
    with dispatcher.writing() as session:
        batches = prepare_together(session, chunk_ids, dispatcher.clock.now())
    if batches is None:
        return False
    answered = list(zip(batches, _multicast_all(dispatcher, batches), strict=True))
    with dispatcher.writing() as session:
        ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
        outcomes_of_many.record_multicasts(ledger, answered)
        for chunk_id in sorted(set(chunk_ids) - {batch.chunk_id for batch in batches}):
            going_on.close_idle(ledger, chunk_id)
    return True


def send_chunk(dispatcher: Dispatcher, chunk_id: int) -> None:
    """Run one chunk as far as it goes now; safe to run again after a crash at any line.

    Whatever was committed as `sending` goes out again with its first key and its first body, so LINE
    itself drops what it already took (409) and we record it as accepted.
    """
    with dispatcher.writing() as session:
        batch = prepare(session, chunk_id, dispatcher.clock.now(), dispatcher.zone, dispatcher.tracking)
    if batch is None:
        with dispatcher.writing() as session:
            going_on.close_idle(Ledger(session, dispatcher.queue, dispatcher.clock.now()), chunk_id)
        return
    _transmit(dispatcher, batch)


def _transmit(dispatcher: Dispatcher, batch: Batch) -> None:
    if isinstance(batch, Mails):
        mail_delivery.send(dispatcher, batch.chunk_id)
        return
    if isinstance(batch, Everyone):
        everyone_delivery.send(dispatcher, batch)
        return
    if isinstance(batch, Multicast):
        (outcome,) = _multicast_all(dispatcher, [batch])
        with dispatcher.writing() as session:
            ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
            outcomes_of_many.record_multicast(ledger, batch, outcome)
        return
    results = _push_all(dispatcher, batch)
    with dispatcher.writing() as session:
        ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
        outcomes_of_pushes.record_pushes(ledger, batch, results)


def _multicast_all(dispatcher: Dispatcher, batches: Sequence[Multicast]) -> Sequence[Outcome | None]:
    """Send multicasts of one broadcast side by side, all fresh or all again; one wait for the turns of all of them."""
    results: dict[int, Outcome] = {}
    left = list(batches)
    while left:
        dispatcher.pacer.take("multicast", len(left))
        if dispatcher.watch.stops(left[0].broadcast_id, is_resend=left[0].is_resend):
            break
        asked = [ToMany(batch.to, batch.messages, batch.retry_key) for batch in left]
        answered = list(zip(left, dispatcher.gateway.multicast_many(asked), strict=True))
        left = [batch for batch, answer in answered if isinstance(answer, TurnPassed)]
        results |= {
            batch.chunk_id: answer for batch, answer in answered if not isinstance(answer, TurnPassed)
        }
    return [results.get(batch.chunk_id) for batch in batches]


def _push_all(dispatcher: Dispatcher, batch: Pushes) -> Sequence[Outcome | None]:
    results: dict[int, Outcome] = {}
    left = list(batch.pushes)
    while left:
        size = 1 if dispatcher.refused.is_set() else SLICE
        part, left = left[:size], left[size:]
        dispatcher.pacer.take("push", len(part))
        # Asked after the wait: whoever paused meanwhile expects that nothing more leaves.
        going = [push for push in part if not _stops(dispatcher, batch, push)]
        answers = dispatcher.gateway.push_many(going) if going else []
        _note_refusal(dispatcher, answers)
        answered = list(zip(going, answers, strict=True))
        left = [push for push, answer in answered if isinstance(answer, TurnPassed)] + left
        results |= {
            push.delivery_id: answer for push, answer in answered if not isinstance(answer, TurnPassed)
        }
        if any(isinstance(answer, QuotaExhausted | TokenInvalid) for answer in answers):
            break
    return [results.get(push.delivery_id) for push in batch.pushes]


def _note_refusal(dispatcher: Dispatcher, answers: Sequence[Outcome]) -> None:
    """Remember whether LINE takes our token: of fifty thousand steps not every hundred need find out for themselves."""
    if any(isinstance(answer, TokenInvalid) for answer in answers):
        dispatcher.refused.set()
    elif any(not isinstance(answer, TurnPassed | NotTaken) for answer in answers):
        dispatcher.refused.clear()


def _stops(dispatcher: Dispatcher, batch: Pushes, push: Push) -> bool:
    is_resend = push.delivery_id in batch.resends
    campaigns = batch.campaigns.get(push.delivery_id, (batch.broadcast_id,))
    return any(dispatcher.watch.stops(each, is_resend=is_resend) for each in campaigns)
