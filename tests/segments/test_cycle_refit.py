"""The nightly refit: it reads rows, saves what changed, writes dates, and can be cut off anywhere."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, inspect, select, update

from bot import migrations
from segments import bulk_indexes, cycle_refresh, cycle_rows, policies
from segments.cycle import DAY, CycleParams, CycleState, forecast
from segments.cycle_history import sums_of
from segments.cycle_refit import nightly, refit
from segments.cycle_refresh import refresh_dates
from segments.db import Database
from segments.models import Cycle, Facts, Friend, Policy
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.cycle_worlds import a_world

TRUE = CycleParams(m=2.8, kappa0=2.0, alpha0=6.0, beta0=1.0, a=0.3, b=3.0)
DAYS = 300


def a_shop(database: Database, customers: int, categories: tuple[str, ...] = ("",)) -> None:
    """Fill the tables with simulated customers whose dates follow from the defaults."""
    sums = sums_of(a_world(TRUE, customers, DAYS), 1.0)
    with database.begin() as session:
        for number in range(customers):
            friend = Friend(
                created_at=NOW, followed_at=NOW, follow_state_at=NOW, line_user_id=f"U{number:032x}"
            )
            session.add(friend)
            session.flush()
            session.add(Facts(friend_id=friend.id, stage_since=NOW, purchase_count=1))
            state = CycleState(
                int(sums.n[number]), float(sums.y[number]), float(sums.yy[number]),
                NOW - int(DAYS - sums.first[number]) * DAY, NOW - int(DAYS - sums.last[number]) * DAY, 1000, 1,
            )  # fmt: skip
            dates = vars(forecast(state, CycleParams()))
            session.add_all(
                Cycle(friend_id=friend.id, category=category, **(vars(state) | dates))
                for category in categories
            )


def wrong_dates(database: Database) -> int:
    """Return how many rows do not have the dates of the parameters in force."""
    with database.reading() as session:
        params = policies.cycle_params(session)
        wrong = 0
        for row in session.scalars(select(Cycle)):
            exact = forecast(cycle_rows.state_of(row), params.of(row.category))
            off = [
                abs(getattr(row, name) - getattr(exact, name)) for name in ("due_at", "slip_at", "lapse_at")
            ]
            wrong += max(off) > timedelta(hours=3) + 0.005 * (exact.lapse_at - row.last_at)
        return wrong


def test_new_parameters_are_saved_once_and_all_dates_follow(database: Database) -> None:
    a_shop(database, 400)
    heard: list[tuple[int, int]] = []
    assert nightly(database, NOW, lambda done, total: heard.append((done, total)))
    with database.reading() as session:
        found = policies.cycle_params(session)
        assert found.m == pytest.approx(TRUE.m, abs=0.2)
        assert session.scalar(select(Policy.created_by)) == "refit"
    assert wrong_dates(database) == 0
    assert heard[-1] == (400, 400)
    assert not nightly(database, NOW)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Policy)) == 1


def test_a_big_category_has_parameters_of_its_own_and_a_small_one_the_shops(sqlite: Database) -> None:
    a_shop(sqlite, 260, ("", "tea"))
    with sqlite.begin() as session:
        last = session.scalars(
            select(Cycle).where(Cycle.category == "tea").order_by(Cycle.friend_id).limit(5)
        )
        for row in last:
            row.category = "cake"
        found = refit(session, NOW)
        assert found is not None
        assert list(found.categories) == ["tea"]
        assert found.of("cake") is found
    refresh_dates(sqlite, NOW)
    assert wrong_dates(sqlite) == 0


def test_a_refresh_that_was_cut_off_goes_on_where_it_stopped(database: Database) -> None:
    a_shop(database, 30)
    with database.begin() as session:
        policies.save(session, policies.CYCLE, CycleParams(m=2.0).to_json(), "test", NOW)
        cycle_refresh.start_over(session, NOW)

    def stop(done: int, _total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh_dates(database, NOW, stop, batch=10)
    assert wrong_dates(database) == 10
    looked: list[int] = []
    assert refresh_dates(database, NOW, lambda done, _total: looked.append(done)) == 10
    assert looked == [10]
    assert wrong_dates(database) == 0


def test_only_dates_move_never_the_state_nor_a_reminder_that_was_sent(database: Database) -> None:
    a_shop(database, 20)
    with database.begin() as session:
        sent = session.scalars(select(Cycle).order_by(Cycle.friend_id).limit(1)).one()
        sent.reminded_at = NOW - DAY
    before = states(database)
    with database.begin() as session:
        policies.save(session, policies.CYCLE, CycleParams(m=2.0).to_json(), "test", NOW)
    assert refresh_dates(database, NOW) == 20
    assert states(database) == before
    with database.reading() as session:
        assert session.scalars(select(Cycle.reminded_at).order_by(Cycle.friend_id)).first() == NOW - DAY
        late = select(Cycle).where(Cycle.remind_at <= NOW - timedelta(days=7), Cycle.reminded_at.is_(None))
        assert session.scalars(late).all() == []


def test_who_stands_elsewhere_by_the_new_dates_is_looked_at_at_once_and_others_at_the_next_date(
    database: Database,
) -> None:
    a_shop(database, 60)
    with database.begin() as session:
        policies.save(session, policies.CYCLE, CycleParams(m=1.0).to_json(), "test", NOW)
    before = turning_points(database)
    refresh_dates(database, NOW)
    after = turning_points(database)
    crossed = {one for one in after if past(before[one][:3]) != past(after[one][:3])}
    assert 0 < len(crossed) < 60
    for friend_id, (*dates, review_at) in after.items():
        ahead = min((date for date in dates if date > NOW), default=None)
        assert review_at == (NOW if friend_id in crossed else ahead)


def test_a_review_that_is_due_earlier_stays(sqlite: Database) -> None:
    a_shop(sqlite, 20)
    with sqlite.begin() as session:
        session.execute(update(Facts).values(review_at=NOW - DAY))
        policies.save(session, policies.CYCLE, CycleParams(m=1.0).to_json(), "test", NOW)
    refresh_dates(sqlite, NOW)
    assert {review_at for *_, review_at in turning_points(sqlite).values()} == {NOW - DAY}


def test_while_very_many_rows_are_written_the_indexes_are_away_and_then_back(database: Database) -> None:
    bulk_indexes.drop(database, Cycle)
    with database.reading() as session:
        assert inspect(session.connection()).get_indexes("cycles") == []
    refresh_dates(database, NOW)
    assert not bulk_indexes.restore(database, Cycle)
    migrations.check(database)


def test_with_few_customers_nothing_runs_away(database: Database) -> None:
    assert not nightly(database, NOW)
    a_shop(database, 3)
    nightly(database, NOW)
    with database.reading() as session:
        assert abs(policies.cycle_params(session).m - CycleParams().m) < 0.5


def turning_points(database: Database) -> dict[int, tuple[datetime, ...]]:
    """Return of everybody when they are due, slip and lapse, and when they are looked at."""
    with database.reading() as session:
        query = select(
            Cycle.friend_id, Cycle.due_at, Cycle.slip_at, Cycle.lapse_at, Facts.review_at
        ).join(Facts, Facts.friend_id == Cycle.friend_id)  # fmt: skip
        rows: Any = session.execute(query).all()
        return {friend_id: tuple(dates) for friend_id, *dates in rows}


def past(dates: Iterable[datetime]) -> int:
    """Return how many of the dates have come."""
    return sum(date <= NOW for date in dates)


def states(database: Database) -> list[CycleState]:
    """Return every row's state."""
    with database.reading() as session:
        return [cycle_rows.state_of(row) for row in session.scalars(select(Cycle).order_by(Cycle.friend_id))]


def test_the_simulated_shop_is_not_trivial() -> None:
    n = sums_of(a_world(TRUE, 400, DAYS), 1.0).n
    assert np.mean(n > 0) > 0.5
