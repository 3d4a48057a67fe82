"""Messages that may wait ride on a friend's next free answer, or are pushed at their latest time; never both."""

from collections.abc import Sequence
from datetime import time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import ready_made
from bot.line.ports import Answer
from scheduler import collecting, kill_switch, meter, reply_carry, savings, trust_ledger
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import Accepted, GatewayError, RateLimited, RefusedByLine, TemporaryGatewayError
from scheduler.jobs import Job
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from scheduler.pacing import Unpaced
from scheduler.reasons import Reason
from scheduler.replies import PATIENCE
from scheduler.tick import tick
from scheduler.timing import QuietHours, next_allowed
from segments import trust, trust_policy
from segments.db import Database
from segments.models import Facts, Friend, TrustKind
from tests.aside import Aside
from tests.bot.line.support import Chat, a_line_id, a_text
from tests.builders import a_message
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

WAITING = timedelta(hours=20)
SAID = "お加減はいかがですか"


class Shop:
    """A chat, and the engine that pushes what did not ride."""

    def __init__(self, database: Database, clock: FakeClock, gateway: FakeGateway | None = None) -> None:
        self.database, self.clock = database, clock
        self.gateway, self.queue = gateway or FakeGateway(), FakeQueue()
        self.chat = Chat(database, clock, self.gateway)
        self.dispatcher = Dispatcher(
            database,
            self.queue,
            self.gateway,
            Unpaced(),
            clock,
            ZoneInfo("Asia/Tokyo"),
            look_again=timedelta(),
        )
        self.friend = a_line_id()
        with database.begin() as session:
            ready_made.install(session, clock.now())
        self.chat.follow(self.friend)
        self.greeted = len(self.got())

    def waits(self, text: str = SAID, purpose: Purpose = Purpose.CARE) -> int:
        """Let a message wait for the friend's next reply; return its delivery's id."""
        now = self.clock.now()
        with self.database.begin() as session:
            delivery = Delivery(
                friend_id=self.row().id,
                kind=DeliveryKind.STEP,
                purpose=purpose,
                message_version_id=a_message(session, text).id,
                created_at=now,
                rides_from=now,
                not_before=now + WAITING,
            )
            session.add(delivery)
            session.flush()
            return delivery.id

    def row(self) -> Friend:
        """Return the friend's row."""
        with self.database.reading() as session:
            return session.scalars(select(Friend).where(Friend.line_user_id == self.friend)).one()

    def got(self) -> list[str]:
        """Return all the friend got."""
        return self.gateway.sent_to(self.friend)

    def standing(self, delivery_id: int) -> tuple[DeliveryState, str | None]:
        """Return where a delivery stands, and why."""
        with self.database.reading() as session:
            delivery = session.get_one(Delivery, delivery_id)
            return delivery.state, delivery.reason

    def pass_time(self, by: timedelta) -> None:
        """Let time pass, and do what is due."""
        self.clock.advance(by)
        tick(self.dispatcher)
        self.queue.run({Job.SEND_CHUNK: partial(send_chunks, self.dispatcher)})


@pytest.fixture
def shop(database: Database, clock: FakeClock) -> Shop:
    """Return a shop with one friend."""
    return Shop(database, clock)


def test_it_rides_on_the_next_answer_and_costs_nothing(shop: Shop) -> None:
    delivery_id = shop.waits()
    answered = shop.chat.write(shop.friend, "メニュー")
    assert answered[-1] == SAID
    assert len(answered) > 1
    assert "quickReply" in shop.chat.last(shop.friend)  # the menu stays at hand
    assert shop.standing(delivery_id) == (DeliveryState.ACCEPTED, None)
    assert shop.gateway.used == 0
    with shop.database.reading() as session:
        saved = savings.of_month(session, shop.clock.now())
        contacted_at = session.get_one(Facts, shop.row().id).last_contacted_at
    assert (saved.on_replies, saved.bundled) == (1, 0)
    assert contacted_at == shop.clock.now()
    shop.pass_time(WAITING)
    assert shop.got().count(SAID) == 1


