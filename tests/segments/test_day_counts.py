"""Counts by day: what happened on each day of the shop's calendar, where friends stood, who moved."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from segments import day_counts, friends, standings
from segments.db import Database
from segments.ladder_growth import ladder_counts_over_time
from segments.models import EventKind, Friend, StageChange
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)
MOVES = day_counts.moves("pyramid")


def moved(session: Session, friend: Friend, at: datetime, came_from: str | None, went_to: str) -> None:
    session.add(
        StageChange(friend_id=friend.id, from_stage=came_from, to_stage=went_to, reason="test", at=at)
    )
    session.flush()


def test_moves_follows_and_blocks_are_counted_on_the_shops_days(database: Database) -> None:
    with database.begin() as session:
        early = a_friend(session, route="店頭", followed_at=datetime(2026, 11, 19, 14, 59, tzinfo=UTC))
        late = a_friend(session, route="店頭", followed_at=datetime(2026, 11, 19, 15, 0, tzinfo=UTC))
        a_friend(session, followed_at=days_ago(0.01))
        moved(session, early, days_ago(3), None, "aware")
        moved(session, early, days_ago(1), "aware", "prospect")
        moved(session, late, days_ago(1), "aware", "prospect")
        friends.block(session, late, NOW)
    assert day_counts.refresh(database, NOW) > 3
    with database.reading() as session:
        found = day_counts.read(session, [MOVES, "followed", "blocked"], TODAY - 9 * DAY, TODAY)
        assert day_counts.counted_at(session) == NOW
    assert found["followed"] == {
        TODAY - 2 * DAY: {"店頭": 1},
        TODAY - DAY: {"店頭": 1},
        TODAY: {"": 1},
    }
    assert found[MOVES] == {TODAY - 3 * DAY: {">aware": 1}, TODAY - DAY: {"aware>prospect": 2}}
    assert found[EventKind.BLOCKED] == {TODAY: {"": 1}}


def test_yesterday_and_today_are_counted_anew_and_older_days_stay(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        moved(session, friend, days_ago(5), None, "aware")
        moved(session, friend, days_ago(1), "aware", "prospect")
    day_counts.refresh(database, NOW)
    with database.begin() as session:
        session.execute(delete(StageChange))
        moved(session, friend, days_ago(0.01), "prospect", "trial")
    assert day_counts.refresh(database, NOW) == 2
    with database.reading() as session:
        found = day_counts.read(session, [MOVES], TODAY - 9 * DAY, TODAY)[MOVES]
    assert found == {TODAY - 5 * DAY: {">aware": 1}, TODAY: {"prospect>trial": 1}}


def test_days_without_a_server_are_counted_when_it_is_back(database: Database) -> None:
    day_counts.refresh(database, NOW)
    with database.begin() as session:
        moved(session, a_friend(session), NOW + 2 * DAY, None, "aware")
    day_counts.refresh(database, NOW + 9 * DAY)
    with database.reading() as session:
        found = day_counts.read(session, [MOVES], TODAY, TODAY + 9 * DAY)[MOVES]
    assert found == {TODAY + 2 * DAY: {">aware": 1}}


def test_friends_of_long_ago_whom_an_import_brings_are_counted_at_night(database: Database) -> None:
    day_counts.refresh(database, NOW)
    with database.begin() as session:
        a_friend(session, route="旧システム", followed_at=days_ago(40))
    day_counts.refresh(database, NOW)
    day_counts.recount_follows(database, NOW)
    with database.reading() as session:
        found = day_counts.read(session, ["followed"], TODAY - 60 * DAY, TODAY)["followed"]
    assert found == {TODAY - 40 * DAY: {"旧システム": 1}}


def test_who_stood_where_is_the_same_as_counted_back_from_now(database: Database) -> None:
    with database.begin() as session:
        for number, stage in enumerate(("aware", "prospect", "exit")):
            friend = a_friend(session, facts={"stage": stage})
            moved(session, friend, days_ago(9 - number), None, "aware")
            if stage != "aware":
                moved(session, friend, days_ago(number), "aware", stage)
    days = [TODAY - place * DAY for place in (12, 8, 2, 1, 0)]
    with database.reading() as session:
        before_any_count = standings.standings(session, "pyramid", days, NOW)
    day_counts.refresh(database, NOW)
    with database.reading() as session:
        expected = ladder_counts_over_time(session, "pyramid", days[0], TODAY, NOW)
        kept = standings.standings(session, "pyramid", days, NOW)
    assert kept == before_any_count
    assert [each for each in expected if each.day in days] == kept
    assert kept[-1].friends == {"aware": 1, "exit": 1, "prospect": 1}


def test_a_day_that_was_counted_stays_true_when_a_friend_is_erased(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, facts={"stage": "prospect"})
        moved(session, friend, days_ago(9), None, "prospect")
    day_counts.refresh(database, NOW)
    with database.begin() as session:
        session.delete(session.get_one(Friend, friend.id))
    with database.reading() as session:
        found = standings.standings(session, "pyramid", [TODAY - 3 * DAY, TODAY - DAY], NOW)
    assert [each.friends for each in found] == [{"prospect": 1}, {"prospect": 1}]


def test_moves_up_and_out_are_told_apart(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        for came_from, went_to in (
            (None, "aware"),
            ("aware", "trial"),
            ("trial", "exit"),
            ("exit", "existing"),
            ("existing", "trial"),
        ):
            moved(session, friend, days_ago(1), came_from, went_to)
    day_counts.refresh(database, NOW)
    with database.reading() as session:
        found = standings.moved(session, "pyramid", TODAY - DAY, TODAY)
    assert (found.up, found.out) == (2, 1)
    assert (found.onto("trial"), found.onto("existing"), found.off("trial")) == (1, 1, 1)
