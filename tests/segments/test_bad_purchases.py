"""Purchases nobody expects: each is refused with its line and its reason, or counted right, and never moves a stage wrongly."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import facts, purchases, recording
from segments.db import Database
from segments.errors import Invalid, KokyakuError
from segments.imports import Decimals
from segments.imports.words import reason_words
from segments.models import Cycle, Facts, Friend, Purchase
from segments.orders import MAX_YEN, NewPurchase
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock
from tests.segments.imports.files import Desk, codes, csv_text

HEADER = "注文番号,購入日,会員番号,金額"
NOON = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
"""Noon in Tokyo: some hours either way is the same day there."""
DERIVED = (
    "purchase_count",
    "spend_yen",
    "first_purchase_at",
    "last_purchase_at",
    "stage",
    "growth",
    "purchase_status",
)


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: FakeClock) -> Desk:
    """Return a desk of a shop with one member."""
    with database.begin() as session:
        a_friend(session, member_number="1")
    return Desk(database, tmp_path, clock)


def an_order(number: int, at: datetime, yen: int = 1000) -> NewPurchase:
    return NewPurchase(f"o{number}", at, yen, member_number="1")


def record(database: Database, *orders: NewPurchase) -> list[recording.Outcome | KokyakuError]:
    with database.begin() as session:
        return recording.record_many(session, orders, NOW, "test", announce_since=None)


def known(database: Database) -> Facts:
    with database.reading() as session:
        found = select(Facts).join(Friend, Friend.id == Facts.friend_id).where(Friend.member_number == "1")
        return session.scalars(found).one()


def cycle(database: Database) -> Cycle | None:
    with database.reading() as session:
        return session.get(Cycle, (known(database).friend_id, ""))


def assert_a_rebuild_agrees(database: Database) -> None:
    before = {name: getattr(known(database), name) for name in DERIVED}
    with database.begin() as session:
        facts.rebuild(session, known(database).friend_id, NOW)
    assert {name: getattr(known(database), name) for name in DERIVED} == before


def test_purchases_before_the_friend_existed_count_like_any_other(desk: Desk) -> None:
    record(desk.database, an_order(1, days_ago(40)), an_order(2, days_ago(20)))
    now = known(desk.database)
    with desk.database.reading() as session:
        assert session.get_one(Friend, now.friend_id).created_at > days_ago(20)
    assert (now.purchase_count, now.first_purchase_at, now.stage) == (2, days_ago(40), "existing")
    assert_a_rebuild_agrees(desk.database)


def test_a_purchase_in_the_future_is_refused_and_moves_nobody(desk: Desk) -> None:
    before = known(desk.database).stage
    (refused,) = record(desk.database, an_order(1, NOW + timedelta(minutes=6)))
    assert isinstance(refused, Invalid)
    assert refused.code == "bought_in_future"
    report = desk.purchases(csv_text(HEADER, [("a", "2026-11-20", 1, 1000), ("b", "2026-11-23", 1, 1000)]))
    assert codes(report) == [(3, "bought_in_future")]
    now = known(desk.database)
    assert (now.purchase_count, now.last_purchase_at) == (1, datetime(2026, 11, 19, 15, tzinfo=UTC))
    assert before == "aware"


def test_a_till_whose_clock_runs_ahead_a_little_is_believed(desk: Desk) -> None:
    record(desk.database, an_order(1, NOW + timedelta(minutes=4)))
    assert (known(desk.database).purchase_count, known(desk.database).purchase_status) == (1, "active")
    assert_a_rebuild_agrees(desk.database)


def test_a_purchase_at_zero_counts_as_a_purchase_without_money(desk: Desk) -> None:
    record(desk.database, an_order(1, days_ago(3), yen=0))
    now = known(desk.database)
    assert (now.purchase_count, now.spend_yen) == (1, 0)
    with desk.database.begin() as session:
        purchases.refund(session, "o1", NOW)
    now = known(desk.database)
    assert (now.purchase_count, now.spend_yen, now.last_purchase_at) == (0, 0, None)
    assert_a_rebuild_agrees(desk.database)


@pytest.mark.parametrize("cell", ["-1000", "−1,000", "△1000", "(1000)", "1000-", "▲1,000円"])
def test_a_negative_amount_is_refused_by_its_line(desk: Desk, cell: str) -> None:
    report = desk.purchases(csv_text(HEADER, [("a", "2026-11-20", 1, 1000), ("b", "2026-11-20", 1, cell)]))
    assert codes(report) == [(3, "amount_negative")]
    (refusal,) = report.refused
    assert "返品は返金の列に" in reason_words(refusal.code, refusal.params, "ja")
    assert (known(desk.database).purchase_count, known(desk.database).spend_yen) == (1, 1000)


def test_negative_and_absurd_amounts_are_refused_whoever_tells_them(desk: Desk) -> None:
    outcomes = record(
        desk.database, an_order(1, days_ago(1), yen=-1), an_order(2, days_ago(1), yen=MAX_YEN + 1)
    )
    assert [getattr(one, "code", None) for one in outcomes] == ["amount_negative", "amount_too_large"]
    assert known(desk.database).purchase_count == 0


@pytest.mark.parametrize("cell", ["1234.56", "¥1,234.56", "１２３４．５６円", "1234.5"])
def test_yen_with_decimals_is_refused_by_line_and_column_or_rounded_when_asked(desk: Desk, cell: str) -> None:
    content = csv_text(HEADER, [("a", "2026-11-20", 1, cell)])
    report = desk.purchases(content)
    (refusal,) = report.refused
    assert (refusal.line_number, refusal.code, refusal.params["column"]) == (2, "amount_decimal", "金額")
    assert "--currency-decimals round" in reason_words(refusal.code, refusal.params, "ja")
    assert known(desk.database).purchase_count == 0
    desk.purchases(content, currency_decimals=Decimals.ROUND)
    assert known(desk.database).spend_yen == 1235


def test_decimals_of_nothing_are_no_fraction(desk: Desk) -> None:
    assert codes(desk.purchases(csv_text(HEADER, [("a", "2026-11-20", 1, "1,234.00")]))) == []
    assert known(desk.database).spend_yen == 1234


@pytest.mark.parametrize(
    "cell",
    [
        "令和8年11月20日",
        "令和８年１１月２０日（金）",
        "R8.11.20",
        "R8/11/20",
        "r8-11-20",
        "2026/11/20",
        "2026/11/20 0:00",
        "2026.11.20",
        "2026年11月20日",
        "20261120",
    ],
)
def test_a_day_is_the_same_however_a_shop_writes_it(desk: Desk, cell: str) -> None:
    assert codes(desk.purchases(csv_text(HEADER, [("a", cell, 1, 1000)]))) == []
    assert known(desk.database).last_purchase_at == datetime(2026, 11, 19, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("11/20/2026", "date_ambiguous"),
        ("20/11/26", "date_ambiguous"),
        ("26年11月20日", "date_ambiguous"),
        ("令和8年13月1日", "date_impossible"),
        ("2026/02/30", "date_impossible"),
        ("平成40年1月1日", "date_outside_era"),
        ("令和元年4月30日", "date_outside_era"),
        ("46346", "date_unreadable"),
        ("きのう", "date_unreadable"),
        ("", "value_missing"),
        ("R8.11.22", "bought_in_future"),
        ("0001-01-01", "date_impossible"),
        ("9999-12-31", "bought_in_future"),
    ],
)
def test_a_day_that_is_none_or_could_be_two_is_refused_by_its_line(desk: Desk, cell: str, code: str) -> None:
    report = desk.purchases(csv_text(HEADER, [("a", "2026-11-20", 1, 1000), ("b", cell, 1, 1000)]))
    assert codes(report) == [(3, code)]
    assert known(desk.database).purchase_count == 1


def test_several_purchases_on_one_day_are_no_gaps(desk: Desk) -> None:
    day = NOON - timedelta(days=60)
    same = [an_order(number, day + timedelta(hours=number)) for number in range(5)]
    record(desk.database, *same, an_order(9, NOON - timedelta(days=30)))
    now, dates = known(desk.database), cycle(desk.database)
    assert dates is not None
    assert (now.purchase_count, dates.n) == (6, 1)
    assert dates.due_at is not None
    assert dates.due_at > NOON - timedelta(days=30)
    assert_a_rebuild_agrees(desk.database)


def test_the_same_moment_twice_is_two_purchases_and_no_gap(desk: Desk) -> None:
    record(desk.database, an_order(1, NOON), an_order(2, NOON))
    dates = cycle(desk.database)
    assert dates is not None
    assert (known(desk.database).purchase_count, dates.n) == (2, 0)


def test_a_purchase_of_long_ago_and_one_of_today_leave_dates_that_exist(desk: Desk) -> None:
    report = desk.purchases(
        csv_text(HEADER, [("a", "明治元年12月1日", 1, 1000), ("b", "2026-11-20", 1, 1000)])
    )
    assert codes(report) == []
    dates = cycle(desk.database)
    assert dates is not None
    assert dates.due_at is not None
    assert dates.due_at > NOW - timedelta(days=2)
    assert_a_rebuild_agrees(desk.database)


def test_one_customer_with_a_thousand_purchases_is_summed_exactly(desk: Desk) -> None:
    orders = [an_order(number, days_ago(3 * number + 1), 100 + number) for number in range(1000)]
    # Told in an order of its own: late and early ones mixed.
    record(desk.database, *sorted(orders, key=lambda each: each.amount_yen * 7919 % 1009))
    now, dates = known(desk.database), cycle(desk.database)
    assert (now.purchase_count, now.spend_yen) == (1000, sum(each.amount_yen for each in orders))
    ends = (now.first_purchase_at, now.last_purchase_at, now.stage)
    assert ends == (days_ago(2998), days_ago(1), "regular")
    assert dates is not None
    assert dates.n == 999
    assert dates.cycle_days == pytest.approx(3, abs=0.5)
    assert_a_rebuild_agrees(desk.database)


def test_ten_thousand_purchases_of_one_customer_in_a_day_go_in(desk: Desk) -> None:
    start = NOON - timedelta(hours=12)
    rows = [
        (f"x{number}", f"{(start + timedelta(seconds=8 * number)).isoformat()}", 1, 10)
        for number in range(10_000)
    ]
    report = desk.purchases(csv_text(HEADER, rows))
    assert (report.accepted, report.refused_count) == (10_000, 0)
    now, dates = known(desk.database), cycle(desk.database)
    assert (now.purchase_count, now.spend_yen) == (10_000, 100_000)
    assert dates is not None
    assert dates.n == 0
    assert_a_rebuild_agrees(desk.database)


def test_what_was_refused_leaves_nothing_behind(desk: Desk) -> None:
    desk.purchases(csv_text(HEADER, [("b", "2026-11-23", 1, 1000), ("c", "2026-11-20", 1, "abc")]))
    with desk.database.reading() as session:
        assert _orders(session) == []
    assert known(desk.database).stage == "aware"


def _orders(session: Session) -> list[str]:
    return list(session.scalars(select(Purchase.order_id)))
