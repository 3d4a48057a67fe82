"""The facts that messages may name, as gathered for friends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from scheduler.enrolments import enrol
from scheduler.fact_words import cleaned, referral_url, share_url
from scheduler.messages import render
from scheduler.models import Delivery, DeliveryKind, DeliveryState, MessageVersion, Purpose
from scheduler.template_facts import personal_facts
from scheduler.vocabulary import FACTS, is_known
from segments import coupons, shop
from segments.coupons import CouponTerms
from segments.db import Database
from segments.models import Cycle, Friend, NextProduct, ProductKind, PurchaseItem
from segments.shop import Shop
from segments.shop_values import FreeItem, Words
from tests.builders import a_friend, a_message, a_product, a_purchase, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
SHOP = Shop(
    name="茶の間",
    basic_id="@chanoma",
    how_to_buy=Words("お電話で", "By phone"),
    free_item=FreeItem(Words("お茶の本", "Tea book"), Words("本文", "Text"), "https://example.com/tea"),
)


def _facts_of(database: Database, friend: Friend, **options: Any) -> dict[str, Any]:
    with database.begin() as session:
        return personal_facts(session, [friend.id], NOW, **options)[friend.id]


def test_of_a_new_friend_little_is_known_and_nothing_is_made_up(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, display_name="")
    facts = _facts_of(database, friend)
    assert (facts["name"], facts["name_sama"], facts["language"], facts["stage"]) == (
        "お客様",
        "お客様",
        "ja",
        "aware",
    )
    assert facts["referral_code"]
    assert facts["coupons"] == []
    assert not facts.keys() & {
        "last_product",
        "last_purchase",
        "next_due",
        "coupon",
        "trial",
        "member_number",
        "shop_name",
        "referral_url",
    }


def test_of_a_customer_everything_is_said_in_their_language(database: Database) -> None:
    with database.begin() as session:
        shop.save(session, SHOP, NOW)
        friend = a_friend(
            session,
            display_name="Emma",
            language="en",
            member_number="M1",
            facts={
                "purchase_count": 2,
                "last_purchase_at": days_ago(1),
                "stage": "existing",
                "trial_offer_ends_at": NOW,
            },
        )
        tea = a_product(
            session,
            name="お茶",
            name_en="Tea",
            image_url="https://example.com/t.png",
            page_url="https://example.com/t",
        )
        cup = a_product(session, name="湯のみ")
        a_product(
            session,
            kind=ProductKind.TRIAL,
            name="お試し",
            price_yen=500,
            image_url="http://example.com/unsafe.png",
            code="T1",
        )
        purchase = a_purchase(session, friend)
        a_purchase(session, friend, bought_at=days_ago(0.5), refunded_at=NOW, refunded_yen=1000)
        for line, (product, yen) in enumerate(((cup, 100), (tea, 900)), start=1):
            session.add(
                PurchaseItem(
                    purchase_id=purchase.id, line=line, product_id=product.id, quantity=1, amount_yen=yen
                )
            )
        session.add(
            Cycle(
                friend_id=friend.id,
                category="",
                n=5,
                s1=1,
                s2=1,
                first_at=days_ago(200),
                last_at=days_ago(1),
                sum_amount=1,
                last_quantity=1,
                cycle_days=30.6,
                due_at=NOW + timedelta(days=5),
            )
        )
        for yen in (100, 300):
            coupons.define(session, f"c{yen}", CouponTerms("割引", "Discount", yen, 30), NOW)
            best = coupons.grant(session, f"c{yen}", friend.id, f"test:{yen}", NOW)
    facts = _facts_of(database, friend)
    assert facts["last_product"] == {
        "code": tea.code,
        "name": "Tea",
        "price_yen": 1000,
        "url": "https://example.com/t",
        "image": "https://example.com/t.png",
    }
    assert facts["trial"] == {"code": "T1", "name": "お試し", "price_yen": 500, "ends": NOW}
    assert facts["coupon"] == {
        "title": "Discount",
        "code": best.code,
        "discount_yen": 300,
        "expires": NOW + timedelta(days=30),
    }
    assert [each["discount_yen"] for each in facts["coupons"]] == [300, 100]
    assert facts["cycle_reason"] == "bought 6 times, about every 31 days"
    assert (facts["name_sama"], facts["member_number"], facts["next_due"]) == (
        "Emma",
        "M1",
        NOW + timedelta(days=5),
    )
    assert (facts["how_to_buy"], facts["free_item"]["title"], facts["shop_name"]) == (
        "By phone",
        "Tea book",
        "茶の間",
    )
    assert facts["referral_url"] == referral_url("@chanoma", facts["referral_code"])
    assert not [name for name in facts if name != "zone" and not is_known(name)]
    assert _facts_of(database, friend, language="ja")["last_product"]["name"] == "お茶"


def test_what_is_recommended_is_what_others_went_on_to_and_else_what_is_popular(database: Database) -> None:
    with database.begin() as session:
        buyer, newcomer, owner = (a_friend(session) for _ in range(3))
        tea, cup = a_product(session, name="お茶", name_en="Tea"), a_product(session, name="湯のみ")
        others = [a_friend(session) for _ in range(3)]
        bought = [(buyer, tea, 9), *((each, tea, 9) for each in others), *((each, cup, 3) for each in others)]
        for friend, product, days in [*bought, (owner, tea, 5), (owner, cup, 4)]:
            purchase = a_purchase(session, friend, bought_at=days_ago(days))
            session.add(
                PurchaseItem(
                    purchase_id=purchase.id, line=1, product_id=product.id, quantity=1, amount_yen=1000
                )
            )
        session.add(NextProduct(product_id=tea.id, next_product_id=cup.id, buyers=5, went_on=4, lift=2.0))
        session.flush()
        asked = [buyer.id, newcomer.id, owner.id]
        found = personal_facts(session, asked, NOW, wanted={"recommended", "recommendations"})
    next_one, popular_one, nothing = (found[each] for each in asked)
    assert (next_one["recommended"]["name"], next_one["recommended"]["price_yen"]) == ("湯のみ", 1000)
    assert "「お茶」" in next_one["recommended"]["reason"]
    assert [each["name"] for each in popular_one["recommendations"]] == ["お茶", "湯のみ"]
    assert "recommended" not in nothing
    text = "{{ recommended.name or 'おすすめの商品' }}"
    content = {"ja": [{"type": "text", "text": text}]}
    said = [render(content, "ja", found[each])[0]["text"] for each in asked]
    assert said == ["湯のみ", "お茶", "おすすめの商品"]


def test_deliveries_get_what_started_their_scenario(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        old, new = (a_product(session, kind=ProductKind.TRIAL, code=code) for code in ("T1", "T2"))
        message = a_message(session, "{{ name }}{{ cause.order_id }}{{ trial.code }}")
        enrolment = enrol(
            session,
            a_scenario(session),
            friend.id,
            "test",
            {"order_id": "A-1", "trial_product": old.code},
            NOW,
        )
        assert enrolment
        version = session.query(MessageVersion).filter_by(message_id=message.id).one()
        delivery, broadcast = (
            Delivery(
                friend_id=friend.id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                state=DeliveryState.QUEUED,
                created_at=NOW,
                enrolment_id=enrolment_id,
                message_version_id=version.id,
            )
            for enrolment_id in (enrolment.id, None)
        )
        session.add_all([delivery, broadcast])
        session.flush()
        facts = personal_facts(session, [delivery, broadcast], NOW)
        assert facts[delivery.id]["cause"]["order_id"] == "A-1"
        assert facts[delivery.id]["trial"]["code"] == "T1"
        assert facts[broadcast.id]["cause"] == {}
        assert facts[broadcast.id]["trial"]["code"] == new.code
        # Nobody named a referral code: none is made for half a million friends in passing.
        session.refresh(friend)
        assert friend.referral_code is None


def test_dates_are_on_the_shops_wall_clock(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, facts={"last_purchase_at": datetime(2026, 11, 20, 20, 0, tzinfo=UTC)})
    content = {"ja": [{"type": "text", "text": "{{ last_purchase | datetime }}"}]}
    assert render(content, "ja", _facts_of(database, friend))[0]["text"] == "2026年11月21日（土） 05:00"


def test_many_friends_take_as_many_queries_as_one(database: Database) -> None:
    with database.begin() as session:
        friends = [a_friend(session, referral_code=f"CODE{number}").id for number in range(50)]

    def queries(ids: list[int]) -> int:
        seen: list[str] = []

        def note(*args: Any) -> None:
            seen.append(args[2])

        event.listen(database.engine, "before_cursor_execute", note)
        with database.begin() as session:
            personal_facts(session, ids, NOW)
        event.remove(database.engine, "before_cursor_execute", note)
        return len(seen)

    assert queries(friends) == queries(friends[:1])


@settings(deadline=None)
@given(st.text())
def test_a_name_becomes_one_short_line(name: str) -> None:
    said = cleaned(name)
    assert len(said) <= 40
    assert said == said.strip()
    assert not any(character in said for character in "\n\r\t\x00\x1b\u2028")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("山田 太郎", "山田 太郎"),
        ("a\nb", "a b"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("あ" * 41, "あ" * 39 + "…"),
        ("\x00\ud800", ""),
    ],
)
def test_a_name_is_said_as_it_is_where_that_is_possible(name: str, said: str) -> None:
    assert cleaned(name) == said


def test_the_longest_share_link_is_one_that_line_takes() -> None:
    url = referral_url("@" + "a" * 31, "ABCDEFGH23456789")
    assert len(share_url("店" * 100, "ABCDEFGH23456789", url, "ja")) <= 1_000


def test_every_fact_of_the_vocabulary_has_a_plain_name() -> None:
    assert all(name.isidentifier() and name.islower() for name in FACTS)
