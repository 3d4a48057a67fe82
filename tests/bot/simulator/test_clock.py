"""The simulator's own time, and the Japanese days and months read off it."""

from datetime import UTC, datetime, timedelta

from bot.simulator.clock import SimulatorClock, day_of, iso, month_of

START = 1_785_509_999.0  # 2026-07-31 23:59:59 in Japan


def test_months_and_days_end_at_midnight_in_japan() -> None:
    clock = SimulatorClock(lambda: START)
    assert (month_of(clock.now_ms()), day_of(clock.now_ms())) == ("2026-07", "20260731")
    clock.advance(timedelta(seconds=1))
    assert (month_of(clock.now_ms()), day_of(clock.now_ms())) == ("2026-08", "20260801")


def test_a_frozen_clock_goes_on_from_where_it_stood() -> None:
    wall = [START]
    clock = SimulatorClock(lambda: wall[0])
    clock.freeze(True)
    wall[0] += 100
    assert clock.now_ms() == START * 1000
    clock.freeze(False)
    wall[0] += 5
    assert clock.now_ms() == (START + 5) * 1000


def test_rate_windows_go_on_while_the_clock_stands() -> None:
    wall = [START]
    clock = SimulatorClock(lambda: wall[0])
    clock.freeze(True)
    wall[0] += 3
    assert clock.flowing_ms() - clock.now_ms() == 3000


def test_moving_to_an_instant_keeps_the_offset() -> None:
    wall = [START]
    clock = SimulatorClock(lambda: wall[0])
    clock.move_to(datetime(2027, 1, 1, tzinfo=UTC))
    wall[0] += 1
    assert iso(clock.now_ms()) == "2027-01-01T00:00:01.000Z"


def test_a_clock_frozen_first_stands_exactly_where_it_is_moved() -> None:
    ticking = iter(range(1000))
    clock = SimulatorClock(lambda: START + next(ticking) / 1000)
    clock.freeze(True)
    clock.move_to(datetime(2027, 1, 1, tzinfo=UTC))
    assert clock.describe()["now"] == "2027-01-01T00:00:00.000Z"
