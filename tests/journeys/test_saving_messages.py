"""What costs money is asked of LINE as rarely as can be: pushes together, on free replies, one request for everyone."""

from datetime import time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from scheduler import broadcast_progress, broadcasts, drafts, step_changes
from scheduler.broadcast_progress import Progress
from scheduler.drafts import Draft
from scheduler.models import BroadcastState, DeliveryState, Scenario, Through
from segments.db import Database
from tests.builders import a_message, a_product, a_scenario
from tests.fakes.clock import FakeClock
from tests.journeys.world import World, a_world

CARE, SALE, LATER = "使い方のご案内です", "新商品のご案内です", "お加減はいかがですか"
NOTICE = {"ja": [{"type": "text", "text": "年末年始のお休みのお知らせ"}]}


def _three_scenarios(world: World) -> None:
    """Two steps due at the same time the next day, and a third that waits for a reply; no others run."""
    day = {"delay": timedelta(days=1), "at_time": time(14)}
    with world.database.begin() as session:
        session.execute(update(Scenario).values(active=False))
        for text in (SALE, CARE, LATER):
            purpose = "sales" if text == SALE else "care"
            step = {**day, "message_id": a_message(session, text).id, "purpose": purpose}
            if text == LATER:
                step["at_time"] = time(16)
            scenario = a_scenario(session, step)
            if text == LATER:
                step_changes.let_ride(session, scenario.steps[0].id, timedelta(hours=20))
        a_product(session, code="TEA")


def test_what_is_due_goes_together_or_on_a_free_reply_and_the_shop_sees_what_that_saved(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    with a_world(database, clock, tmp_path) as world:
        friend = world.line.add_friend("田中 花子", follow=True)
        world.settle()
        _three_scenarios(world)
        world.buys("order-1", friend, 3000, "TEA")
        world.live(days=1, hours=2)
        assert world.line.texts(friend)[-2:] == [CARE, SALE]
        assert world.line.counts()["requests"]["push"] == {"200": 1}
        world.line.text(friend, "メニュー")
        world.settle()
        assert world.line.texts(friend)[-1] == LATER
        world.live(days=2)
        counts = world.line.counts()
        assert counts["requests"]["push"] == {"200": 1}
        assert counts["quota"]["used"] == 1
        assert (counts["duplicates"], counts["duplicate_replies"]) == (0, 0)
        status, saved = world.call("GET", "/api/v1/savings", None)
        assert status == 200
        assert saved["months"] == [{"month": "2026-11", "bundled": 1, "on_replies": 1, "yen": 0}]


@pytest.mark.parametrize("somebody_opted_out", [False, True])
def test_a_notice_to_everyone_is_one_request_unless_somebody_must_not_get_it(
    database: Database, clock: FakeClock, tmp_path: Path, somebody_opted_out: bool
) -> None:
    with a_world(database, clock, tmp_path) as world:
        friends = world.line.add_friends(5, follow=True)
        world.settle()
        if somebody_opted_out:
            world.line.text(friends[4], "配信停止")
            world.settle()
        with world.database.begin() as session:
            session.execute(update(Scenario).values(active=False))
        world.line.faults(answer_lost=1, endpoints=["broadcast", "multicast"])
        progress = _send(world)
        requests = world.line.counts()["requests"]
        got = [world.line.texts(friend).count("年末年始のお休みのお知らせ") for friend in friends]
    assert progress.state is BroadcastState.DONE
    if somebody_opted_out:
        assert got == [1, 1, 1, 1, 0]
        assert progress.through_reason == "friend_left_out:opted_out"
        assert "broadcast" not in requests
    else:
        assert got == [1] * 5
        assert progress.by_state == {DeliveryState.ACCEPTED: 5}
        assert requests["broadcast"] == {"200": 1, "409": 1}
        assert "multicast" not in requests


def _send(world: World) -> Progress:
    now, queue = world.clock.now(), world.services.queue
    with world.database.begin() as session:
        draft = Draft("お知らせ", NOTICE, condition={"is": "everyone"}, through=Through.BROADCAST)
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, queue, broadcast_id, None, now)
    world.settle()
    with world.database.reading() as session:
        return broadcast_progress.progress(session, broadcast_id)
