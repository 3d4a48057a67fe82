"""Friends whom LINE cannot reach get what they may get by mail: once, paced, refusable, and told apart when it fails."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.rehearsal.queue import MemoryQueue
from scheduler import broadcasts, decisions, drafts, mail_settings
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.enrolments import enrol
from scheduler.jobs import Job
from scheduler.mail import MailVerdict
from scheduler.mail_delivery import LIMIT
from scheduler.mail_settings import MailSettings
from scheduler.models import (
    Attempt,
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    Decision,
    Delivery,
    DeliveryState,
    Purpose,
)
from scheduler.pacing import Unpaced
from scheduler.plan import plan_broadcast
from scheduler.tick import tick
from segments import mail_consent
from segments.db import Database
from segments.models import Friend, Setting
from tests.builders import a_friend, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.mailer import FakeMailer

HELLO = {"ja": [{"type": "text", "text": "{{ name_sama }}、新茶です"}]}
ADDRESS = "hanako@example.com"


@dataclass
class Meanwhile:
    """Lets everything through, and something happen while the first mail waits."""

    happens: Callable[[], object]

    def take(self, limit: str, count: int) -> None:
        """Return at once, unless it is the first mail's turn."""
        assert count
        if limit == LIMIT:
            happens, self.happens = self.happens, lambda: None
            happens()


@dataclass
class Shop:
    """A shop with a mail server in memory."""

    database: Database
    clock: FakeClock
    line: FakeGateway
    mail: FakeMailer
    queue: MemoryQueue
    dispatcher: Dispatcher

    def live(self, **duration: float) -> None:
        """Let time pass, a tick and its jobs every minute."""
        end = self.clock.now() + timedelta(**duration)
        jobs = {
            Job.SEND_CHUNK: partial(send_chunks, self.dispatcher),
            Job.SEND_MAIL: partial(send_chunks, self.dispatcher),
            Job.PLAN_BROADCAST: partial(plan_broadcast, self.database, self.queue, self.clock),
        }
        while self.clock.now() < end:
            self.clock.advance(timedelta(minutes=1))
            tick(self.dispatcher)
            assert self.queue.run_due(jobs) >= 0

    def broadcast(self, *, by_mail: bool = True, expires_at: datetime | None = None) -> int:
        """Send a broadcast to everybody now."""
        with self.database.begin() as session:
            draft = Draft("新茶", HELLO, condition={"is": "everyone"}, expires_at=expires_at)
            made = drafts.create(session, draft, now=self.clock.now(), by="test")
            made.by_mail = by_mail
            broadcasts.schedule(session, self.queue, made.id, None, self.clock.now())
            return made.id

    def while_a_mail_waits(self, happens: Callable[[], object]) -> None:
        """Have something happen once, when the first mail has been written and waits for its turn."""
        self.dispatcher = replace(self.dispatcher, pacer=Meanwhile(happens))

    def decided(self, friend_id: int) -> list[str]:
        """Return the rules that have had something against writing to a friend so far, a row each."""
        with self.database.reading() as session:
            said = select(Decision.rule).where(Decision.friend_id == friend_id)
            return list(session.scalars(said.order_by(Decision.rule)))

    def deliveries(self) -> dict[int, tuple[DeliveryState, str | None]]:
        """Return state and reason of every friend's only delivery."""
        with self.database.reading() as session:
            rows = session.execute(select(Delivery.friend_id, Delivery.state, Delivery.reason))
            return {friend_id: (state, reason) for friend_id, state, reason in rows}


def shop_on(database: Database, clock: FakeClock) -> Shop:
    """Open a shop whose imprint is set."""
    queue, line, mail = MemoryQueue(clock), FakeGateway(), FakeMailer()
    with database.begin() as session:
        mail_settings.save(session, MailSettings("みどり茶舗", "東京都", "03-0000-0000"), clock.now())
    dispatcher = Dispatcher(
        database, queue, line, Unpaced(), clock, ZoneInfo("Asia/Tokyo"), mailer=mail, look_again=timedelta()
    )
    return Shop(database, clock, line, mail, queue, dispatcher)


@pytest.fixture
def shop(sqlite: Database, clock: FakeClock) -> Shop:
    """Return a shop on SQLite."""
    return shop_on(sqlite, clock)


