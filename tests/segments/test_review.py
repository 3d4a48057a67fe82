"""The review: it finds who time moved, tells it once, and reads no more than it must."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from segments import audience, facts, policies, products, shop, signals
from segments.conditions import parse
from segments.db import Database
from segments.models import CustomerEvent, Cycle, EventKind, Facts, Friend, Product, PurchaseItem
from segments.products import NewProduct
from segments.review import review_due
from segments.shop import Shop
from segments.stages import StagePolicy
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

DAY = timedelta(days=1)


def a_buyer(
    session: Session, *days: float, learned: float = 0, categories: tuple[str, ...] = ("tea",)
) -> Friend:
    """Add a friend who bought so many days ago, as known `learned` days ago."""
    friend = a_friend(session)
    for number, ago in enumerate(days):
        category = categories[number % len(categories)]
        product = a_product(session, category=category)
        purchase = a_purchase(session, friend, bought_at=days_ago(ago))
        item = PurchaseItem(purchase=purchase, line=1, product_id=product.id, quantity=1, amount_yen=1000)
        session.add(item)
    facts.learn_purchases(session, friend.id, days_ago(learned))
    return friend


def reviewed(database: Database, limit: int = 500) -> list[int]:
    """Call the review until it is done; return how many it handled each time."""
    handled: list[int] = []
    while not handled or handled[-1]:
        with database.begin() as session:
            handled.append(review_due(session, NOW, limit))
    return handled


def news(database: Database, kind: EventKind) -> list[dict[str, Any]]:
    """Return the payloads of all events of a kind."""
    with database.reading() as session:
        return list(session.scalars(select(CustomerEvent.payload).where(CustomerEvent.kind == kind)))


def test_an_ended_trial_offer_is_noticed_and_told_once(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_friend(session).id
        signals.claim_free_item(session, friend_id, days_ago(9))
        signals.offer_trial(session, friend_id, days_ago(1), days_ago(8))
    assert reviewed(database) == [1, 0]
    assert reviewed(database) == [0]
    assert news(database, EventKind.TRIAL_OFFER_ENDED) == [{"at": days_ago(1).isoformat()}]
    with database.reading() as session:
        kept = session.get_one(Facts, friend_id)
        assert (kept.stage, kept.suppressed_at, kept.review_at) == ("exit", NOW, None)


def test_a_lapsed_buyer_leaves_without_being_suppressed(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_buyer(session, 900, 870, 840, learned=830).id
    reviewed(database)
    moved = {"from": "regular", "to": "exit", "reason": "lapsed", "ladder": "pyramid"}
    assert moved in news(database, EventKind.STAGE_CHANGED)
    with database.reading() as session:
        assert session.get_one(Facts, friend_id).suppressed_at is None


def test_a_due_cycle_is_told_once_with_its_reason(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_buyer(session, 120, 90, 60, 30, learned=29).id
    assert reviewed(database)[-1] == 0
    assert reviewed(database) == [0]
    (due,) = news(database, EventKind.CYCLE_DUE)
    with database.reading() as session:
        cycle = session.get_one(Cycle, (friend_id, ""))
        assert cycle.reminded_at == NOW
        assert cycle.due_at is not None
    assert (due["category"], due["due_at"]) == ("", cycle.due_at.isoformat())
    assert (due["reason"]["purchases"], due["reason"]["days"], due["reason"]["spread"]) == (4, 30, 0)


def test_who_buys_too_often_to_be_reminded_over_all_is_reminded_of_a_category(database: Database) -> None:
    with database.begin() as session:
        days = tuple(range(200, 20, -7))
        a_buyer(session, *days, learned=20, categories=("milk", "bread", "milk", "bread", "tea"))
    reviewed(database)
    assert "" not in {due["category"] for due in news(database, EventKind.CYCLE_DUE)}
    assert "tea" in {due["category"] for due in news(database, EventKind.CYCLE_DUE)}


def test_on_days_the_shop_is_closed_reminders_wait(database: Database) -> None:
    with database.begin() as session:
        a_buyer(session, 120, 90, 60, 30, learned=29)
        shop.save(session, Shop(closed_weekdays=(5,)), NOW)
    reviewed(database)
    assert news(database, EventKind.CYCLE_DUE) == []
    with database.begin() as session:
        assert review_due(session, NOW + DAY) > 0
    assert len(news(database, EventKind.CYCLE_DUE)) == 1


def test_the_next_purchase_makes_the_next_reminder(database: Database) -> None:
    with database.begin() as session:
        friend = a_buyer(session, 120, 90, 60, 30, learned=29)
        review_due(session, NOW)
        a_purchase(session, friend, bought_at=NOW)
        facts.learn_purchases(session, friend.id, NOW)
        assert session.get_one(Cycle, (friend.id, "")).reminded_at is None


def test_two_reviews_at_once_tell_everything_once(database: Database) -> None:
    with database.begin() as session:
        for _ in range(12):
            friend_id = a_friend(session).id
            signals.offer_trial(session, friend_id, days_ago(1), days_ago(8))
            a_buyer(session, 120, 90, 60, 30, learned=29)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(reviewed, database, 5) for _ in range(4)]:
            done.result()
    assert len(news(database, EventKind.TRIAL_OFFER_ENDED)) == 12
    assert len(news(database, EventKind.CYCLE_DUE)) == 12


def test_a_new_policy_reaches_everyone_by_review(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_buyer(session, 60, 30, learned=29).id
        assert session.get_one(Facts, friend_id).stage == "existing"
        policies.save_stage_policy(session, StagePolicy(regular_purchases=2), "operator:1", NOW)
    reviewed(database)
    with database.reading() as session:
        assert session.get_one(Facts, friend_id).stage == "regular"


def test_whom_only_time_moved_is_judged_without_a_look_at_purchases(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_buyer(session, 900, 870, 840, learned=830).id
        assert session.get_one(Facts, friend_id).stage == "regular"
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    reviewed(database)
    with database.reading() as session:
        assert session.get_one(Facts, friend_id).stage == "exit"
    assert asked
    assert not [sql for sql in asked if "purchases" in sql and sql.startswith("SELECT purchases")]


def test_what_is_to_be_learned_anew_is_learned_though_time_is_up_as_well(database: Database) -> None:
    with database.begin() as session:
        friend = a_buyer(session, 900, 870, 840, learned=830)
        assert (session.get_one(Facts, friend.id).review_at or NOW) <= NOW
        product = session.scalars(select(Product)).first()
        assert product is not None
        products.put(session, NewProduct(product.code, category="coffee"), NOW)
    reviewed(database)
    with database.reading() as session:
        kept = session.get_one(Facts, friend.id)
        assert (kept.stage, kept.unlearned_since) == ("exit", None)
        assert "coffee" in session.scalars(select(Cycle.category).where(Cycle.friend_id == friend.id)).all()


def test_in_another_zone_purchases_fall_on_other_days(database: Database) -> None:
    with database.begin() as session:
        shop.save(session, Shop(timezone="Asia/Tokyo"), NOW)
        friend = a_friend(session)
        for hour in (1, 16):  # one day in London, two in Tokyo
            a_purchase(session, friend, bought_at=days_ago(20).replace(hour=hour))
        facts.learn_purchases(session, friend.id, NOW)
        assert session.get_one(Cycle, (friend.id, "")).n == 1
        shop.save(session, Shop(timezone="Europe/London"), NOW)
    reviewed(database)
    with database.reading() as session:
        assert session.get_one(Cycle, (friend.id, "")).n == 0


def test_who_bought_from_a_renamed_category_is_known_before_the_review_and_after(database: Database) -> None:
    lately = parse({"is": "bought", "categories": ["coffee"], "within_days": 90})
    formerly = parse({"is": "bought", "categories": ["tea"], "within_days": 90})
    with database.begin() as session:
        a_buyer(session, 60, 30, learned=29)
        for product in session.scalars(select(Product)):
            products.put(session, NewProduct(product.code, category="coffee"), NOW)
        a_product(session, category="tea")
    for _ in range(2):
        with database.reading() as session:
            assert [audience.count(session, each, NOW) for each in (lately, formerly)] == [1, 0]
        reviewed(database)
