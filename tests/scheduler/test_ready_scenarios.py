"""The ready scenarios lived through by friends, from their news to the words that reach them."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import library, scenarios, triggers
from scheduler.messages import render
from scheduler.models import Delivery, DeliveryState, Message, MessageVersion
from scheduler.template_facts import personal_facts
from segments import events, purchases, referrals, review, shop, signals
from segments.db import Database
from segments.models import EventKind, Facts, Friend, ProductKind
from segments.purchases import NewItem, NewPurchase
from segments.shop import Shop
from segments.shop_values import FreeItem, Words
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = A_SATURDAY
"""2026年11月21日（土） 14:30."""


def day(number: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, minute, tzinfo=TOKYO)


def a_shop(session: Session) -> None:
    item = FreeItem(Words("お茶の本", "Tea book"), Words(), "https://example.com/book")
    shop.save(session, Shop(name="茶の間", basic_id="@chanoma", free_item=item), NOW)
    library.install(session, NOW)
    a_product(session, code="TRIAL", kind=ProductKind.TRIAL, name="お試し茶", price_yen=500)
    a_product(session, code="TEA", name="煎茶", price_yen=1500)


def live(session: Session, until: datetime, start: datetime = NOW) -> None:
    """Let the clock tick every half hour."""
    now = start
    while now <= until:
        while (
            review.review_due(session, now)
            + triggers.read_events(session, now)
            + scenarios.advance(session, now)
        ):
            session.flush()
        now += timedelta(minutes=30)
    session.expire_all()


def buys(session: Session, friend: Friend, order_id: str, code: str, at: datetime) -> None:
    items = (NewItem(code, 1, None),)
    new = NewPurchase(
        order_id=order_id,
        bought_at=at,
        amount_yen=500,
        items=items,
        friend_id=friend.id,
        line_user_id=None,
        member_number=None,
    )
    purchases.record(session, new, at, "test")


def received(session: Session, friend: Friend) -> list[tuple[str, datetime]]:
    """Return which ready messages were queued for a friend, and when."""
    rows = session.execute(
        select(Message.key, Delivery.not_before)
        .join(MessageVersion, MessageVersion.id == Delivery.message_version_id)
        .join(Message, Message.id == MessageVersion.message_id)
        .where(Delivery.friend_id == friend.id, Delivery.state == DeliveryState.QUEUED)
        .order_by(Delivery.id)
    )
    return [(key, moment.astimezone(TOKYO)) for key, moment in rows if key and moment]


def read(session: Session, friend: Friend, now: datetime) -> str:
    """Return everything said in a friend's last message, as JSON."""
    delivery = session.scalars(
        select(Delivery).where(Delivery.friend_id == friend.id).order_by(Delivery.id.desc())
    ).first()
    assert delivery is not None
    content: dict[str, Any] = session.get_one(MessageVersion, delivery.message_version_id).content
    facts = personal_facts(session, [delivery], now)[delivery.id]
    return json.dumps(render(content, facts["language"], facts), ensure_ascii=False)


def test_a_friend_who_did_not_claim_the_free_item_is_reminded_once(database: Database) -> None:
    with database.begin() as session:
        a_shop(session)
        idle, eager = a_friend(session), a_friend(session)
        for friend in (idle, eager):
            events.append(session, EventKind.FOLLOWED, friend.id, NOW)
        live(session, NOW)
        signals.claim_free_item(session, eager.id, NOW)
        live(session, day(30, 12))
        assert received(session, idle) == [("free_item_reminder", day(23, 18))]
        assert "free_item_reminder" not in dict(received(session, eager))


def test_a_trial_offer_comes_the_next_day_is_recalled_and_then_all_offers_end(database: Database) -> None:
    with database.begin() as session:
        a_shop(session)
        friend = a_friend(session)
        signals.claim_free_item(session, friend.id, NOW)
        live(session, day(22, 12))
        assert received(session, friend) == [("trial_offer", day(22, 12))]
        words = read(session, friend, day(22, 12))
        assert "お試し茶" in words
        assert "500円" in words
        assert "2026年11月29日（日）まで" in words
        live(session, day(27, 12), day(22, 12, 30))
        assert received(session, friend)[1:] == [("trial_reminder", day(27, 12))]
        assert "2026年11月29日（日）まで" in read(session, friend, day(27, 12))
        live(session, day(30, 12), day(27, 12, 30))
        assert len(received(session, friend)) == 2
        facts = session.get_one(Facts, friend.id)
        assert (facts.stage, facts.stage_reason) == ("exit", "trial_offer_ended")
        assert facts.suppressed_at is not None