def test_what_rode_on_a_reply_is_no_contact_of_the_plan_and_moves_no_trust(shop: Shop) -> None:
    shop.waits(purpose=Purpose.SALES)
    assert SAID in shop.chat.write(shop.friend, "メニュー")
    with shop.database.reading() as session:
        facts = session.get_one(Facts, shop.row().id)
        lines = trust_ledger.lines(session, facts.friend_id)
        assert facts.recent_contacts == ""
        assert trust_ledger.replayed(lines, trust_policy.rules(session)) == trust.account_of(facts)
        assert TrustKind.SALE not in {line.kind for line in lines}


def test_what_waited_for_money_waits_for_it_again_when_line_did_not_take_the_reply(shop: Shop) -> None:
    delivery_id = shop.waits()
    with shop.database.begin() as session:
        held = session.get_one(Delivery, delivery_id)
        held.reason, held.not_before = Reason.OVER_BUDGET, shop.clock.now() + timedelta(days=20)
        meter.note_holding(session, shop.clock.now())
    shop.gateway.fail("reply", RateLimited("429", status=429))
    shop.chat.write(shop.friend, "メニュー")
    assert shop.standing(delivery_id) == (DeliveryState.QUEUED, "over_budget")
    shop.pass_time(timedelta(minutes=1))  # There is no limit any more.
    assert shop.standing(delivery_id) == (DeliveryState.ACCEPTED, None)
    assert shop.got().count(SAID) == 1


def test_a_friend_who_does_not_write_is_pushed_to_at_its_latest_time(shop: Shop) -> None:
    delivery_id = shop.waits()
    shop.pass_time(WAITING - timedelta(minutes=1))
    assert SAID not in shop.got()
    shop.pass_time(timedelta(minutes=2))
    assert shop.got()[-1] == SAID
    assert shop.standing(delivery_id) == (DeliveryState.ACCEPTED, None)


def test_one_rides_at_a_time_and_none_on_what_a_person_will_answer(shop: Shop) -> None:
    shop.waits("一通目")
    shop.waits("二通目")
    shop.chat.write(shop.friend, "これは何の会社ですか？よくわからない質問です")
    assert not {"一通目", "二通目"} & set(shop.got())
    shop.chat.write(shop.friend, "メニュー")
    shop.chat.write(shop.friend, "メニュー")
    assert [each for each in shop.got() if each in {"一通目", "二通目"}] == ["一通目", "二通目"]


def test_nothing_rides_that_might_not_be_pushed(shop: Shop) -> None:
    with shop.database.begin() as session:
        session.get_one(Facts, shop.row().id).suppressed_at = shop.clock.now()
    selling = shop.waits("新商品です", Purpose.SALES)
    shop.chat.write(shop.friend, "メニュー")
    assert shop.standing(selling) == (DeliveryState.QUEUED, None)


def test_nothing_rides_while_everything_is_stopped(shop: Shop) -> None:
    delivery_id = shop.waits()
    with shop.database.begin() as session:
        kill_switch.stop_everything(session, "test", shop.clock.now())
    assert SAID not in shop.chat.write(shop.friend, "メニュー")
    assert shop.standing(delivery_id) == (DeliveryState.QUEUED, None)


def test_a_lost_answer_leaves_it_uncertain_and_it_is_never_pushed(shop: Shop) -> None:
    delivery_id = shop.waits()
    shop.gateway.lose_answer("reply")
    shop.chat.write(shop.friend, "メニュー")
    assert shop.standing(delivery_id)[0] is DeliveryState.UNCERTAIN
    shop.pass_time(WAITING)
    assert shop.got().count(SAID) == 1


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (RefusedByLine("Invalid reply token", status=400), DeliveryState.ACCEPTED),
        (RateLimited("too many", status=429), DeliveryState.ACCEPTED),
        (TemporaryGatewayError("ClientConnectorError"), DeliveryState.ACCEPTED),
        # LINE's own trouble leaves open whether it took it.
        (TemporaryGatewayError("500", status=500), DeliveryState.UNCERTAIN),
    ],
)
def test_what_line_certainly_did_not_take_is_pushed_later(
    shop: Shop, failure: Any, state: DeliveryState
) -> None:
    delivery_id = shop.waits()
    shop.gateway.fail("reply", failure)
    shop.chat.write(shop.friend, "メニュー")
    assert SAID not in shop.got()
    # It has spoilt one answer perhaps, and rides on no other.
    assert SAID not in shop.chat.write(shop.friend, "メニュー")
    shop.pass_time(WAITING)
    assert shop.standing(delivery_id)[0] is state
    assert shop.got().count(SAID) == (1 if state is DeliveryState.ACCEPTED else 0)