def who_left(shop: Shop, address: str = ADDRESS) -> int:
    """Add a friend who blocked the account and agreed to mail; return their id."""
    with shop.database.begin() as session:
        return a_friend(session, blocked_at=days_ago(1), email=address, email_consent_at=days_ago(5)).id


def test_who_cannot_be_reached_on_line_gets_a_marked_broadcast_by_mail(
    database: Database, clock: FakeClock
) -> None:
    shop = shop_on(database, clock)
    with database.begin() as session:
        on_line = a_friend(session, email="both@example.com", email_consent_at=days_ago(5))
        silent = a_friend(session, blocked_at=days_ago(1), email="silent@example.com")
        never = a_friend(session, line_user_id=None, followed_at=None, email="never@example.com", email_consent_at=days_ago(5))  # fmt: skip
        out = a_friend(session, blocked_at=days_ago(1), opted_out_at=days_ago(1), email="out@example.com", email_consent_at=days_ago(5))  # fmt: skip
    left = who_left(shop)
    broadcast_id = shop.broadcast()

    shop.live(minutes=5)

    assert {mail.to for mail in shop.mail.taken} == {ADDRESS, "never@example.com"}
    assert len(shop.line.sent_to(on_line.line_user_id or "")) == 1
    assert shop.deliveries() == {
        on_line.id: (DeliveryState.ACCEPTED, None),
        left: (DeliveryState.ACCEPTED, None),
        never.id: (DeliveryState.ACCEPTED, None),
        silent.id: (DeliveryState.SKIPPED, "blocked"),
        out.id: (DeliveryState.SKIPPED, "opted_out"),
    }
    with database.reading() as session:
        assert session.get_one(Broadcast, broadcast_id).state == "done"


def test_why_a_mail_did_not_go_is_told_as_for_line_and_what_went_by_mail_says_so(
    database: Database, clock: FakeClock
) -> None:
    shop = shop_on(database, clock)
    agreed: dict[str, Any] = {"blocked_at": days_ago(1), "email_consent_at": days_ago(5)}
    with database.begin() as session:
        out = a_friend(session, **agreed, email="out@example.com", offers_opted_out_at=days_ago(1)).id
        angry = a_friend(
            session, **agreed, email="angry@example.com", facts={"complained_at": days_ago(1)}
        ).id
    left = who_left(shop)
    broadcast_id = shop.broadcast()

    shop.live(minutes=5)

    def why(friend_id: int) -> list[str]:
        with database.reading() as session:
            return [
                each.ja for each in decisions.why_broadcast(session, friend_id, broadcast_id, clock.now())
            ]

    assert "見送りました：販売のご案内の停止を希望されています。" in why(out)[-1]
    assert (
        "見送りました：ご意見・苦情をいただいたため、しばらく販売のご案内を控えています。" in why(angry)[-1]
    )
    assert "ブロックされています" in why(left)[0]
    assert "メールでの送信です。" in why(left)[-1]
    assert "メールサーバーが受け付けました。" in why(left)[-1]
    assert shop.deliveries()[out] == (DeliveryState.SKIPPED, "offers_opted_out")


def test_a_broadcast_that_is_not_marked_for_mail_is_only_on_line(shop: Shop) -> None:
    left = who_left(shop)
    shop.broadcast(by_mail=False)

    shop.live(minutes=5)

    assert shop.mail.tried == []
    assert shop.deliveries() == {left: (DeliveryState.SKIPPED, "blocked")}


def test_without_an_imprint_no_mail_leaves(shop: Shop) -> None:
    who_left(shop)
    with shop.database.begin() as session:
        session.delete(session.get_one(Setting, mail_settings.SETTING))
    shop.broadcast()

    shop.live(minutes=5)

    assert shop.mail.tried == []


def test_a_step_that_a_friend_waits_for_goes_by_mail_of_itself(shop: Shop) -> None:
    left = who_left(shop)
    with shop.database.begin() as session:
        for purpose in (Purpose.SERVICE, Purpose.CARE):
            scenario = a_scenario(session, {"purpose": purpose})
            assert enrol(session, scenario, left, "test", {}, shop.clock.now())

    shop.live(minutes=5)

    assert len(shop.mail.sent_to(ADDRESS)) == 1


def test_a_mail_put_off_is_tried_again_after_longer_and_longer_and_arrives_once(shop: Shop) -> None:
    left = who_left(shop)
    shop.mail.answers.extend([MailVerdict.LATER] * 3)
    shop.broadcast()

    shop.live(minutes=8)
    assert len(shop.mail.tried) < 4
    shop.live(minutes=20)

    assert len(shop.mail.tried) == 4
    assert len({mail.key for mail in shop.mail.tried}) == 1
    assert shop.deliveries() == {left: (DeliveryState.ACCEPTED, None)}


