"""One friend's whole life with the shop, from the first follow to bringing a friend along."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from scheduler import broadcast_progress, broadcasts, drafts
from scheduler.drafts import Draft
from scheduler.models import BroadcastState, Delivery, DeliveryState
from segments import shop
from segments.db import Database
from segments.models import Coupon, CouponGrant, Cycle, Product, ProductKind, StageChange
from segments.shop_values import FreeItem, Words
from tests.fakes.clock import FakeClock
from tests.journeys.world import World, a_world

MORNING = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
"""2026年9月1日（火） 10:00 in Tokyo."""


def test_a_friend_is_won_kept_and_brings_another(database: Database, tmp_path: Path) -> None:
    with a_world(database, FakeClock(MORNING), tmp_path) as world:
        _open_the_shop(world)
        hana = _follows_and_is_greeted(world)
        _claims_the_free_item(world, hana)
        _gets_the_trial_offer_and_buys_it(world, hana)
        _is_thanked_and_asked(world, hana)
        _buys_again_and_again(world, hana)
        _is_reminded_when_the_next_purchase_is_due(world, hana)
        _brings_a_friend(world, hana)
        _hears_of_the_autumn_sale(world, hana)
        _nothing_was_sent_twice_and_nothing_is_unexplained(world)


def _open_the_shop(world: World) -> None:
    now = world.clock.now()
    with world.database.begin() as session:
        settings = shop.Shop(
            name="みどり茶舗",
            basic_id="@midori",
            free_item=FreeItem(
                title=Words("お茶の淹れ方ガイド", "A guide to tea"), text=Words("三つのコツ", "Three tips")
            ),
        )
        shop.save(session, settings, now)
        session.add(
            Product(code="TRIAL", name="お試しセット", price_yen=980, kind=ProductKind.TRIAL, created_at=now)
        )
        session.add(Product(code="SENCHA", name="煎茶", category="煎茶", price_yen=1620, created_at=now))


def _follows_and_is_greeted(world: World) -> str:
    hana = world.line.add_friend("佐藤 花子", follow=True)
    world.settle()
    greeting = world.line.texts(hana)
    assert "佐藤 花子様、友だち追加ありがとうございます。みどり茶舗です。" in greeting[0]
    assert world.facts(hana).stage == "aware"
    assert world.line.counts(friends=False)["quota"]["used"] == 0, "greetings are replies, and free"
    return hana


def _claims_the_free_item(world: World, hana: str) -> None:
    world.line.tap(hana, "無料で受け取る")
    world.settle()
    assert any("お茶の淹れ方ガイドをお届けします" in text for text in world.line.texts(hana))
    assert world.facts(hana).stage == "prospect"


def _gets_the_trial_offer_and_buys_it(world: World, hana: str) -> None:
    world.live(days=2)
    assert "お試しセットをお試し価格で" in _newest(world, hana)
    offered = world.facts(hana)
    assert offered.trial_offer_ends_at is not None
    world.buys("ORDER-1", hana, 980, "TRIAL")
    assert world.facts(hana).stage == "trial"


def _is_thanked_and_asked(world: World, hana: str) -> None:
    world.live(hours=2)
    assert "お買い上げありがとうございます" in _newest(world, hana)
    world.live(days=8)
    assert "その後、調子はいかがですか" in _newest(world, hana)
    world.line.tap(hana, "満足しています")
    world.settle()
    assert world.facts(hana).satisfied_at is not None


def _buys_again_and_again(world: World, hana: str) -> None:
    for number in range(2, 6):
        world.buys(f"ORDER-{number}", hana, 1620, "SENCHA")
        world.live(days=20)
    assert world.facts(hana).stage == "regular"
    assert any("お友だちに紹介すると" in alt for alt in _alternatives(world, hana))


def _is_reminded_when_the_next_purchase_is_due(world: World, hana: str) -> None:
    with world.database.reading() as session:
        cycle = session.get_one(Cycle, (world.friend(hana).id, ""))
    assert cycle.remind_at is not None
    world.live_until(cycle.remind_at + timedelta(days=1))
    assert any("煎茶は、そろそろなくなる頃では" in alt for alt in _alternatives(world, hana))


def _brings_a_friend(world: World, hana: str) -> None:
    code = world.friend(hana).referral_code
    assert code is not None
    taro = world.line.add_friends(names=["鈴木 太郎"], stranger=True)[0]
    world.line.text(taro, f"紹介コード {code}")
    world.line.follow(taro)
    world.settle()
    world.buys("ORDER-T1", taro, 1620, "SENCHA")
    world.live(hours=1)
    with world.database.reading() as session:
        grants = session.scalars(select(CouponGrant).join(Coupon)).all()
    holders = {grant.friend_id for grant in grants}
    assert holders == {world.friend(hana).id, world.friend(taro).id}
    for person in (hana, taro):
        (grant,) = [grant for grant in grants if grant.friend_id == world.friend(person).id]
        assert any(grant.code in text for text in _everything(world, person))
    world.line.text(taro, "クーポン")
    world.settle()
    assert any(grant.code in text for text in _everything(world, taro))


def _hears_of_the_autumn_sale(world: World, hana: str) -> None:
    now = world.clock.now()
    with world.database.begin() as session:
        draft = Draft(
            name="秋の感謝祭",
            content={"ja": [{"type": "text", "text": "{{ name }}様、秋の感謝祭のご案内です。"}]},
            condition={"is": "stage", "stages": ["regular"]},
        )
        sale = drafts.create(session, draft, now=now, by="test")
        broadcasts.schedule(session, world.services.queue, sale.id, None, now)
    world.settle()
    assert world.line.texts(hana)[-1] == "佐藤 花子様、秋の感謝祭のご案内です。"
    with world.database.begin() as session:
        progress = broadcast_progress.progress(session, sale.id)
    assert progress.state is BroadcastState.DONE
    assert progress.by_state == {DeliveryState.ACCEPTED: 1}


def _nothing_was_sent_twice_and_nothing_is_unexplained(world: World) -> None:
    with world.database.reading() as session:
        deliveries = session.scalars(select(Delivery)).all()
        changes = session.scalars(select(StageChange).order_by(StageChange.id)).all()
    accepted = [delivery for delivery in deliveries if delivery.state is DeliveryState.ACCEPTED]
    assert world.line.counts(friends=False)["delivered"] == len(accepted)
    ended = {DeliveryState.ACCEPTED, DeliveryState.SKIPPED}
    assert {delivery.state for delivery in deliveries} <= ended
    assert all(delivery.reason for delivery in deliveries if delivery.state is DeliveryState.SKIPPED)
    assert all(change.reason for change in changes)


def _newest(world: World, line_user_id: str) -> str:
    return _alternatives(world, line_user_id)[-1]


def _alternatives(world: World, line_user_id: str) -> list[str]:
    return [
        message.get("altText") or message.get("text", "") for message in world.line.received(line_user_id)
    ]


def _everything(world: World, line_user_id: str) -> list[str]:
    return [str(message) for message in world.line.received(line_user_id)]