class Killed(FakeGateway):
    """Takes answers, and the process dies before it hears of it."""

    dies = False

    def reply_many(self, answers: Sequence[Answer]) -> list[Accepted | GatewayError]:
        """Take them, or take them and die."""
        taken = super().reply_many(answers)
        if self.dies:
            raise KeyboardInterrupt
        return taken


def test_a_crash_between_the_answer_and_its_record_leaves_it_uncertain(
    database: Database, clock: FakeClock
) -> None:
    gateway = Killed()
    shop = Shop(database, clock, gateway)
    delivery_id = shop.waits()
    gateway.dies = True
    shop.chat.store(a_text(shop.friend, "メニュー", clock.now()))
    with pytest.raises(KeyboardInterrupt):
        shop.chat.work()
    gateway.dies = False
    assert shop.standing(delivery_id)[0] is DeliveryState.SENDING
    shop.pass_time(PATIENCE + timedelta(seconds=1))
    assert shop.standing(delivery_id) == (DeliveryState.UNCERTAIN, "crashed")
    shop.pass_time(WAITING)
    assert shop.got().count(SAID) == 1


def test_a_push_to_the_friend_takes_along_what_waits_for_a_reply(shop: Shop) -> None:
    shop.waits()
    now = shop.clock.now()
    with shop.database.begin() as session:
        session.add(
            Delivery(
                friend_id=shop.row().id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.SALES,
                message_version_id=a_message(session, "新商品です").id,
                created_at=now,
                not_before=now,
            )
        )
    shop.pass_time(timedelta(seconds=2))
    assert shop.got()[-2:] == [SAID, "新商品です"]
    assert shop.gateway.used == 1


def test_a_reply_leaves_alone_what_a_push_is_just_taking(shop: Shop) -> None:
    delivery_id, friend_id, later = shop.waits(), shop.row().id, shop.clock.now() + WAITING

    def carry(session: Session) -> object:
        return reply_carry.take_one(session, friend_id, 3, later)

    with shop.database.begin() as session:
        assert collecting.collect_due(session, shop.queue, later) == 1
        if shop.database.is_sqlite:
            carried = carry(session)
        else:
            wait = Aside(shop.database).start(carry)
            Aside(shop.database).wait_until_it_waits()
            session.commit()
            carried = wait()
    assert carried is None
    assert shop.standing(delivery_id)[0] is DeliveryState.QUEUED


def test_a_push_leaves_alone_what_a_reply_is_just_taking(shop: Shop) -> None:
    delivery_id, friend_id, later = shop.waits(), shop.row().id, shop.clock.now() + WAITING

    def push(session: Session) -> object:
        return collecting.collect_due(session, shop.queue, later)

    with shop.database.begin() as session:
        assert reply_carry.take_one(session, friend_id, 3, later) is not None
        collected = push(session) if shop.database.is_sqlite else Aside(shop.database).start(push)()
    assert collected == 0
    assert shop.standing(delivery_id)[0] is DeliveryState.SENDING


QUIET = QuietHours(time(21), time(9))
TOKYO = ZoneInfo("Asia/Tokyo")
MINUTES = st.integers(1, 5 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(st.integers(0, 24 * 60), MINUTES, st.none() | MINUTES)
def test_it_is_pushed_in_time_whatever_the_quiet_hours(
    minute: int, rides_for: timedelta, valid_for: timedelta | None
) -> None:
    due = A_SATURDAY + timedelta(minutes=minute)
    expires_at = None if valid_for is None else due + valid_for
    pushed = reply_carry.push_at(due, rides_for, expires_at, QUIET, TOKYO)
    assert due <= pushed <= due + rides_for
    if expires_at is not None and next_allowed(due, QUIET, TOKYO) < expires_at - reply_carry.MARGIN:
        assert next_allowed(pushed, QUIET, TOKYO) < expires_at