def test_an_address_that_does_not_exist_is_never_tried_again(shop: Shop) -> None:
    left = who_left(shop)
    shop.mail.answers.append(MailVerdict.BAD_ADDRESS)
    shop.broadcast()
    shop.live(minutes=5)
    assert shop.deliveries() == {left: (DeliveryState.FAILED, "mail_address_bad")}

    shop.broadcast()
    shop.live(minutes=5)

    assert len(shop.mail.tried) == 1
    with shop.database.reading() as session:
        assert session.get_one(Friend, left).email_bad_at is not None
        [attempt] = session.scalars(select(Attempt)).all()
    assert ADDRESS not in (attempt.error or "")


def test_what_may_have_arrived_is_uncertain_and_never_sent_twice(shop: Shop) -> None:
    left = who_left(shop)
    shop.mail.answers.append(MailVerdict.UNCERTAIN)
    shop.broadcast()

    shop.live(minutes=30)

    assert len(shop.mail.tried) == 1
    assert shop.deliveries() == {left: (DeliveryState.UNCERTAIN, "mail_interrupted")}


def test_a_worker_that_dies_in_the_middle_leaves_one_uncertain_and_the_others_go_on(shop: Shop) -> None:
    people = [who_left(shop, f"{number}@example.com") for number in range(3)]
    shop.broadcast()

    def die() -> None:
        shop.mail.before = lambda: None
        raise SystemExit

    shop.mail.before = die
    with pytest.raises(SystemExit):
        shop.live(minutes=5)
    other = MemoryQueue(shop.clock)
    shop = replace(shop, queue=other, dispatcher=replace(shop.dispatcher, queue=other))
    shop.live(minutes=5)
    assert DeliveryState.SENDING in {state for state, _reason in shop.deliveries().values()}
    shop.live(minutes=10)

    states = [shop.deliveries()[friend_id][0] for friend_id in people]
    assert sorted(states) == [DeliveryState.ACCEPTED, DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN]
    assert len(shop.mail.taken) == 2


def test_a_server_that_is_away_is_not_asked_for_each_mail_and_nothing_is_lost(shop: Shop) -> None:
    people = [who_left(shop, f"{number}@example.com") for number in range(3)]
    shop.mail.answers.append(MailVerdict.NO_SERVER)
    shop.broadcast()

    shop.live(minutes=4)
    assert len(shop.mail.tried) == 1
    shop.live(minutes=6)

    assert {mail.friend_id for mail in shop.mail.taken} == set(people)


def test_who_refuses_while_mails_leave_gets_none(shop: Shop) -> None:
    left = who_left(shop)
    shop.mail.answers.append(MailVerdict.LATER)
    shop.broadcast()
    shop.live(minutes=2)
    with shop.database.begin() as session:
        mail_consent.refuse(session, left, shop.clock.now())

    shop.live(minutes=20)

    assert shop.mail.taken == []
    assert shop.deliveries() == {left: (DeliveryState.SKIPPED, "no_mail")}


def test_a_paused_broadcast_sends_no_more_mail_until_it_goes_on(shop: Shop) -> None:
    for number in range(3):
        who_left(shop, f"{number}@example.com")
    broadcast_id = shop.broadcast()

    def pause() -> None:
        shop.mail.before = lambda: None
        with shop.database.begin() as session:
            broadcasts.pause(session, broadcast_id, shop.clock.now())

    shop.mail.before = pause
    shop.live(minutes=5)
    assert len(shop.mail.taken) == 1
    with shop.database.begin() as session:
        broadcasts.resume(session, shop.queue, broadcast_id, shop.clock.now())
    shop.live(minutes=5)

    assert len(shop.mail.taken) == 3


