"""What a send costs: the plan's included messages, tiers beyond them, and who costs nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from scheduler import drafts, foretelling, mail_settings, quota, reconciling, reserved
from scheduler.drafts import Draft
from scheduler.gateway import Quota
from scheduler.mail_settings import MailSettings
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
from segments.models import Facts, Friend
from tests.builders import a_friend, a_message, days_ago
from tests.fakes.clock import A_SATURDAY

STANDARD = PLANS[2]
EVERYONE_JSON = {"is": "everyone"}
EVERYONE = parse(EVERYONE_JSON)


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


def test_a_price_asks_the_judge_about_everybody_and_mail_costs_nothing(database: Database) -> None:
    silent: dict[str, Any] = {"blocked_at": days_ago(1), "email": "a@example.com"}
    with database.begin() as session:
        mail_settings.save(session, MailSettings("みどり茶舗", "東京都", "03-0000-0000"), A_SATURDAY)
        for _ in range(2):
            a_friend(session)
        a_friend(session, offers_opted_out_at=days_ago(1))
        a_friend(session, facts={"complained_at": days_ago(1)})
        a_friend(session, **silent, email_consent_at=days_ago(5))
        a_friend(session, **silent)
        draft = Draft("秋", {"ja": [{"type": "text", "text": "秋"}]}, condition=EVERYONE_JSON)
        made = drafts.create(session, replace(draft, by_mail=True), now=A_SATURDAY, by="test").id
        price = quota.price(session, A_SATURDAY, condition=EVERYONE, broadcast_id=made)
        on_line = quota.price(session, A_SATURDAY, condition=EVERYONE)
    assert (price.recipients, price.at_most, price.reachable, price.is_about) == (6, 4, 2, False)
    assert price.foretold.by_mail == 1
    assert dict(price.foretold.refused) == {"offers_opted_out": 1, "complained": 1, "blocked": 1}
    assert price.free_messages + price.paid_messages == 2
    assert dict(on_line.foretold.refused) == {"offers_opted_out": 1, "complained": 1, "blocked": 2}


def test_what_a_broadcast_holds_out_costs_nothing_either(database: Database) -> None:
    with database.begin() as session:
        for _ in range(40):
            a_friend(session)
        draft = Draft(
            "秋", {"ja": [{"type": "text", "text": "秋"}]}, condition=EVERYONE_JSON, holdout_percent=50
        )
        made = drafts.create(session, draft, now=A_SATURDAY, by="test").id
        price = quota.price(session, A_SATURDAY, condition=EVERYONE, broadcast_id=made)
    assert 5 < price.reachable < 35
    assert price.reachable + price.foretold.refused["control_group"] == 40


def test_what_waits_for_the_morning_is_paid_for_and_what_would_be_too_late_is_not(sqlite: Database) -> None:
    night = A_SATURDAY + timedelta(hours=8)
    with sqlite.begin() as session:
        for _ in range(3):
            a_friend(session)
        draft = Draft("秋", {"ja": [{"type": "text", "text": "秋"}]}, condition=EVERYONE_JSON)
        waits = drafts.create(session, draft, now=night, by="test").id
        over = replace(draft, expires_at=night + timedelta(hours=1))
        too_late = drafts.create(session, over, now=night, by="test").id
        held = quota.price(session, night, condition=EVERYONE, broadcast_id=waits)
        none = quota.price(session, night, condition=EVERYONE, broadcast_id=too_late)
        at_noon = quota.price(
            session, night, condition=EVERYONE, broadcast_id=waits, at=night + timedelta(hours=14)
        )
    assert (held.reachable, dict(held.foretold.held)) == (3, {"quiet_hours": 3})
    assert (none.reachable, dict(none.foretold.refused)) == (0, {"expired": 3})
    assert (at_noon.reachable, dict(at_noon.foretold.held)) == (3, {})


def test_of_a_large_audience_a_sample_is_asked_and_the_price_is_about_right(sqlite: Database) -> None:
    friends = foretelling.EXACT + 2_000
    with sqlite.begin() as session:
        rows: list[dict[str, Any]] = [
            {
                "line_user_id": f"U{number:032x}", "display_name": "", "language": "ja", "kana": "", "fields": {},
                "created_at": A_SATURDAY, "followed_at": A_SATURDAY, "follow_state_at": A_SATURDAY,
                "offers_opted_out_at": A_SATURDAY if number % 4 == 0 else None,
            }
            for number in range(friends)
        ]  # fmt: skip
        session.execute(insert(Friend), rows)
        ids = session.scalars(select(Friend.id)).all()
        session.execute(insert(Facts), [{"friend_id": id_, "stage_since": A_SATURDAY} for id_ in ids])
    with sqlite.reading() as session:
        price = quota.price(session, A_SATURDAY, condition=EVERYONE)
    assert price.is_about
    assert 0.8 * foretelling.SAMPLE < price.foretold.asked < 1.2 * foretelling.SAMPLE
    assert price.at_most == friends
    assert abs(price.reachable - 0.75 * friends) < 0.06 * friends
    assert price.reachable + price.foretold.refused["offers_opted_out"] == friends


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
