"""The nightly refit: it reads rows, saves what changed, writes dates, and can be cut off anywhere."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from multiprocessing import active_children
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import delete, func, insert, inspect, select, text, update
from structlog.testing import capture_logs

from bot import migrations
from segments import bulk_indexes, bulk_rebuild, cycle_refresh, cycle_rows, cycle_sample, policies, purchases
from segments.bulk_rebuild import rebuild_all
from segments.cycle import DAY, CycleParams, CycleState, forecast
from segments.cycle_csv import Lines
from segments.cycle_forecasts import parts_of, rows_of
from segments.cycle_history import PurchaseDays, sums_of
from segments.cycle_learn import repeaters
from segments.cycle_refit import nightly
from segments.cycle_refresh import refresh_dates
from segments.db import Database
from segments.models import Cycle, Facts, Friend, Policy, Product, Purchase, PurchaseItem
from tests.builders import a_product
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.cycle_worlds import a_world

TRUE = CycleParams(m=2.8, kappa0=2.0, alpha0=6.0, beta0=1.0, a=0.3, b=3.0)
DAYS = 300
JST = ZoneInfo("Asia/Tokyo")
NOON = NOW.astimezone(JST).replace(hour=12, minute=0, second=0, microsecond=0)
"""Of the day after the last purchase."""


def a_shop(
    database: Database,
    customers: int,
    categories: Sequence[str] = ("",),
    *,
    world: CycleParams = TRUE,
    quantities: tuple[int, ...] = (1,),
) -> PurchaseDays:
    """Let simulated customers buy, the last five of the last category, and learn all by the parameters in force."""
    days = a_world(world, customers, DAYS, quantities=quantities)
    with database.begin() as session:
        products = [a_product(session, category=category).id for category in categories]
        friends = [{"created_at": NOW, "followed_at": NOW, "follow_state_at": NOW} for _ in range(customers)]
        ids = sorted(session.scalars(insert(Friend).returning(Friend.id), friends))
        rows, lines = orders(days, ids, products)
        session.execute(insert(Purchase), rows)
        session.execute(insert(PurchaseItem), lines)
        if not database.is_sqlite:  # goes on numbering where nobody gave numbers
            session.execute(text("SELECT setval('purchases_id_seq', max(id)) FROM purchases"))
    rebuild_all(database, NOW)
    return days


def orders(days: PurchaseDays, ids: list[int], products: list[int]) -> tuple[list[Any], list[Any]]:
    """Return the rows of purchases, at noon of their days, and of their lines."""
    rows: list[Any] = []
    lines: list[Any] = []
    bought: Any = zip(days.customer.tolist(), days.day.tolist(), days.quantity.tolist(), strict=True)
    for number, (who, day, quantity) in enumerate(bought, start=1):
        at = NOON - (DAYS - day) * DAY
        rows.append({
            "id": number, "friend_id": ids[who], "order_id": f"o{number}", "bought_at": at,
            "amount_yen": 1000, "source": "test", "created_at": at,
        })  # fmt: skip
        product = products[-1] if who >= len(ids) - 5 else products[0]
        lines.append({
            "purchase_id": number, "line": 1, "product_id": product, "quantity": int(quantity), "amount_yen": 1000,
        })  # fmt: skip
    return rows, lines


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
    a_shop(sqlite, 360, ("tea", "cake"))
    assert nightly(sqlite, NOW)
    with sqlite.reading() as session:
        found = policies.cycle_params(session)
        assert list(found.categories) == ["tea"]
        assert found.of("cake") is found
    assert wrong_dates(sqlite) == 0


def test_of_a_category_too_thin_in_the_sample_its_own_buyers_are_read(sqlite: Database) -> None:
    a_shop(sqlite, 360, ("tea", "cake"))
    with sqlite.reading() as session:
        some = cycle_sample.of_shop(session, JST, size=40)
        assert some["tea"].customers == 40
        assert repeaters(some["tea"]) < 40
        assert cycle_sample.of_shop(session, JST, size=40).keys() == some.keys()
        own = cycle_sample.of_category(session, "tea", JST, size=300)
        assert (own.customers, set(own.customer.tolist())) == (300, set(range(300)))
        assert cycle_sample.of_category(session, "nothing", JST).customers == 0


def test_after_the_refit_all_dates_are_those_of_a_rebuild_from_scratch(database: Database) -> None:
    for quantities in ((1,), (1, 2, 6)):
        a_shop_anew(database, quantities)
        assert nightly(database, NOW)
        kept = everything(database)
        with database.begin() as session:
            assert not bulk_rebuild.is_waiting(session)
            assert not cycle_refresh.is_waiting(session)
            assert (policies.cycle_params(session).elasticity != 0) == (len(quantities) > 1)
            session.execute(delete(Cycle))
        rebuild_all(database, NOW)
        anew = everything(database)
        assert [row[:2] for row in anew] == [row[:2] for row in kept]
        for row, other in zip(anew, kept, strict=True):
            assert row[2] == pytest.approx(other[2], rel=1e-9)
            assert dates_apart(row[3:], other[3:]) <= timedelta(seconds=1)


def test_the_shop_forecasts_what_a_csv_of_its_purchases_does(sqlite: Database) -> None:
    days = a_shop(sqlite, 900, ("tea", "cake"), world=replace(TRUE, elasticity=0.5), quantities=(1, 2, 6))
    assert nightly(sqlite, NOW)
    as_of = NOON.astimezone(JST).date()
    offset = as_of.toordinal() - DAYS
    tea = (days.customer >= 895).astype(np.int64)
    names = [str(number) for number in range(900)]
    lines = Lines(names, ["tea", "cake"], days.customer, tea, days.day + offset, days.quantity, [])
    parts = parts_of(lines, as_of, 1, lambda _done, _total: None)
    with sqlite.reading() as session:
        params = policies.cycle_params(session)
        first = session.scalar(select(func.min(Friend.id)))
        assert first
        assert replace(params, categories={}) == parts[0].params
        assert params.of("tea") == parts[1].params
        assert params.of("cake") == params
        assert params.elasticity == pytest.approx(0.5, abs=0.1)
        for part in parts:
            stored = {
                row.friend_id - first: row
                for row in session.scalars(select(Cycle).where(Cycle.category == part.category))
            }
            rows = list(rows_of(part, names, as_of, "ja"))
            assert len(rows) == len(stored) > 0
            for name, _, n, last_at, cycle_days, due_at, *_ in rows:
                row = stored[int(str(name))]
                assert (row.n, row.last_at.astimezone(JST).date().isoformat()) == (n, last_at)
                assert row.cycle_days == pytest.approx(float(str(cycle_days)), abs=0.06, rel=0.001)
                assert row.due_at
                due = date.fromisoformat(str(due_at)) - row.due_at.astimezone(JST).date()
                assert abs(due) <= DAY


def test_a_hardly_other_elasticity_moves_no_states(sqlite: Database) -> None:
    a_shop(sqlite, 400, quantities=(1, 2, 6))
    with sqlite.begin() as session:
        other = CycleParams(m=5.0, elasticity=0.01, usual_quantity=2.0)
        policies.save(session, policies.CYCLE, other.to_json(), "test", NOW)
    rebuild_all(sqlite, NOW)
    before = states(sqlite)
    assert nightly(sqlite, NOW)
    with sqlite.reading() as session:
        found = policies.cycle_params(session)
    assert (found.elasticity, found.usual_quantity) == (0.01, 2.0)
    assert found.m == pytest.approx(TRUE.m, abs=0.3)
    assert states(sqlite) == before
    assert wrong_dates(sqlite) == 0


def test_a_rebuild_for_new_states_that_was_cut_off_goes_on_the_next_night(sqlite: Database) -> None:
    a_shop(sqlite, 300, world=replace(TRUE, elasticity=0.5), quantities=(1, 2, 6))

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nightly(sqlite, NOW, stop)
    with sqlite.reading() as session:
        assert bulk_rebuild.is_waiting(session)
    assert nightly(sqlite, NOW)
    with sqlite.reading() as session:
        assert not bulk_rebuild.is_waiting(session)
    assert wrong_dates(sqlite) == 0
    assert not nightly(sqlite, NOW)


@pytest.mark.parametrize("worth_a_process", [0, 10**9])
def test_a_refresh_that_was_cut_off_goes_on_where_it_stopped(
    database: Database, worth_a_process: int
) -> None:
    a_shop(database, 30)
    with database.begin() as session:
        policies.save(session, policies.CYCLE, CycleParams(m=2.0).to_json(), "test", NOW)
        cycle_refresh.start_over(session, NOW)

    def stop(done: int, _total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh_dates(database, NOW, stop, batch=10, worth_a_process=worth_a_process)
    left = wrong_dates(database)
    # On PostgreSQL another process may have done the last ten already.
    assert left == 10 or (not left and not worth_a_process and not database.is_sqlite)
    looked: list[int] = []

    def look(done: int, _total: int) -> None:
        looked.append(done)

    assert refresh_dates(database, NOW, look, worth_a_process=worth_a_process) == left
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
    with bulk_indexes.without(database, (Cycle,)):
        with database.reading() as session:
            assert inspect(session.connection()).get_indexes("cycles") == []
        assert bulk_indexes.mend(database) == []  # whoever is at work brings them back
    assert bulk_indexes.restore(database) == []
    migrations.check(database)


def test_what_happens_in_the_shop_during_a_refresh_is_not_lost(database: Database) -> None:
    a_shop(database, 60)
    with database.begin() as session:
        ids = session.scalars(select(Friend.id).order_by(Friend.id)).all()
        code = session.scalars(select(Product.code)).first() or ""
        policies.save(session, policies.CYCLE, CycleParams(m=2.0).to_json(), "test", NOW)
        cycle_refresh.start_over(session, NOW)
    waiting = iter([ids[15], ids[25], ids[35], ids[55]])

    def buy(_done: int, _total: int) -> None:
        if (friend_id := next(waiting, None)) is not None:
            with database.begin() as session:
                items = (purchases.NewItem(code),)
                new = purchases.NewPurchase(
                    f"now-{friend_id}", NOW - DAY / 24, 100, items, friend_id=friend_id
                )
                purchases.record(session, new, NOW, "till")

    refresh_dates(database, NOW, buy, batch=10, worth_a_process=0)
    assert wrong_dates(database) == 0
    with database.reading() as session:
        bought = select(Cycle.friend_id).where(Cycle.last_at == NOW - DAY / 24, Cycle.category == "")
        assert set(session.scalars(bought)) == {ids[15], ids[25], ids[35], ids[55]}


def test_a_refresh_whose_helping_process_is_killed_goes_on_without_it(
    database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    a_shop(database, 60)
    with database.begin() as session:
        policies.save(session, policies.CYCLE, CycleParams(m=2.0).to_json(), "test", NOW)

    def kill(_done: int, _total: int) -> None:
        for child in active_children():
            child.kill()

    with capture_logs() as logs:
        changed = refresh_dates(database, NOW, kill, batch=10, worth_a_process=0)
    # What they wrote on PostgreSQL and could not tell of any more is not counted.
    assert changed == 60 or (0 < changed < 60 and not database.is_sqlite)
    assert [each["event"] for each in logs] == ["helping_process_died"]
    assert "Traceback" not in capfd.readouterr().err
    assert wrong_dates(database) == 0


def test_with_few_customers_nothing_runs_away(database: Database) -> None:
    assert not nightly(database, NOW)
    a_shop(database, 3)
    nightly(database, NOW)
    with database.reading() as session:
        assert abs(policies.cycle_params(session).m - CycleParams().m) < 0.5


def a_shop_anew(database: Database, quantities: tuple[int, ...]) -> None:
    """Empty the shop and fill it with customers whose gaps hang on what they bought, if there is a choice."""
    with database.begin() as session:
        for table in (Cycle, PurchaseItem, Purchase, Policy):
            session.execute(delete(table))
        session.execute(update(Facts).values(purchase_count=0))
    a_shop(database, 250, world=replace(TRUE, elasticity=0.6 * (len(quantities) > 1)), quantities=quantities)


def everything(database: Database) -> list[tuple[Any, ...]]:
    """Return of every cycle row its friend, category, state's sum and dates."""
    columns = (
        Cycle.friend_id,
        Cycle.category,
        Cycle.s1,
        Cycle.due_at,
        Cycle.remind_at,
        Cycle.slip_at,
        Cycle.lapse_at,
    )
    with database.reading() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns[:2]))]


def dates_apart(ones: Sequence[datetime | None], others: Sequence[datetime | None]) -> timedelta:
    """Return how far dates are apart at most; a date that only one side has is very far."""
    apart = [timedelta()]
    for one, other in zip(ones, others, strict=True):
        if one is None or other is None:
            apart.append(timedelta() if one is other else timedelta.max)
        else:
            apart.append(abs(one - other))
    return max(apart)


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