@pytest.mark.parametrize("verdict", [MailVerdict.LATER, MailVerdict.NO_SERVER])
@pytest.mark.parametrize(
    ("lasting", "became"),
    [
        (timedelta(seconds=40), (DeliveryState.ACCEPTED, None)),
        (timedelta(minutes=11), (DeliveryState.UNCERTAIN, "mail_interrupted")),
    ],
)
def test_a_second_run_settles_only_what_no_server_answers_any_more(
    shop: Shop, verdict: MailVerdict, lasting: timedelta, became: tuple[DeliveryState, str | None]
) -> None:
    """Paused and resumed, say, within one conversation with the mail server: two runs of the chunk at once."""
    friend = who_left(shop)
    broadcast_id = shop.broadcast()

    def run_again() -> None:
        shop.mail.before = lambda: None
        shop.clock.advance(lasting)
        with shop.database.reading() as session:
            chunk_id = session.scalars(select(Chunk.id).where(Chunk.mode == ChunkMode.MAIL)).one()
        send_chunks(shop.dispatcher, chunk_id)

    shop.mail.before = run_again
    shop.mail.answers.append(verdict)
    shop.live(minutes=15)
    assert shop.deliveries() == {friend: became}
    assert len(shop.mail.taken) == (became[0] is DeliveryState.ACCEPTED)
    with shop.database.reading() as session:
        assert session.get_one(Broadcast, broadcast_id).state is BroadcastState.DONE


def test_who_refuses_while_their_mail_waits_for_its_turn_gets_none(
    database: Database, clock: FakeClock
) -> None:
    shop = shop_on(database, clock)
    people = [who_left(shop, f"{number}@example.com") for number in range(3)]
    broadcast_id = shop.broadcast()

    def refuse() -> None:
        with database.begin() as session:
            mail_consent.refuse(session, people[-1], clock.now())

    shop.while_a_mail_waits(refuse)
    shop.live(minutes=5)

    assert {mail.friend_id for mail in shop.mail.tried} == set(people[:-1])
    assert shop.deliveries()[people[-1]] == (DeliveryState.SKIPPED, "no_mail")
    assert shop.decided(people[-1]) == ["blocked", "no_mail"]
    with database.reading() as session:
        assert session.get_one(Broadcast, broadcast_id).state is BroadcastState.DONE


def test_mails_whose_turn_comes_in_quiet_hours_leave_in_the_morning_once(
    database: Database, clock: FakeClock
) -> None:
    shop = shop_on(database, clock)
    people = [who_left(shop, f"{number}@example.com") for number in range(2)]
    shop.broadcast()

    shop.while_a_mail_waits(partial(clock.set, A_SATURDAY.replace(hour=12, minute=1)))  # 21:01 in Tokyo
    shop.live(minutes=5)
    assert shop.mail.tried == []
    assert shop.deliveries() == dict.fromkeys(people, (DeliveryState.QUEUED, "quiet_hours"))
    clock.set(A_SATURDAY.replace(day=22, hour=0, minute=0))
    shop.live(minutes=5)

    assert sorted(mail.friend_id for mail in shop.mail.tried) == people
    assert shop.deliveries() == dict.fromkeys(people, (DeliveryState.ACCEPTED, None))
    assert [shop.decided(friend_id) for friend_id in people] == [["blocked", "quiet_hours"]] * 2


def test_a_mail_that_has_expired_when_its_turn_comes_does_not_leave(shop: Shop) -> None:
    left = who_left(shop)
    shop.broadcast(expires_at=shop.clock.now() + timedelta(minutes=10))

    shop.while_a_mail_waits(partial(shop.clock.advance, timedelta(minutes=10)))
    shop.live(minutes=15)

    assert shop.mail.tried == []
    assert shop.deliveries() == {left: (DeliveryState.SKIPPED, "expired")}


def test_a_mail_goes_to_the_address_that_holds_when_its_turn_comes(shop: Shop) -> None:
    left = who_left(shop)
    shop.broadcast()

    def move() -> None:
        with shop.database.begin() as session:
            mail_consent.set_address(session, left, "moved@example.com", None)

    shop.while_a_mail_waits(move)
    shop.live(minutes=5)

    assert [mail.to for mail in shop.mail.tried] == ["moved@example.com"]


def test_a_mail_that_another_run_put_off_waits_its_time(database: Database, clock: FakeClock) -> None:
    shop = shop_on(database, clock)
    left = who_left(shop)
    shop.broadcast()
    later = clock.now() + timedelta(minutes=30)

    def put_off() -> None:
        with database.begin() as session:
            session.execute(update(Delivery).values(not_before=later))

    shop.while_a_mail_waits(put_off)
    shop.live(minutes=20)
    assert shop.mail.tried == []
    shop.live(minutes=20)

    assert [mail.friend_id for mail in shop.mail.tried] == [left]
