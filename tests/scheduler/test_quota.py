"""What a send costs: the plan's included messages, tiers beyond them, and who costs nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import quota, reconciling, reserved
from scheduler.gateway import Quota
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
from scheduler.quota import PLANS, extra_cost
from segments import audience
from segments.conditions import parse
from segments.db import Database
from segments.errors import Invalid
from tests.builders import a_friend, a_message, days_ago
from tests.fakes.clock import A_SATURDAY

STANDARD = PLANS[2]
EVERYONE = parse({"is": "everyone"})


@pytest.mark.parametrize(
    ("messages", "yen"),
    [(0, 0), (30_000, 0), (30_001, 3), (80_000, 150_000), (80_001, 150_002.8), (90_000, 178_000)],
)
def test_each_tier_prices_its_own_part(messages: int, yen: float) -> None:
    assert extra_cost(STANDARD, messages) == pytest.approx(yen)


@given(st.integers(0, 500_000), st.integers(0, 50_000))
def test_more_messages_never_cost_less(messages: int, more: int) -> None:
    assert extra_cost(STANDARD, messages + more) >= extra_cost(STANDARD, messages)


def test_a_price_counts_whom_it_reaches_and_why_the_others_cost_nothing(database: Database) -> None:
    with database.begin() as session:
        for _ in range(3):
            a_friend(session)
        a_friend(session, blocked_at=days_ago(1))
        a_friend(session, opted_out_at=days_ago(1))
        a_friend(session, facts={"suppressed_at": days_ago(1)})
        quota.choose_plan(session, "standard", A_SATURDAY)
        quota.note_use(session, Quota(60_000, 29_999), A_SATURDAY)
        sales = quota.price(session, A_SATURDAY, condition=EVERYONE)
        care = quota.price(session, A_SATURDAY, condition=EVERYONE, purpose=Purpose.CARE)
    assert (sales.recipients, sales.reachable) == (6, 3)
    assert (sales.blocked, sales.opted_out, sales.suppressed) == (1, 1, 1)
    assert (sales.free_messages, sales.paid_messages, sales.yen) == (1, 2, 6)
    assert (care.reachable, care.suppressed, care.yen) == (4, 0, 9)
    assert not sales.exceeds


def test_a_plan_without_extra_messages_says_that_they_do_not_suffice(database: Database) -> None:
    with database.begin() as session:
        ids = [a_friend(session).id for _ in range(3)]
        chosen = audience.freeze_list(session, ids[:2], "list.csv", A_SATURDAY)
        quota.note_use(session, Quota(200, 199), A_SATURDAY)
        price = quota.price(session, A_SATURDAY, audience_id=chosen.id)
    assert (price.reachable, price.free_messages, price.paid_messages, price.yen) == (2, 1, 0, 0)
    assert price.exceeds


def test_a_plan_that_line_does_not_sell_is_refused(sqlite: Database) -> None:
    with pytest.raises(Invalid, match="plan_unknown"), sqlite.begin() as session:
        quota.choose_plan(session, "free", A_SATURDAY)


@pytest.mark.parametrize("state", [DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN, DeliveryState.QUEUED])
@pytest.mark.parametrize("is_broadcast", [False, True])
def test_what_goes_by_mail_is_no_message_of_the_month(
    database: Database, state: DeliveryState, is_broadcast: bool
) -> None:
    with database.begin() as session:
        friend, version = a_friend(session), a_message(session, "新茶です")
        broadcast = Broadcast(name="新茶", state=BroadcastState.SENDING, created_at=A_SATURDAY)
        session.add(broadcast)
        session.flush()
        chunk = Chunk(mode=ChunkMode.MAIL, broadcast_id=broadcast.id, created_at=A_SATURDAY)
        session.add(chunk)
        session.flush()
        delivery = Delivery(
            friend_id=friend.id,
            kind=DeliveryKind.BROADCAST if is_broadcast else DeliveryKind.STEP,
            purpose=Purpose.SALES,
            broadcast_id=broadcast.id if is_broadcast else None,
            message_version_id=version.id,
            chunk_id=chunk.id,
            state=state,
            created_at=A_SATURDAY,
            ended_at=None if state is DeliveryState.QUEUED else A_SATURDAY,
        )
        session.add(delivery)
        session.flush()
        assert reconciling.count_ours(session, A_SATURDAY) == 0
        assert reserved.queued(session, A_SATURDAY) == 0
