"""Fixtures of the middle floor: a gateway and a queue in memory, everything else real."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.jobs import Job
from scheduler.pacing import Unpaced
from scheduler.plan import plan_broadcast
from segments.db import Database
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.lost_messages import LostMessages


def jobs_of(dispatcher: Dispatcher) -> dict[Job, Callable[..., None]]:
    """Return what the jobs of a broadcast do with this dispatcher."""
    return {
        Job.SEND_CHUNK: partial(send_chunks, dispatcher),
        Job.SEND_MAIL: partial(send_chunks, dispatcher),
        Job.PLAN_BROADCAST: partial(plan_broadcast, dispatcher.database, dispatcher.queue, dispatcher.clock),
    }


@pytest.fixture
def gateway() -> FakeGateway:
    """Return a LINE platform in memory."""
    return FakeGateway()


@pytest.fixture
def queue() -> FakeQueue:
    """Return a queue whose jobs a test runs."""
    return FakeQueue()


@pytest.fixture
def dispatcher(database: Database, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock) -> Dispatcher:
    """Return what sending takes."""
    return Dispatcher(
        database, queue, gateway, Unpaced(), clock, ZoneInfo("Asia/Tokyo"), look_again=timedelta()
    )


@pytest.fixture
def run_jobs(dispatcher: Dispatcher, queue: FakeQueue) -> Callable[[], int]:
    """Return a function that runs every waiting job."""
    return partial(queue.run, jobs_of(dispatcher))


@pytest.fixture
def lost(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    queue: FakeQueue,
    clock: FakeClock,
    run_jobs: Callable[[], int],
) -> LostMessages:
    """Return messages to lose on the way."""
    return LostMessages(dispatcher, gateway, queue, clock, run_jobs)
