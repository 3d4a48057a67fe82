"""F2 conversion, repeaters and cohorts."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments import analyses_nightly, cohorts, facts, repeats
from segments.cohorts import Cohort, Cohorts
from segments.db import Database
from segments.local_times import start_of
from segments.models import Setting
from segments.repeats import F2, Repeats
from tests.builders import a_friend, a_purchase
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.buying_world import TOKYO, World, build

TODAY = date(2026, 11, 21)
FEBRUARY = start_of(date(2026, 2, 1), TOKYO)
MARCH = start_of(date(2026, 3, 1), TOKYO)


def test_only_newcomers_whose_days_are_over_are_judged(database: Database) -> None:
    bought = {
        "again after ten days": (date(2026, 8, 1), date(2026, 8, 11)),
        "again after eleven": (date(2026, 8, 1), date(2026, 8, 12)),
        "twice on one day": (date(2026, 8, 2), date(2026, 8, 2)),
        "never again": (date(2026, 9, 30),),
        "ten days ago, so not over": (date(2026, 11, 11), date(2026, 11, 12)),
        "eleven days ago, so over": (date(2026, 11, 10),),
    }
    with database.begin() as session:
        for days in bought.values():
            friend = a_friend(session)
            for day in days:
                a_purchase(session, friend, bought_at=start_of(day, TOKYO) + timedelta(hours=12))
            facts.learn_purchases(session, friend.id, NOW)
        rows = repeats.f2(session, None, None, 10, TODAY, TOKYO)
        since_september = repeats.f2(session, start_of(date(2026, 9, 1), TOKYO), None, 10, TODAY, TOKYO)
    assert rows == [
        F2(date(2026, 8, 1), newcomers=3, judged=3, converted=1),
        F2(date(2026, 9, 1), newcomers=1, judged=1, converted=0),
        F2(date(2026, 11, 1), newcomers=2, judged=1, converted=0),
        F2(None, newcomers=6, judged=5, converted=1),
    ]
    assert [row.too_early for row in rows] == [0, 0, 1, 1]
    assert rows[0].rate == pytest.approx(1 / 3)
    assert since_september[-1].newcomers == 3


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days", [1, 30, 120])
def test_f2_is_the_one_counted_friend_by_friend(database: Database, seed: int, days: int) -> None:
    with database.begin() as session:
        world = build(session, seed, orders=80)
        for since, until in ((None, None), (FEBRUARY, None), (FEBRUARY, MARCH)):
            assert repeats.f2(session, since, until, days, TODAY, TOKYO) == _f2(world, since, until, days)
            assert repeats.repeats(session, since, until, TOKYO) == _repeats(world, since, until)


@pytest.mark.parametrize("seed", range(3))
def test_cohorts_are_those_counted_friend_by_friend(database: Database, seed: int) -> None:
    with database.begin() as session:
        world = build(session, seed, orders=120)
        found = cohorts.measure(session, NOW)
    expected: dict[int, tuple[int, dict[int, set[int]], dict[int, int]]] = {}
    for friend, history in world.histories().items():
        began = _month(history[0].day())
        size, active, yen = expected.get(began, (0, {}, {}))
        for order in history:
            offset = _month(order.day()) - began
            active.setdefault(offset, set()).add(friend)
            yen[offset] = yen.get(offset, 0) + order.yen - order.refunded
        expected[began] = (size + 1, active, yen)
    assert [_month(row.month) for row in found.rows] == sorted(expected)
    for row in found.rows:
        size, active, yen = expected[_month(row.month)]
        months = range(_month(TODAY) - _month(row.month) + 1)
        assert row.size == size
        assert row.active == tuple(len(active.get(offset, ())) for offset in months)
        assert row.yen == tuple(yen.get(offset, 0) for offset in months)


def test_the_value_of_a_customer_is_what_each_month_adds_to_those_who_lived_through_it() -> None:
    old = Cohort(date(2026, 8, 1), 10, (10, 5, 2, 1), (10_000, 5_000, 2_000, 900))
    new = Cohort(date(2026, 9, 1), 30, (30, 3, 1), (60_000, 3_000, 100))
    both = Cohorts(TODAY, (old, new))
    assert old.value() == [1000, 1500, 1700, 1790]
    assert old.shares() == [1.0, 0.5, 0.2, 0.1]
    # November is not over: the third month of `new` and the fourth of `old` are not counted.
    assert both.value() == pytest.approx(
        [70_000 / 40, 70_000 / 40 + 8_000 / 40, 70_000 / 40 + 8_000 / 40 + 200]
    )
    assert Cohorts(TODAY, ()).value() == []
    assert Cohorts(TODAY, (Cohort(date(2026, 11, 1), 1, (1,), (100,)),)).value() == []


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.lists(st.integers(0, 9000), min_size=6, max_size=6)), max_size=4
    )
)
def test_the_value_never_falls(rows: list[tuple[int, list[int]]]) -> None:
    each = [
        Cohort(date(2026, 6 - place, 1), size, tuple([1] * 6), tuple(yen))
        for place, (size, yen) in enumerate(rows)
    ]
    value = Cohorts(TODAY, tuple(each)).value()
    assert value == sorted(value)


def test_what_was_kept_at_night_is_shown_by_day(database: Database) -> None:
    with database.begin() as session:
        build(session, 1)
        assert cohorts.load(session, NOW) == cohorts.measure(session, NOW)
        kept = cohorts.measure(session, NOW)
        cohorts.keep(session, kept, NOW)
        a_purchase(session, a_friend(session))
    with database.reading() as session:
        assert cohorts.load(session, NOW + timedelta(days=3)) == kept


def test_a_purchase_older_than_five_years_is_in_no_cohort(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_purchase(session, friend, bought_at=datetime(2019, 1, 1, tzinfo=UTC))
        a_purchase(session, friend, bought_at=datetime(2026, 1, 1, tzinfo=UTC))
        a_purchase(
            session, a_friend(session), bought_at=datetime(2026, 11, 22, tzinfo=UTC)
        )  # a clock that is ahead
        assert cohorts.measure(session, NOW).rows == ()


def test_an_empty_shop_has_no_rates(database: Database) -> None:
    with database.reading() as session:
        assert repeats.f2(session, None, None, 90, TODAY, TOKYO) == [F2(None, 0, 0, 0)]
        found = repeats.repeats(session, None, None, TOKYO)
        assert cohorts.load(session, NOW).rows == ()
    assert found == Repeats(0, 0, 0, 0, 0)
    assert (found.rate, found.ever_rate, F2(None, 0, 0, 0).rate) == (None, None, None)


def test_one_part_of_the_night_that_fails_does_not_stop_the_others(database: Database) -> None:
    failed: list[str] = []
    with database.begin() as session:
        build(session, 1)
        # A policy no version of ours wrote: whoever reads it stumbles.
        session.add(Setting(name="shop", value={"timezone": "Mars/Olympus"}, updated_at=NOW))
    done = analyses_nightly.prepare(database, NOW, lambda part, _: failed.append(part))
    assert (done, failed) == (["popular"], [part for part in analyses_nightly.PARTS if part != "popular"])
    with database.begin() as session:
        session.get_one(Setting, "shop").value = {}
    assert analyses_nightly.prepare(database, NOW, lambda part, _: failed.append(part)) == list(
        analyses_nightly.PARTS
    )


def _month(day: date) -> int:
    return day.year * 12 + day.month


def _f2(world: World, since: datetime | None, until: datetime | None, days: int) -> list[F2]:
    sums: dict[date, list[int]] = {}
    for history in world.histories().values():
        if (since and history[0].at < since) or (until and history[0].at >= until):
            continue
        first = history[0].day()
        row = sums.setdefault(first.replace(day=1), [0, 0, 0])
        row[0] += 1
        if first + timedelta(days=days) < TODAY:
            row[1] += 1
            row[2] += any(first < order.day() <= first + timedelta(days=days) for order in history)
    rows = [F2(month, *sums[month]) for month in sorted(sums)]
    together = [sum(row[place] for row in sums.values()) for place in range(3)]
    return [*rows, F2(None, *together)]


def _repeats(world: World, since: datetime | None, until: datetime | None) -> Repeats:
    buyers = newcomers = repeaters = ever = 0
    histories = world.histories().values()
    for history in histories:
        inside = [o for o in history if (not since or o.at >= since) and (not until or o.at < until)]
        ever += len({order.day() for order in history}) > 1
        if inside:
            buyers += 1
            newcomers += inside[0].at == history[0].at
            repeaters += len({order.day() for order in history if order.at <= inside[-1].at}) > 1
    return Repeats(buyers, newcomers, repeaters, len(histories), ever)
