"""Judging a chunk in groups says of every friend what judging them one by one says."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy.orm import Session

from scheduler import alike, control_groups
from scheduler.candidates import candidates
from scheduler.chunks import add_chunk
from scheduler.control_groups import ControlPolicy
from scheduler.eligibility import Allowed, may_send
from scheduler.house import house_of
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Purpose,
)
from scheduler.waiting import Waiting, waiting
from segments.contact_tally import Contact, day_number, packed
from segments.db import Database
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY

NIGHT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
FRIENDS = 80


def _any_friend(session: Session, luck: Random, now: datetime) -> int:
    """Add a friend of whom each thing that decides is so or otherwise."""
    today = day_number(now.date())
    recent = [Contact(today - luck.randrange(40), luck.random() < 0.5) for _ in range(luck.randrange(9))]

    def perhaps(value: Any, share: float = 0.15) -> Any:
        return value if luck.random() < share else None

    facts = {
        "stage": luck.choice(["prospect", "existing", "regular"]),
        "recent_contacts": "".join(map(packed, recent)),
        "trust_red_until": perhaps(now + timedelta(days=luck.choice([-3, 3, 30]))),
        "complained_at": perhaps(days_ago(luck.choice([1, 400]), now)),
        "suppressed_at": perhaps(now),
    }
    moments = ("blocked_at", "opted_out_at", "offers_opted_out_at", "last_wrote_at")
    own: dict[str, Any] = {name: perhaps(days_ago(2, now)) for name in moments}
    own |= {"followed_at": perhaps(days_ago(9, now), 0.9), "timezone": perhaps("America/New_York")}
    if perhaps("nobody on LINE") is not None:
        own["line_user_id"] = None
    return a_friend(session, facts=facts, **own).id


def _a_chunk(session: Session, luck: Random, now: datetime, purpose: Purpose, **values: Any) -> Chunk:
    broadcast = Broadcast(name="新茶", created_at=now, **({"state": BroadcastState.SENDING} | values))
    session.add(broadcast)
    session.flush()
    chunk = add_chunk(session, now=now, mode=ChunkMode.MULTICAST, broadcast_id=broadcast.id)
    for place in range(FRIENDS):
        session.add(
            Delivery(
                friend_id=_any_friend(session, luck, now),
                kind=DeliveryKind.BROADCAST,
                purpose=purpose,
                broadcast_id=broadcast.id,
                chunk_id=chunk.id,
                state=DeliveryState.QUEUED if place % 7 else DeliveryState.ACCEPTED,
                created_at=now,
                expires_at=now + timedelta(hours=30),
            )
        )
    session.flush()
    return chunk


@pytest.mark.parametrize("purpose", [Purpose.CARE, Purpose.SALES])
@pytest.mark.parametrize(("seed", "now", "percent"), [(1, A_SATURDAY, 0), (2, NIGHT, 0), (3, A_SATURDAY, 30)])
def test_a_friend_is_judged_the_same_in_a_group_as_alone(
    database: Database, purpose: Purpose, seed: int, now: datetime, percent: int
) -> None:
    luck = Random(seed)
    with database.begin() as session:
        control_groups.save(session, ControlPolicy(percent=percent // 2), "test", now)
        chunk = _a_chunk(session, luck, now, purpose, holdout_percent=percent)
        alone: dict[int, Any] = {}
        deliveries = waiting(session, chunk)
        for each, asked in zip(deliveries, candidates(session, deliveries, now), strict=True):
            alone[each.id] = may_send(asked, now)
        judged = alike.judge(session, [chunk], house_of(session, now))[chunk.id]
    together = {each.id: verdict for verdict, those in judged.by_verdict.items() for each in those}
    assert together == alone
    assert len(set(map(type, alone.values()))) > 1
    assert all(_in_order(those) for those in judged.by_verdict.values())
    allowed = judged.by_verdict.get(Allowed(), [])
    assert all(judged.addresses[each.friend_id].startswith("U") for each in allowed)
    assert sorted(each for those in judged.by_verdict.values() for each in those) == sorted(deliveries)


def _in_order(those: list[Waiting]) -> bool:
    return [each.id for each in those] == sorted(each.id for each in those)


def test_a_cancelled_broadcast_is_refused_to_everybody(database: Database) -> None:
    with database.begin() as session:
        chunk = _a_chunk(session, Random(4), A_SATURDAY, Purpose.CARE, state=BroadcastState.CANCELLED)
        judged = alike.judge(session, [chunk], house_of(session, A_SATURDAY))[chunk.id]
    assert Allowed() not in judged.by_verdict
    assert sum(map(len, judged.by_verdict.values())) == FRIENDS - len(range(0, FRIENDS, 7))


def test_nothing_is_said_of_a_chunk_in_which_nothing_waits(database: Database) -> None:
    with database.begin() as session:
        chunk = add_chunk(session, now=A_SATURDAY, mode=ChunkMode.MULTICAST)
        assert alike.judge(session, [chunk], house_of(session, A_SATURDAY))[chunk.id].by_verdict == {}