def test_who_buys_the_trial_is_not_reminded_of_it_but_thanked_and_asked(database: Database) -> None:
    with database.begin() as session:
        a_shop(session)
        friend = a_friend(session)
        signals.claim_free_item(session, friend.id, NOW)
        live(session, day(22, 12))
        buys(session, friend, "A-1", "TRIAL", day(22, 13))
        live(session, day(22, 14), day(22, 13))
        assert "買ってよかった" in read(session, friend, day(22, 14))
        live(session, day(29, 12), day(22, 14, 30))
        assert [key for key, _ in received(session, friend)] == ["thank_you", "satisfaction"]
        words = read(session, friend, day(29, 12))
        assert "その後、調子はいかがですか" in words
        assert "action=satisfied&order=A-1" in words
        assert "action=dissatisfied&order=A-1" in words


def test_who_is_satisfied_with_the_trial_hears_of_the_full_product(database: Database) -> None:
    with database.begin() as session:
        a_shop(session)
        pleased, displeased = a_friend(session), a_friend(session)
        for friend in (pleased, displeased):
            buys(session, friend, f"order-{friend.id}", "TRIAL", NOW)
        live(session, NOW)
        signals.answer_satisfaction(session, pleased.id, satisfied=True, at=NOW)
        signals.answer_satisfaction(session, displeased.id, satisfied=False, at=NOW)
        live(session, day(23, 12))
        assert "full_price_offer" in dict(received(session, pleased))
        assert "full_price_offer" not in dict(received(session, displeased))


def test_a_purchase_at_night_is_thanked_for_in_the_morning(database: Database) -> None:
    with database.begin() as session:
        a_shop(session)
        friend = a_friend(session)
        buys(session, friend, "A-1", "TEA", day(21, 20, 30))
        live(session, day(22, 12), day(21, 20, 30))
        assert received(session, friend) == [("thank_you", day(22, 9))]


def test_a_due_cycle_is_recalled_at_eleven_unless_the_friend_bought(database: Database) -> None:
    with database.begin() as session:
        a_shop(session)
        forgetful, quick = a_friend(session), a_friend(session)
        for friend in (forgetful, quick):
            events.append(session, EventKind.CYCLE_DUE, friend.id, day(21, 8))
        live(session, day(21, 8), day(21, 8))
        buys(session, quick, "A-1", "TEA", day(21, 9))
        live(session, day(21, 12), day(21, 9))
        assert ("cycle_reminder", day(21, 11)) in received(session, forgetful)
        assert "cycle_reminder" not in dict(received(session, quick))
        assert "いつもの商品" in read(session, forgetful, day(21, 12))


def test_the_second_purchase_invites_to_tell_others_once(database: Database) -> None:
    with database.begin() as session:
        a_shop(session)
        friend = a_friend(session)
        for number in range(1, 5):
            buys(session, friend, f"A-{number}", "TEA", NOW + timedelta(minutes=number))
        live(session, day(24, 12))
        invited = [moment for key, moment in received(session, friend) if key == "referral_invitation"]
        assert invited == [day(24, 12)]
        words = read(session, friend, day(24, 12))
        session.refresh(friend)
        assert f"紹介コード {friend.referral_code}" in words


def test_both_sides_of_a_referral_get_their_coupon_at_once(database: Database) -> None:
    with database.begin() as session:
        a_shop(session)
        referrer, newcomer = a_friend(session), a_friend(session)
        referrals.enter(session, newcomer, referrals.code_of(session, referrer), NOW)
        buys(session, newcomer, "A-1", "TEA", NOW + timedelta(minutes=1))
        live(session, NOW + timedelta(minutes=30), NOW + timedelta(minutes=2))
        assert [key for key, _ in received(session, newcomer)] == ["referral_reward_newcomer"]
        assert [key for key, _ in received(session, referrer)] == ["referral_reward_referrer"]
        assert "ご紹介のお礼クーポン\\n500円引き" in read(session, referrer, NOW)
