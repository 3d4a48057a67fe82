"""Sends a broadcast to everyone as one request, each step in a transaction of its own, page by page, in constant memory."""

from scheduler import chunks, everyone, everyone_pages, outcomes_of_many
from scheduler.batches import Everyone
from scheduler.dispatcher import Dispatcher
from scheduler.everyone import Stage
from scheduler.everyone_choice import Why
from scheduler.gateway import EveryoneGateway, GatewayError
from scheduler.keeping_back import keep_back
from scheduler.ledger import Ledger


def send(dispatcher: Dispatcher, batch: Everyone) -> None:
    """Take a broadcast to everyone as far as it goes now, each step in a transaction of its own, in constant memory."""
    with dispatcher.writing() as session:
        stage = everyone.begin(session, batch.chunk_id, dispatcher.clock.now())
    if stage is Stage.JUDGE:
        stage = _judge(dispatcher, batch)
    if stage is Stage.SEND:
        stage = _broadcast(dispatcher, batch)
    after: int | None = 0
    while stage is not Stage.NOTHING and after is not None:
        if _leave(dispatcher, batch):
            return
        with dispatcher.writing() as session:
            ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
            after = everyone_pages.next_page(
                ledger.session, ledger.queue, batch.chunk_id, stage, after, ledger.now
            )


def _leave(dispatcher: Dispatcher, batch: Everyone) -> bool:
    """Leave the rest to another process when this one is about to end."""
    if dispatcher.ending.is_set():
        with dispatcher.writing() as session:
            chunks.enqueue_left(session, dispatcher.queue, [batch.chunk_id], dispatcher.clock.now())
    return dispatcher.ending.is_set()


def _judge(dispatcher: Dispatcher, batch: Everyone) -> Stage:
    """Ask about every friend, page by page; one who may not get it sends the broadcast another way."""
    after = allowed = 0
    obstacle = None if isinstance(dispatcher.gateway, EveryoneGateway) else Why.UNSUPPORTED.value
    while obstacle is None:
        if dispatcher.watch.stops(batch.broadcast_id) or _leave(dispatcher, batch):
            return Stage.NOTHING
        with dispatcher.database.reading() as session:
            judged = everyone.judge(session, batch.chunk_id, after, dispatcher.clock.now())
        after, allowed, obstacle = judged.last_id, allowed + judged.allowed, judged.obstacle
        if judged.left_out:
            with dispatcher.writing() as session:
                keep_back(session, judged.left_out, dispatcher.clock.now())
        if after == 0:
            break
    with dispatcher.writing() as session:
        return everyone.decide(session, batch.chunk_id, allowed, obstacle, dispatcher.clock.now())


def _broadcast(dispatcher: Dispatcher, batch: Everyone) -> Stage:
    with dispatcher.database.reading() as session:
        request = everyone.request(session, batch)
    gateway, outcome = dispatcher.gateway, None
    stopped = dispatcher.watch.stops(batch.broadcast_id, is_resend=request.is_resend)
    if not stopped and isinstance(gateway, EveryoneGateway):
        try:
            outcome = gateway.broadcast(request.messages, request.retry_key)
        except GatewayError as error:
            outcome = error
    with dispatcher.writing() as session:
        ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
        outcomes_of_many.record_everyone(ledger, request, outcome)
        return everyone.after_the_call(session, batch.chunk_id, dispatcher.clock.now())
