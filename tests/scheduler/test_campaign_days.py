"""What campaigns sent and what followed: counted each night, each purchase and block for one campaign alone."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import campaign_days, campaign_reports, quota
from scheduler.models import (
    Broadcast,
    CampaignDay,
    Chunk,
    ChunkMode,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    Purpose,
    Scenario,
)
from segments import friends
from segments.db import Database
from segments.models import Friend, Link, LinkTap
from tests.builders import a_friend, a_purchase, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)


def a_broadcast(session: Session, name: str = "秋のお知らせ") -> Broadcast:
    broadcast = Broadcast(name=name, created_at=days_ago(20), started_at=days_ago(5))
    session.add(broadcast)
    session.flush()
    return broadcast


def sent(session: Session, friend: Friend, of: Broadcast | Scenario, at: datetime, **values: Any) -> Delivery:
    if isinstance(of, Broadcast):
        source: dict[str, Any] = {"kind": DeliveryKind.BROADCAST, "broadcast_id": of.id}
    else:
        enrolment = Enrolment(
            scenario_id=of.id, friend_id=friend.id, cause=f"test:{at.isoformat()}", entered_at=at
        )
        session.add(enrolment)
        session.flush()
        source = {"kind": DeliveryKind.STEP, "enrolment_id": enrolment.id, "step_id": of.steps[0].id}
    usual = {"purpose": Purpose.CARE, "state": DeliveryState.ACCEPTED, "created_at": at, "ended_at": at}
    made = Delivery(friend_id=friend.id, **(usual | source | values))
    session.add(made)
    session.flush()
    return made


def rows(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        found = session.scalars(select(CampaignDay).order_by(CampaignDay.day, CampaignDay.scenario_id)).all()
    return [
        (each.day, each.broadcast_id, each.scenario_id, each.accepted, each.billed, each.taps, each.blocks,
         each.orders, each.yen)
        for each in found
    ]  # fmt: skip


def test_messages_taps_blocks_and_orders_are_put_down_to_the_day_they_left(database: Database) -> None:
    with database.begin() as session:
        broadcast = a_broadcast(session)
        one, two, three = (a_friend(session) for _ in range(3))
        first = sent(session, one, broadcast, days_ago(5))
        sent(session, two, broadcast, days_ago(5))
        sent(session, three, broadcast, days_ago(5), state=DeliveryState.SKIPPED, reason="blocked")
        link = Link(name="見本", url="https://example.com/", created_at=days_ago(9))
        session.add(link)
        session.flush()
        for at in (days_ago(4), days_ago(3)):
            session.add(LinkTap(link_id=link.id, friend_id=one.id, delivery_id=first.id, at=at))
        friends.block(session, two, days_ago(4))
        a_purchase(session, one, bought_at=days_ago(4), amount_yen=3000, refunded_yen=500)
        a_purchase(session, one, bought_at=days_ago(6), amount_yen=700)
        a_purchase(session, three, bought_at=days_ago(4), amount_yen=900)
        broadcast_id = broadcast.id
    campaign_days.count(database, NOW)
    assert rows(database) == [(TODAY - 5 * DAY, broadcast_id, 0, 2, 2, 1, 1, 1, 2500)]


def test_a_purchase_counts_for_the_last_message_before_it_alone(database: Database) -> None:
    with database.begin() as session:
        broadcast, scenario = a_broadcast(session), a_scenario(session)
        friend = a_friend(session)
        sent(session, friend, broadcast, days_ago(6))
        sent(session, friend, scenario, days_ago(4))
        a_purchase(session, friend, bought_at=days_ago(5), amount_yen=100)
        a_purchase(session, friend, bought_at=days_ago(3), amount_yen=10)
        ids = broadcast.id, scenario.id
    campaign_days.count(database, NOW)
    assert [each[1:3] + each[7:] for each in rows(database)] == [(ids[0], 0, 1, 100), (0, ids[1], 1, 10)]


def test_what_comes_after_seven_days_is_put_down_to_nothing(database: Database) -> None:
    with database.begin() as session:
        broadcast, friend = a_broadcast(session), a_friend(session)
        sent(session, friend, broadcast, days_ago(12))
        a_purchase(session, friend, bought_at=days_ago(4.9))
    campaign_days.count(database, NOW)
    assert [each[7] for each in rows(database)] == [0]


def test_mail_and_what_rides_with_another_message_costs_nothing(database: Database) -> None:
    with database.begin() as session:
        broadcast = a_broadcast(session)
        mail = Chunk(broadcast_id=broadcast.id, mode=ChunkMode.MAIL, created_at=days_ago(5))
        session.add(mail)
        session.flush()
        sent(session, a_friend(session), broadcast, days_ago(5), chunk_id=mail.id)
        carrier = sent(session, a_friend(session), broadcast, days_ago(5))
        sent(session, a_friend(session), broadcast, days_ago(5), carried_by=carrier.id)
        quota.choose_plan(session, "standard", NOW)
    campaign_days.count(database, NOW)
    assert [each[3:5] for each in rows(database)] == [(3, 1)]
    with database.reading() as session:
        found = campaign_reports.campaigns(session, TODAY - 9 * DAY, TODAY)
    assert (found.total.accepted, found.total.cost_yen, found.total.cost_per_order) == (3, 3, None)
    assert [each.name for each in found.rows] == ["秋のお知らせ"]


def test_counting_again_adds_what_followed_and_doubles_nothing(database: Database) -> None:
    with database.begin() as session:
        broadcast, friend = a_broadcast(session), a_friend(session)
        sent(session, friend, broadcast, days_ago(3))
        sent(session, a_friend(session), broadcast, days_ago(60), created_at=days_ago(60))
    campaign_days.count(database, NOW)
    with database.begin() as session:
        a_purchase(session, friend, bought_at=NOW, amount_yen=500)
    campaign_days.count(database, NOW + DAY)
    assert [(each[0], each[3], each[7], each[8]) for each in rows(database)] == [
        (TODAY - 60 * DAY, 1, 0, 0),
        (TODAY - 3 * DAY, 1, 1, 500),
    ]
