"""Two runs of one chunk at once, as a pause and a quick resume make them: nobody gets a message twice."""

from typing import Any

import pytest
from sqlalchemy import select

from scheduler import broadcasts
from scheduler.batches import Multicast
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import Accepted, GatewayError, QuotaExhausted, TokenInvalid, ToMany
from scheduler.ledger import Ledger
from scheduler.models import Chunk
from scheduler.outcomes_of_many import record_multicast
from scheduler.plan import plan_broadcast
from scheduler.preparing import prepare
from tests.fakes.gateway import FakeGateway
from tests.scheduler.broadcast_drafts import HELLO, a_draft, send, some_friends


def prepared(dispatcher: Dispatcher) -> Multicast:
    """Return what a run of the only chunk would send now, written down as a run does."""
    with dispatcher.database.begin() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
        batch = prepare(session, chunk_id, dispatcher.clock.now(), dispatcher.zone, dispatcher.tracking)
    assert isinstance(batch, Multicast)
    return batch


@pytest.mark.parametrize(
    "outcome", [None, QuotaExhausted("You have reached your monthly limit."), TokenInvalid("no")],
    ids=["stopped", "quota", "token"],
)  # fmt: skip
def test_a_run_that_was_stopped_leaves_its_key_to_the_run_that_took_over(
    dispatcher: Dispatcher, gateway: FakeGateway, outcome: GatewayError | None
) -> None:
    friends = some_friends(dispatcher.database, 3)
    broadcast_id = a_draft(dispatcher, HELLO)
    send(dispatcher, broadcast_id)
    plan_broadcast(dispatcher.database, dispatcher.queue, dispatcher.clock, broadcast_id)
    stopped, resumed = prepared(dispatcher), prepared(dispatcher)
    assert (stopped.is_resend, resumed.is_resend) == (False, True)
    with dispatcher.database.begin() as session:
        record_multicast(Ledger(session, dispatcher.queue, dispatcher.clock.now()), stopped, outcome)
        if outcome is not None:
            broadcasts.resume(session, dispatcher.queue, broadcast_id, dispatcher.clock.now())
    third = prepared(dispatcher)
    answers: list[Any] = gateway.multicast_many(
        [ToMany(each.to, each.messages, each.retry_key) for each in (resumed, third)]
    )
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1] * 3
