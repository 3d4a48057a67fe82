"""Home: what LINE refuses is told at the top, and how much waits for it."""

from datetime import timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot.models import LineCall
from scheduler import put_off
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import GatewayError, QuotaExhausted, TokenInvalid
from scheduler.jobs import Job
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from scheduler.pacing import Unpaced
from scheduler.tick import tick
from segments.db import Database
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_message
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

PUSH, QUOTA, REPLY = "/v2/bot/message/push", "/v2/bot/message/quota", "/v2/bot/message/reply"
FORBIDDEN = "LINEがこのアカウントからの送信を許可していません"


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


@pytest.mark.parametrize(
    ("calls", "is_told"),
    [
        ([(PUSH, 403)], True),
        ([(QUOTA, 403)], True),
        ([(PUSH, 403), (QUOTA, 200)], True),
        ([(PUSH, 403), (REPLY, 200)], False),
        ([("/v2/bot/user/{userId}/linkToken", 403)], False),
    ],
)
def test_an_account_that_may_not_send_is_told_even_while_line_answers_other_questions(
    owner: Visitor, calls: list[tuple[str, int]], is_told: bool
) -> None:
    with owner.services.database.begin() as session:
        for endpoint, status in calls:
            session.add(LineCall(at=NOW, endpoint=endpoint, status=status, milliseconds=9))
            session.flush()
    assert (FORBIDDEN in owner.get("/console/").text) is is_told


def test_a_refusal_after_which_nothing_was_sent_for_a_day_is_told_no_longer(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        session.add(LineCall(at=NOW - timedelta(days=2), endpoint=PUSH, status=403, milliseconds=9))
    assert FORBIDDEN not in owner.get("/console/").text


def due_steps(database: Database, count: int) -> None:
    with database.begin() as session:
        version = a_message(session)
        session.add_all(
            Delivery(
                friend_id=a_friend(session).id, kind=DeliveryKind.STEP, purpose=Purpose.CARE,
                message_version_id=version.id, state=DeliveryState.QUEUED, created_at=NOW, not_before=NOW,
            )
            for _ in range(count)
        )  # fmt: skip


def tick_and_send(dispatcher: Dispatcher, queue: FakeQueue) -> None:
    tick(dispatcher)
    queue.run({Job.SEND_CHUNK: lambda *ids: send_chunks(dispatcher, *ids)})


@pytest.mark.parametrize(
    ("error", "words", "english", "leads_to"),
    [
        (
            TokenInvalid("403", status=403),
            "LINEが送信を受け付けないため、メッセージ3件の送信を待っています",
            "LINE refuses to send; messages that wait: 3",
            "/console/settings/connection",
        ),
        (
            QuotaExhausted("monthly", status=429),
            "LINEの今月のメッセージ通数を使い切ったため、メッセージ3件の送信を待っています",
            "LINE’s messages of this month are used up; messages that wait: 3",
            "/console/money",
        ),
    ],
)
def test_steps_that_wait_because_line_refuses_everything_are_counted_until_they_have_left(
    owner: Visitor, clock: FakeClock, error: GatewayError, words: str, english: str, leads_to: str
) -> None:
    services = owner.services
    queue, gateway = cast(FakeQueue, services.queue), cast(FakeGateway, services.gateway)
    zone = ZoneInfo("Asia/Tokyo")
    dispatcher = Dispatcher(services.database, queue, gateway, Unpaced(), clock, zone, look_again=timedelta())
    due_steps(services.database, 3)
    gateway.fail("push", error, times=3)
    tick_and_send(dispatcher, queue)
    page = owner.get("/console/").text
    assert words in page
    assert leads_to in page.split(words)[1].split("</div>")[0]
    owner.post("/console/language", {"language": "en", "next": "/console/"})
    assert english in owner.get("/console/").text
    gateway.mend("push")
    clock.advance(timedelta(minutes=16))
    tick_and_send(dispatcher, queue)
    assert english not in owner.get("/console/").text


def test_only_what_is_put_off_for_such_a_reason_is_counted(database: Database) -> None:
    due_steps(database, 4)
    with database.begin() as session:
        for id_, reason in enumerate(("token_invalid", "quota_exhausted", "quiet_hours"), start=1):
            session.execute(update(Delivery).where(Delivery.id == id_).values(reason=reason))
        assert put_off.by_reason(session, NOW) == {"token_invalid": 1, "quota_exhausted": 1}
