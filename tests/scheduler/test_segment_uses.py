"""What would break without a saved segment, beyond tags and other segments."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from scheduler import segment_uses
from scheduler.models import Broadcast, BroadcastState
from scheduler.scenario_starts import on_entering
from segments.db import Database
from segments.saved import Use
from tests.builders import a_scenario
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.watched_world import add_segment

EN = {"is": "language", "languages": ["en"]}


def a_broadcast(session: Session, condition: dict[str, Any] | None, **values: Any) -> Broadcast:
    made = Broadcast(name="春の配信", condition=condition, created_at=NOW, **values)
    session.add(made)
    session.flush()
    return made


def test_scenarios_that_start_from_a_segment_or_ask_for_it_use_it_once_each(database: Database) -> None:
    with database.begin() as session:
        wanted, other = add_segment(session, "a", EN), add_segment(session, "b", EN)
        asks = {"is": "all", "of": [{"is": "segment", "segment_id": wanted}]}
        a_scenario(session, trigger=on_entering(other), condition=EN)
        starts = a_scenario(session, {"condition": asks}, trigger=on_entering(wanted), name="秋").id
        enters = a_scenario(session, condition=asks, name="冬").id
        step = a_scenario(session, {}, {"condition": asks}, {"condition": asks}, name="春").id
        assert segment_uses.elsewhere(session, wanted) == [
            Use("scenario", starts, "秋"),
            Use("scenario", enters, "冬"),
            Use("scenario", step, "春"),
        ]


@pytest.mark.parametrize("state", [BroadcastState.DRAFT, BroadcastState.SCHEDULED, BroadcastState.PAUSED])
def test_a_broadcast_that_has_not_found_its_friends_yet_uses_its_segment(
    sqlite: Database, state: BroadcastState
) -> None:
    with sqlite.begin() as session:
        wanted = add_segment(session, "a", EN)
        asks = {"is": "segment", "segment_id": wanted}
        waiting = a_broadcast(session, asks, state=state)
        a_broadcast(session, EN)
        a_broadcast(session, None)
        a_broadcast(session, asks, state=BroadcastState.CANCELLED)
        a_broadcast(session, asks, state=BroadcastState.SENDING, planned_at=NOW - timedelta(hours=1))
        a_broadcast(session, {"version": 99, "is": "written by a newer program"})
        assert segment_uses.elsewhere(session, wanted) == [Use("broadcast", waiting.id, "春の配信")]
