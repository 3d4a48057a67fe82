"""The rebuild of everybody: as friend by friend, whatever it found, whatever happens meanwhile, however often it is cut off."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, inspect, select, update
from sqlalchemy.orm import Session

from segments import (
    bulk_rebuild,
    facts,
    point_ledger,
    product_categories,
    purchases,
    referrals,
    signals,
    surveys,
)
from segments.bulk_rebuild import rebuild_all
from segments.db import Database
from segments.models import (
    CustomerEvent,
    Cycle,
    EventKind,
    Facts,
    Friend,
    Product,
    Purchase,
    PurchaseItem,
    StageChange,
)
from segments.purchase_scan import LARGEST_FRIEND
from segments.review import review_due
from tests.builders import a_friend, a_product, days_ago
from tests.databases import PostgresServer
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.shop_lives import cycle_rows, facts_row

FRIENDS, BATCH = 120, 24
HOUR = timedelta(hours=1)


class CutOff(Exception):
    """The rebuild is killed."""


def a_shop(database: Database, friends: int = FRIENDS) -> list[int]:
    """Fill a shop with friends of whom nothing is derived yet, some of them without facts; return their ids."""
    random = Random(3)
    with database.begin() as session:
        products = [
            a_product(session, category=category, subscription_days=30 if number == 4 else None)
            for number, category in enumerate(("お茶", "お茶", "茶器", "", "菓子"))
        ]
        ids = [a_friend(session).id for _ in range(friends - 10)]
        bare = [Friend(created_at=NOW, member_number=f"M{number}") for number in range(10)]
        session.add_all(bare)
        session.flush()
        ids += [friend.id for friend in bare]
        for number in range(friends * 5):
            an_order(session, random.choice(ids), random.uniform(0, 700), number, [p.id for p in products])
        return ids


def an_order(session: Session, friend_id: int, days: float, number: int, products: list[int]) -> None:
    """Add an order of up to three items, some refunded in part or in full."""
    kept = number % 7 != 0
    values: dict[str, Any] = {
        "refunded_at": None if kept else NOW,
        "refunded_yen": 0 if kept else 100 * (number % 11),
    }
    order = Purchase(
        order_id=f"o{number}", friend_id=friend_id, bought_at=days_ago(days), amount_yen=1000,
        source="test", created_at=NOW, is_trial=number % 13 == 0, **values,
    )  # fmt: skip
    session.add(order)
    session.flush()
    for line in range(number % 4):
        product = products[(number + 3 * line) % len(products)]
        session.add(
            PurchaseItem(
                purchase_id=order.id, line=line + 1, product_id=product, quantity=line + 1, amount_yen=333
            )
        )


def everything(database: Database) -> dict[int, Any]:
    """Return all that is derived of every friend, moments of moves apart."""
    with database.reading() as session:
        return {
            one: (facts_row(session, one), cycle_rows(session, one))
            for one in session.scalars(select(Friend.id).order_by(Friend.id))
        }


def assert_as_friend_by_friend(database: Database) -> None:
    """Assert that making every friend anew by itself changes nothing any more."""
    made = everything(database)
    assert any(row["purchase_count"] > 3 for row, _ in made.values())
    with database.begin() as session:
        for friend_id in made:
            facts.rebuild(session, friend_id, NOW)
    assert everything(database) == made


@pytest.mark.parametrize("worth_a_process", [0, 10**9])
def test_everybody_is_made_anew_as_one_by_one(database: Database, worth_a_process: int) -> None:
    ids = a_shop(database)
    indexes, heard = index_names(database), list[tuple[int, int]]()

    def hear(done: int, total: int) -> None:
        heard.append((done, total))

    assert rebuild_all(database, NOW, hear, worth_a_process=worth_a_process, batch=BATCH) == len(ids)
    assert heard == [(min(done, FRIENDS), FRIENDS) for done in range(BATCH, FRIENDS + BATCH, BATCH)]
    assert index_names(database) == indexes
    assert_as_friend_by_friend(database)
    with database.reading() as session:
        assert not bulk_rebuild.is_waiting(session)
        assert session.scalars(select(CustomerEvent)).all() == []  # found out, not news
        moved = session.scalars(select(StageChange.friend_id).where(StageChange.to_stage == "exit")).all()
        assert len(moved) == len(set(moved)) > 5


def index_names(database: Database) -> set[str]:
    """Return the names of the indexes of what is derived."""
    found = inspect(database.engine)
    return {str(each["name"]) for table in ("facts", "cycles") for each in found.get_indexes(table)}


def cut_off_after(batches: int) -> Callable[[int, int], None]:
    """Return a listener that kills the rebuild when so many batches are done."""
    heard: list[int] = []

    def hear(done: int, _total: int) -> None:
        heard.append(done)
        if len(heard) == batches:
            raise CutOff

    return hear


@pytest.mark.parametrize("worth_a_process", [0, 10**9])
def test_a_rebuild_that_was_cut_off_goes_on_where_it_stopped(
    database: Database, worth_a_process: int
) -> None:
    a_shop(database)
    before = index_names(database)
    with pytest.raises(CutOff):
        rebuild_all(database, NOW, cut_off_after(2), worth_a_process=worth_a_process, batch=BATCH)
    with database.reading() as session:
        assert bulk_rebuild.is_waiting(session)
    heard: list[int] = []
    rebuild_all(
        database, NOW, lambda done, _: heard.append(done), worth_a_process=worth_a_process, batch=BATCH
    )
    assert heard[0] == 3 * BATCH
    assert_as_friend_by_friend(database)
    assert index_names(database) == before


def test_what_happens_in_the_shop_meanwhile_is_not_lost(database: Database) -> None:
    ids = a_shop(database)
    first = iter([True])

    def happen(_done: int, _total: int) -> None:
        if not next(first, False):
            return
        with database.begin() as session:
            code = session.scalars(select(Product.code)).first() or ""
            items = (purchases.NewItem(code),)
            new = purchases.NewPurchase("meanwhile", NOW - HOUR, 5000, items, friend_id=ids[40])
            purchases.record(session, new, NOW, "till")
            bought = select(Purchase).where(Purchase.friend_id == ids[70], Purchase.refunded_at.is_(None))
            purchases.refund(session, session.scalars(bought).first().order_id, NOW)  # pyright: ignore[reportOptionalMemberAccess]
            session.execute(update(Purchase).where(Purchase.friend_id == ids[100]).values(friend_id=ids[101]))
            for moved in ids[100:102]:  # on PostgreSQL another process may have done them already
                facts.rebuild(session, moved, NOW)
            a_friend(session)

    rebuild_all(database, NOW, happen, worth_a_process=0, batch=BATCH)
    assert_as_friend_by_friend(database)
    with database.reading() as session:
        assert facts_row(session, ids[100])["purchase_count"] == 0


def test_a_category_that_is_renamed_meanwhile_is_the_one_that_counts(sqlite: Database) -> None:
    a_shop(sqlite, 60)

    def rename(_done: int, _total: int) -> None:
        with sqlite.begin() as session:
            session.execute(update(Product).where(Product.category == "お茶").values(category="煎茶"))

    rebuild_all(sqlite, NOW, rename, worth_a_process=0, batch=BATCH)
    with sqlite.reading() as session:
        last = session.scalars(select(Friend.id).order_by(Friend.id.desc()).limit(20)).all()
        assert categories_of(session, last) == {"", "煎茶", "茶器", "菓子"}


def test_who_was_done_before_a_category_is_renamed_is_learned_again(postgres: PostgresServer) -> None:
    with postgres.copy() as database:
        ids = a_shop(database, 60)
        rebuild_all(database, NOW)
        first = iter([True])

        def rename(_done: int, _total: int) -> None:
            if next(first, False):
                with database.begin() as session:
                    product_categories.rename(session, "お茶", "煎茶", NOW)

        rebuild_all(database, NOW, rename, worth_a_process=0, batch=BATCH)
        with database.begin() as session:
            while review_due(session, NOW):
                pass
            assert categories_of(session, ids) == {"", "煎茶", "茶器", "菓子"}


def categories_of(session: Session, friend_ids: Sequence[int]) -> set[str]:
    """Return the categories friends have a cycle in."""
    return set(session.scalars(select(Cycle.category).where(Cycle.friend_id.in_(friend_ids))))


def test_ids_too_large_to_be_packed_are_read_friend_by_friend(database: Database) -> None:
    ids = a_shop(database, 40)
    with database.begin() as session:
        a_friend(session, id=LARGEST_FRIEND + 5)
        session.execute(
            update(Purchase).where(Purchase.friend_id == ids[0]).values(friend_id=LARGEST_FRIEND + 5)
        )
    rebuild_all(database, NOW, worth_a_process=0, batch=BATCH)
    assert_as_friend_by_friend(database)


def test_signals_referrals_and_points_are_made_anew_too(database: Database) -> None:
    with database.begin() as session:
        friend, other = a_friend(session), a_friend(session)
        tell(session, friend, other)
        kept = facts_row(session, friend.id)
        wrong: dict[str, Any] = {
            "message_count": 9,
            "points": -5,
            "complained_at": None,
            "answer_count": 0,
            "event_count": 0,
        }
        wrong |= {
            "inquired_at": None,
            "referral_count": 7,
            "trial_offer_ends_at": None,
            "last_reaction_at": NOW,
        }
        session.execute(update(Facts).where(Facts.friend_id == friend.id).values(wrong))
    rebuild_all(database, NOW)
    with database.begin() as session:
        assert facts_row(session, friend.id) == kept
        session.execute(update(Facts).where(Facts.friend_id == friend.id).values(wrong))
        facts.rebuild(session, friend.id, NOW)
        assert facts_row(session, friend.id) == kept


def tell(session: Session, friend: Friend, other: Friend) -> None:
    """Let a friend do all that is not buying."""
    signals.claim_free_item(session, friend.id, days_ago(20))
    signals.inquire(session, friend.id, days_ago(15))
    surveys.answer(session, friend.id, "味", "好き", days_ago(18))
    signals.offer_trial(session, friend.id, days_ago(-3), days_ago(9))
    signals.answer_satisfaction(session, friend.id, satisfied=False, at=days_ago(8))
    signals.answer_satisfaction(session, friend.id, satisfied=True, at=days_ago(7))
    signals.wrote(session, friend.id, days_ago(6))
    signals.tapped(session, friend.id, days_ago(5))
    signals.join_event(session, friend.id, "茶会", days_ago(4))
    signals.complain(session, friend.id, days_ago(3))
    referrals.enter(session, other, referrals.code_of(session, friend), days_ago(2))
    facts.refresh(session, friend.id, NOW)
    rows = [point_ledger.row(friend.id, points, f"test:{points}", "test", NOW) for points in (100, -30)]
    point_ledger.write(session, rows)


def test_who_was_due_for_review_makes_news_as_the_review_would(database: Database) -> None:
    with database.begin() as session:
        due, known = a_friend(session), a_friend(session)
        for friend in (due, known):
            product = a_product(session).id
            session.execute(
                insert(Purchase).values(
                    order_id=f"o{friend.id}",
                    friend_id=friend.id,
                    bought_at=days_ago(900),
                    amount_yen=1,
                    source="t",
                    created_at=NOW,
                )
            )
            assert product
            facts.learn_purchases(session, friend.id, days_ago(890), announce=False)
        session.execute(update(Facts).where(Facts.friend_id == known.id).values(review_at=None))
    rebuild_all(database, NOW)
    with database.reading() as session:
        told = session.execute(select(CustomerEvent.friend_id, CustomerEvent.kind).distinct()).all()
        assert [tuple(each) for each in told] == [(due.id, EventKind.STAGE_CHANGED)]


def test_an_order_that_a_coupon_paid_for_says_the_same_to_a_rebuild(database: Database) -> None:
    with database.begin() as session:
        product, friend = a_product(session, category="お茶"), a_friend(session)
        lines = (purchases.NewItem(product.code, 1, 1000),)
        free = purchases.NewPurchase("FREE", days_ago(3), 0, lines, friend_id=friend.id)
        purchases.record(session, free, NOW, "test")
        kept = facts_row(session, friend.id), cycle_rows(session, friend.id)
    rebuild_all(database, NOW, worth_a_process=0)
    with database.reading() as session:
        assert (facts_row(session, friend.id), cycle_rows(session, friend.id)) == kept
