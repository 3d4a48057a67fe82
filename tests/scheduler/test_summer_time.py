"""Friends and shops where clocks are changed: nobody is woken, and no time of day is missed or met twice."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from scheduler import broadcasts, drafts
from scheduler.candidate_facts import Candidate, Recipient
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.models import Delivery, DeliveryKind, Purpose
from scheduler.reasons import Reason
from scheduler.step_timing import due_after
from scheduler.tick import tick
from scheduler.timing import QuietHours, at_time_of_day, days_later
from scheduler.verdicts import Allowed, Held, may_send
from tests.builders import a_friend
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = QuietHours(time(21), time(9))
SPRING, AUTUMN = datetime(2026, 3, 8), datetime(2026, 11, 1)  # noqa: DTZ001 — days, on any clock
Run = Callable[[], int]


def new_york(day: datetime, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    return day.replace(hour=hour, minute=minute, tzinfo=NEW_YORK, fold=fold)


def a_candidate(quiet: QuietHours = NIGHT) -> Candidate:
    who = Recipient(
        on_line=True,
        follows=True,
        blocked=False,
        opted_out=False,
        suppressed=False,
        last_wrote_at=None,
        zone=NEW_YORK,
    )
    return Candidate(recipient=who, kind=DeliveryKind.BROADCAST, purpose=Purpose.CARE, quiet=quiet)


@pytest.mark.parametrize(
    ("asked", "until"),
    [
        # 9:00 is 14:00 UTC before the switch and 13:00 after it, and the other way round in autumn.
        (new_york(SPRING - timedelta(days=1), 22), datetime(2026, 3, 8, 13, tzinfo=UTC)),
        (new_york(SPRING, 1, 59), datetime(2026, 3, 8, 13, tzinfo=UTC)),
        (new_york(SPRING, 3, 1), datetime(2026, 3, 8, 13, tzinfo=UTC)),
        (new_york(SPRING, 21), datetime(2026, 3, 9, 13, tzinfo=UTC)),
        (new_york(AUTUMN - timedelta(days=1), 22), datetime(2026, 11, 1, 14, tzinfo=UTC)),
        (new_york(AUTUMN, 1, 30, fold=0), datetime(2026, 11, 1, 14, tzinfo=UTC)),
        (new_york(AUTUMN, 1, 30, fold=1), datetime(2026, 11, 1, 14, tzinfo=UTC)),
    ],
)
def test_a_message_at_night_waits_for_nine_by_the_friends_own_clock(asked: datetime, until: datetime) -> None:
    assert may_send(a_candidate(), asked.astimezone(UTC)) == Held(until, Reason.QUIET_HOURS)


def test_the_first_quiet_minute_is_quiet_and_the_one_before_is_not_on_the_days_of_the_switch() -> None:
    for day in (SPRING, AUTUMN):
        assert may_send(a_candidate(), new_york(day, 20, 59).astimezone(UTC)) == Allowed()
        assert isinstance(may_send(a_candidate(), new_york(day, 21).astimezone(UTC)), Held)


def test_half_past_two_on_the_day_without_it_is_half_past_three_and_never_early() -> None:
    half_past_two = time(2, 30)
    midnight = new_york(SPRING, 0).astimezone(UTC)
    shown = at_time_of_day(midnight, half_past_two, NEW_YORK)
    assert shown == new_york(SPRING, 3, 30)
    assert days_later(new_york(SPRING - timedelta(days=1), 12), 1, half_past_two, NEW_YORK) == shown
    day_before = new_york(SPRING - timedelta(days=1), 12)
    assert due_after(day_before, timedelta(days=1), half_past_two, (), NEW_YORK) == shown
    assert at_time_of_day(new_york(SPRING, 3, 31), half_past_two, NEW_YORK) == new_york(
        SPRING + timedelta(days=1), 2, 30
    )


def test_half_past_one_on_the_day_that_has_it_twice_is_the_first_of_them() -> None:
    shown = at_time_of_day(new_york(AUTUMN, 0), time(1, 30), NEW_YORK)
    assert shown == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert days_later(new_york(AUTUMN - timedelta(days=1), 12), 1, time(1, 30), NEW_YORK) == shown


@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 — hypothesis adds the zone
    st.times(),
    st.sampled_from(["America/New_York", "Europe/London", "America/Santiago", "Australia/Lord_Howe"]),
)
def test_a_time_of_day_is_never_met_before_the_clocks_show_it(
    moment: datetime, wall: time, zone: str
) -> None:
    here = ZoneInfo(zone)
    shown = at_time_of_day(moment, wall, here).astimezone(here)
    # By the clock as people read it: met, or jumped over by at most the hour.
    late = datetime.combine(shown.date(), shown.time()) - datetime.combine(shown.date(), wall)
    assert timedelta() <= late <= timedelta(hours=1)


@pytest.mark.parametrize(("day", "opens"), [(SPRING, 13), (AUTUMN, 14)])
def test_a_shop_in_tokyo_writes_to_a_friend_in_new_york_at_nine_over_there(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    run_jobs: Run,
    clock: FakeClock,
    day: datetime,
    opens: int,
) -> None:
    # In the friend's night of the switch; in Tokyo it is the early afternoon.
    clock.set(new_york(day, 0, 30).astimezone(UTC))
    with dispatcher.database.begin() as session:
        there = a_friend(session, timezone="America/New_York").line_user_id or ""
        here = a_friend(session).line_user_id or ""
        content = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
        draft = Draft("秋", content, condition={"is": "everyone"}, purpose=Purpose.CARE)
        made = drafts.create(session, draft, now=clock.now(), by="test")
        broadcasts.schedule(session, dispatcher.queue, made.id, None, clock.now())
    run_jobs()
    assert (len(gateway.sent_to(here)), len(gateway.sent_to(there))) == (1, 0)
    with dispatcher.database.reading() as session:
        held = session.scalars(select(Delivery.not_before).where(Delivery.not_before.is_not(None))).one()
    assert held is not None
    assert held == day.replace(hour=opens, tzinfo=UTC)
    clock.set(held - timedelta(seconds=1))
    tick(dispatcher)
    run_jobs()
    assert gateway.sent_to(there) == []
    clock.set(held)
    tick(dispatcher)
    run_jobs()
    assert len(gateway.sent_to(there)) == 1
