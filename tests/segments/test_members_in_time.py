"""Members as time passes and dates move: only those it moved are looked at, and nothing asked for is lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from segments import cycle_refresh, members_filling, members_time, products, purchases, watching
from segments.db import Database
from segments.models import EventKind, Segment, Touched
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.members_passes import EVERYONE, LATELY, buyers, members, news, run, settled, watched
from tests.segments.watched_world import evaluated


def test_time_is_taken_in_by_looking_at_those_alone_whom_it_moved(database: Database) -> None:
    with database.begin() as session:
        ids = buyers(session, 3, days_ago(9))
        buyers(session, 40, days_ago(3))
        buyers(session, 40, days_ago(60))
        watched(session, LATELY)
    settled(database)
    assert len(members(database)) == 43
    tomorrow = NOW + timedelta(days=1)
    assert sum(run(database, members_time.pass_time, tomorrow)) < 10
    assert news(database) == [(EventKind.SEGMENT_LEFT, each) for each in ids]
    assert run(database, members_time.pass_time, tomorrow) == [0]


def test_much_that_time_moved_is_taken_in_batch_by_batch_and_survives_a_restart(database: Database) -> None:
    with database.begin() as session:
        ids = buyers(session, 9, days_ago(9))
        buyers(session, 100, days_ago(100))
        watched(session, LATELY)
    settled(database)
    tomorrow, later = NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1)
    with database.begin() as session:
        assert members_time.pass_time(session, tomorrow, 4) == 4
    assert len(members(database)) == 5
    assert run(database, members_time.pass_time, later, 4) == [4, 1, 0]
    assert (members(database), len(news(database))) == ([], len(ids))


def test_after_a_long_stop_everybody_is_compared_once(database: Database) -> None:
    with database.begin() as session:
        for ago in range(60):
            buyers(session, 1, days_ago(ago))
        segment_id = watched(session, {"is": "last_purchase", "within_days": 50})
    settled(database)
    month = NOW + timedelta(days=40)
    assert run(database, members_time.pass_time, month, 5) == [0]
    assert sum(run(database, members_filling.fill, month, 7)) > 60
    with database.reading() as session:
        assert set(members(database)) == evaluated(session, segment_id, month)
    assert {kind for kind, _ in news(database)} == {EventKind.SEGMENT_LEFT}


def test_a_category_that_is_renamed_is_asked_of_everybody_again(database: Database) -> None:
    with database.begin() as session:
        products.put(session, products.NewProduct("TEA", name="茶", category="tea", price_yen=500), NOW)
        products.put(session, products.NewProduct("CUP", name="器", category="cups", price_yen=500), NOW)
        friend_id = a_friend(session).id
        new = purchases.NewPurchase(
            order_id="A-1",
            friend_id=friend_id,
            bought_at=days_ago(1),
            amount_yen=500,
            items=(purchases.NewItem("TEA"),),
        )
        purchases.record(session, new, NOW, "test")
        watched(session, {"is": "bought", "categories": ["cups"]})
        watched(session, {"is": "everyone"}, "T")
    settled(database)
    with database.begin() as session:
        products.put(session, products.NewProduct("TEA", category="cups"), NOW)
        session.execute(delete(Touched))
    settled(database)
    assert news(database) == [(EventKind.SEGMENT_ENTERED, friend_id)]


def test_new_dates_of_cycles_are_asked_of_everybody_again(sqlite: Database) -> None:
    with sqlite.begin() as session:
        segment_id = watched(session, {"is": "due_within", "days": 3})
        watched(session, EVERYONE, "T")
    settled(sqlite)
    cycle_refresh.refresh_dates(sqlite, NOW)
    with sqlite.reading() as session:
        assert [each.id for each in session.scalars(select(Segment)) if each.filling] == [segment_id]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_comparison_asked_for_while_time_is_taken_in_is_not_lost(database: Database) -> None:
    with database.begin() as session:
        buyers(session, 9, days_ago(9))
        buyers(session, 100, days_ago(100))
        segment_id = watched(session, LATELY)
    settled(database)
    tomorrow = NOW + timedelta(days=1)
    with database.begin() as session:
        assert members_time.pass_time(session, tomorrow, 4) == 4

    def ask() -> None:
        with database.begin() as session:
            assert watching.compare_anew(session, lambda _leaf: True, tomorrow) == 1

    with ThreadPoolExecutor(1) as pool:
        with database.begin() as session:
            assert members_time.pass_time(session, tomorrow, 4) == 4
            asking = pool.submit(ask)
            with pytest.raises(TimeoutError):
                asking.result(timeout=0.5)  # it waits for the segment
        asking.result()
    with database.reading() as session:
        filling = watching.Filling.from_json(session.get_one(Segment, segment_id).filling or {})
    assert filling == watching.Filling(tomorrow)
