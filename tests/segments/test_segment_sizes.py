"""Growth: a segment's figure of each night, and where friends stood on the ladders day by day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import ladder_growth, segment_sizes, tags
from segments.db import Database
from segments.errors import NotFound
from segments.ladder_growth import Standing, ladder_counts_over_time
from segments.models import SegmentSize, StageChange
from segments.segment_sizes import Size
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.watched_world import add_segment, unanswerable

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)
TOKYO = ZoneInfo("Asia/Tokyo")


def test_each_segment_is_counted_once_a_day_and_a_missed_day_stays_missing(database: Database) -> None:
    with database.begin() as session:
        everyone = add_segment(session, "everyone", {"is": "everyone"})
        broken = add_segment(session, "broken", {"is": "tag", "names": ["nobody's"]})
        a_friend(session)
    assert segment_sizes.count_all(database, NOW) == 1
    with database.begin() as session:
        a_friend(session)
    assert segment_sizes.count_all(database, NOW) == 0
    assert segment_sizes.count_all(database, NOW + 2 * DAY) == 1
    with database.reading() as session:
        found = segment_sizes.sizes(session, everyone, TODAY, TODAY + 9 * DAY)
        assert found == [Size(TODAY, 1), Size(TODAY + 2 * DAY, 2)]
        assert segment_sizes.sizes(session, everyone, TODAY + DAY, TODAY + DAY) == []
        assert session.scalars(select(SegmentSize).where(SegmentSize.segment_id == broken)).all() == []


def test_a_condition_too_much_for_the_database_holds_up_no_other(database: Database) -> None:
    with database.begin() as session:
        add_segment(session, "too much", unanswerable(session))
        everyone = add_segment(session, "everyone", {"is": "everyone"})
        a_friend(session)
    assert segment_sizes.count_all(database, NOW) == 1
    with database.reading() as session:
        assert segment_sizes.sizes(session, everyone, TODAY, TODAY) == [Size(TODAY, 1)]


def test_a_day_is_one_of_the_shop(database: Database) -> None:
    with database.begin() as session:
        segment_id = add_segment(session, "everyone", {"is": "everyone"})
    segment_sizes.count_all(database, datetime(2026, 11, 21, 15, 30, tzinfo=UTC))
    with database.reading() as session:
        assert segment_sizes.sizes(session, segment_id, TODAY, TODAY + DAY) == [Size(TODAY + DAY, 0)]


def moved(session: Session, friend_id: int, at: datetime, from_: str | None, to: str) -> None:
    session.add(
        StageChange(friend_id=friend_id, ladder="pyramid", from_stage=from_, to_stage=to, reason="r", at=at)
    )


def test_the_ladder_of_past_days_follows_from_the_recorded_moves(database: Database) -> None:
    midnight = datetime(2026, 11, 21, tzinfo=TOKYO)
    with database.begin() as session:
        first, second = (a_friend(session, facts={"stage": stage}).id for stage in ("trial", "aware"))
        moved(session, first, midnight - 3 * DAY, None, "aware")
        moved(session, first, midnight - timedelta(microseconds=1), "aware", "prospect")
        moved(session, first, midnight, "prospect", "trial")
        moved(session, second, midnight - DAY, None, "aware")
    with database.reading() as session:
        found = ladder_counts_over_time(session, "pyramid", TODAY - 4 * DAY, TODAY + DAY, NOW)
    assert found == [
        Standing(TODAY - 4 * DAY, {}),
        Standing(TODAY - 3 * DAY, {"aware": 1}),
        Standing(TODAY - 2 * DAY, {"aware": 1}),
        Standing(TODAY - DAY, {"aware": 1, "prospect": 1}),
        Standing(TODAY, {"aware": 1, "trial": 1}),
    ]


def test_a_part_of_the_days_is_the_same_part_of_the_answer(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_friend(session, facts={"stage": "trial"}).id
        moved(session, friend_id, NOW - 2 * DAY, None, "aware")
        moved(session, friend_id, NOW - DAY, "aware", "trial")
        tags.ensure(session, "unrelated", NOW)
    with database.reading() as session:
        whole = ladder_counts_over_time(session, "pyramid", TODAY - 5 * DAY, TODAY, NOW)
        part = ladder_counts_over_time(session, "pyramid", TODAY - 2 * DAY, TODAY - DAY, NOW)
        assert part == whole[3:5]
        assert set(ladder_growth.RUNGS) == {"pyramid", "growth", "class", "status"}
        with pytest.raises(NotFound, match="ladder_unknown"):
            ladder_counts_over_time(session, "corporate", TODAY, TODAY, NOW)
