"""Files of purchases."""

import itertools
import time
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from segments.errors import Invalid
from segments.imports import Decimals
from segments.models import (
    CustomerEvent,
    EventKind,
    Facts,
    Friend,
    ImportRun,
    ImportState,
    Product,
    Purchase,
    PurchaseItem,
    RefusedLine,
    StageChange,
)
from tests.builders import a_friend, a_product
from tests.segments.imports.files import Desk, codes, csv_text, state_of

HEADER = "注文番号,購入日,会員番号,金額,商品コード,数量"


@pytest.fixture(autouse=True)
def shop(request: pytest.FixtureRequest) -> None:
    """Give the desk in use two members and two products."""
    name = next(one for one in ("desk", "sqlite_desk") if one in request.fixturenames)
    desk: Desk = request.getfixturevalue(name)
    with desk.database.begin() as session:
        for number in ("1", "2"):
            a_friend(session, member_number=number, line_user_id=f"U{number:0>32}")
        a_product(session, code="TEA", price_yen=1000)
        a_product(session, code="POT", price_yen=3000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_file_is_taken_in_whatever_encoding_and_a_second_time_changes_nothing(
    desk: Desk, encoding: str
) -> None:
    content = csv_text(
        HEADER,
        [("A-1", "令和8年11月1日", 1, "￥1,000", "TEA", 1), ("A-2", "2026/11/02", 2, "3000円", "POT", 1)],
    )
    first = desk.take("purchases", content, encoding)
    before = state_of(desk.database)
    second = desk.take("purchases", content, encoding)
    assert (first.accepted, first.unchanged, first.refused_count) == (2, 0, 0)
    assert (second.accepted, second.unchanged, second.refused_count) == (0, 2, 0)
    assert state_of(desk.database) == before
    with desk.database.reading() as session:
        assert session.scalars(select(Purchase.bought_at).order_by(Purchase.order_id)).all() == [
            datetime(2026, 10, 31, 15, tzinfo=UTC), datetime(2026, 11, 1, 15, tzinfo=UTC),
        ]  # fmt: skip
        assert session.scalars(select(Facts.spend_yen).order_by(Facts.spend_yen)).all() == [1000, 3000]


def test_english_headers_and_a_mapping_are_understood(desk: Desk) -> None:
    report = desk.purchases(
        csv_text(
            "Order ID,Date,LINE User ID,わが社の値段,SKU",
            [("A-1", "2026-11-01", "U" + "1".zfill(32), "500", "TEA")],
        ),
        mapping={"わが社の値段": "amount"},
    )
    assert report.accepted == 1


def test_lines_of_one_order_are_one_order_wherever_they_stand(desk: Desk) -> None:
    rows = [
        ("A-1", "2026-11-01", 1, 1000, "TEA", 1),
        ("A-2", "2026-11-01", 2, 500, "TEA", 1),
        ("A-1", "", "", 3000, "POT", 2),
    ]
    report = desk.purchases(csv_text(HEADER, rows), batch_lines=1)
    assert (report.accepted, report.refused_count) == (3, 0)
    with desk.database.reading() as session:
        order = session.scalars(select(Purchase).where(Purchase.order_id == "A-1")).one()
        assert order.amount_yen == 4000
        assert [(item.quantity, item.amount_yen) for item in order.items] == [(1, 1000), (2, 3000)]


def test_a_total_repeated_on_each_line_is_the_orders_amount(desk: Desk) -> None:
    header = "注文番号,購入日,会員番号,合計,商品コード"
    desk.purchases(
        csv_text(header, [("A-1", "2026-11-01", 1, 4400, "TEA"), ("A-1", "2026-11-01", 1, 4400, "POT")])
    )
    with desk.database.reading() as session:
        assert session.scalars(select(Purchase.amount_yen)).one() == 4400
        assert session.scalars(select(PurchaseItem.amount_yen).order_by(PurchaseItem.line)).all() == [
            1100,
            3300,
        ]
    report = desk.purchases(
        csv_text(header, [("A-2", "2026-11-01", 1, 4400, "TEA"), ("A-2", "2026-11-01", 1, 4000, "POT")])
    )
    assert codes(report) == [(2, "order_has_refused_line"), (3, "order_lines_differ")]


def test_bad_lines_are_refused_by_number_and_their_neighbours_kept(desk: Desk) -> None:
    good = ("2026-11-01", 1, 1000, "TEA", 1)
    rows: list[tuple[object, ...]] = [
        ("A-1", *good),
        ("A-2", "2026-02-30", 1, 1000, "TEA", 1),
        ("A-3", "2026-11-01", 1, -5, "TEA", 1),
        ("A-4", "2026-11-01", 1, "11.77", "TEA", 1),
        ("A-5", "2026-11-01", 1, 1000, "NOPE", 1),
        ("A-6", "2026-11-01", 1, 1000, "TEA", 0),
        ("A-7", "2026-12-01", 1, 1000, "TEA", 1),
        ("", *good),
        ("A-9", *good, "over"),
        ("x" * 10_000, *good),
        ("A-11", "", 1, 1000, "TEA", 1),
        ("A-12", "2026-11-01", "", 1000, "TEA", 1),
        ("A-13", "2026-11-01", 1, "", "TEA", 1),
        ("A-14", "01/02/2026", 1, 1, "TEA", 1),
        ("A-15", *good),
    ]
    report = desk.purchases(csv_text(HEADER, rows))
    assert codes(report) == [
        (3, "date_impossible"), (4, "amount_negative"), (5, "amount_decimal"), (6, "product_unknown"),
        (7, "quantity_out_of_range"), (8, "bought_in_future"), (9, "value_missing"), (10, "too_many_cells"), (11, "too_long"),
        (12, "value_missing"), (13, "owner_missing"), (14, "value_missing"), (15, "date_ambiguous"),
    ]  # fmt: skip
    assert (report.accepted, report.refused_count) == (2, 13)
    with desk.database.reading() as session:
        assert set(session.scalars(select(Purchase.order_id))) == {"A-1", "A-15"}
        run = session.get_one(ImportRun, report.run_id)
        assert (run.state, run.accepted, run.unchanged, run.refused) == (ImportState.DONE, 2, 0, 13)
        assert session.scalar(select(func.count()).select_from(RefusedLine)) == 13


def test_a_bad_line_refuses_its_whole_order_and_the_mended_file_goes_in(desk: Desk) -> None:
    rows = [
        ("A-1", "2026-11-01", 1, 1000, "TEA", 1),
        ("A-1", "2026-11-01", 1, 3000, "NOPE", 1),
        ("A-2", "2026-11-01", 1, "?", "TEA", 1),
        ("A-2", "2026-11-01", 1, 1, "TEA", 1),
    ]
    report = desk.purchases(csv_text(HEADER, rows))
    assert codes(report) == [
        (2, "product_unknown"), (3, "product_unknown"), (4, "amount_unreadable"), (5, "order_has_refused_line"),
    ]  # fmt: skip
    rows[1], rows[2] = ("A-1", "2026-11-01", 1, 3000, "POT", 1), ("A-2", "2026-11-01", 1, 5, "TEA", 1)
    assert desk.purchases(csv_text(HEADER, rows)).accepted == 4


def test_an_order_given_again_with_other_content_is_refused_showing_both(desk: Desk) -> None:
    desk.purchases(csv_text(HEADER, [("A-1", "2026-11-01", 1, 1000, "TEA", 1)]))
    report = desk.purchases(csv_text(HEADER, [("A-1", "2026-11-01", 1, 900, "TEA", 1)]))
    assert codes(report) == [(2, "order_differs")]
    params = report.refused[0].params
    assert (params["stored"]["amount_yen"], params["given"]["amount_yen"]) == (1000, 900)


def test_a_field_over_several_lines_does_not_shift_the_numbers(desk: Desk) -> None:
    content = f'{HEADER},備考\r\nA-1,2026-11-01,1,1000,TEA,1,"二\n行の\nメモ"\r\nA-2,いつか,1,1000,TEA,1,\r\n'
    assert codes(desk.purchases(content)) == [(5, "date_unreadable")]


def test_unknown_products_are_created_when_asked(desk: Desk) -> None:
    content = csv_text(f"{HEADER},商品名", [("A-1", "2026-11-01", 1, 2400, "CUP", 2, "湯のみ")])
    assert desk.purchases(content).refused_count == 1
    assert desk.purchases(content, create_products=True).accepted == 1
    with desk.database.reading() as session:
        cup = session.scalars(select(Product).where(Product.code == "CUP")).one()
        assert (cup.name, cup.price_yen) == ("湯のみ", 1200)


def test_fractions_are_rounded_or_scaled_as_told(desk: Desk) -> None:
    desk.purchases(
        csv_text(HEADER, [("A-1", "2026-11-01", 1, "11.77", "TEA", 1)]), currency_decimals=Decimals.ROUND
    )
    desk.purchases(
        csv_text(HEADER, [("A-2", "2026-11-01", 1, "11.77", "TEA", 1)]), amount_factor=Decimal(100)
    )
    with desk.database.reading() as session:
        assert session.scalars(select(Purchase.amount_yen).order_by(Purchase.order_id)).all() == [12, 1177]


def test_refunds_are_taken_with_the_order_and_later(desk: Desk) -> None:
    header = "注文番号,購入日,会員番号,金額,返金"
    rows = [
        ("A-1", "2026-11-01", 1, 1000, ""),
        ("A-2", "2026-11-01", 1, 1000, "返金済"),
        ("A-3", "2026-11-01", 1, 1000, "¥300"),
        ("A-4", "2026-11-01", 1, 10, 11),
    ]
    assert codes(desk.purchases(csv_text(header, rows))) == [(5, "refund_too_large")]
    again = desk.purchases(csv_text(header, [("A-1", "2026-11-01", 1, 1000, "全額"), *rows[1:3]]))
    assert (again.accepted, again.unchanged) == (1, 2)
    with desk.database.reading() as session:
        refunds = select(Purchase.refunded_yen).order_by(Purchase.order_id)
        assert session.scalars(refunds).all() == [1000, 1000, 300]
        assert session.scalar(select(func.sum(Facts.purchase_count))) == 1


def test_history_goes_in_silently_and_the_last_two_days_are_news(desk: Desk) -> None:
    rows = [
        ("A-1", "2026-11-01", 1, 1000, "TEA", 1),
        ("A-2", "2026-11-20 10:00", 1, 1000, "TEA", 1),
        ("A-3", "2026-10-20", 2, 1, "TEA", 1),
    ]
    desk.purchases(csv_text(HEADER, rows))
    with desk.database.reading() as session:
        [told] = session.scalars(select(CustomerEvent).where(CustomerEvent.kind == EventKind.PURCHASED)).all()
        assert (told.payload["order_id"], told.payload["first"]) == ("A-2", False)
        second = session.scalars(select(Friend.id).where(Friend.member_number == "2")).one()
        assert session.scalars(select(CustomerEvent).where(CustomerEvent.friend_id == second)).all() == []
        assert session.scalars(select(StageChange).where(StageChange.friend_id == second)).all() != []


def test_a_member_number_nobody_has_yet_is_kept(desk: Desk) -> None:
    report = desk.purchases(csv_text(HEADER, [("A-1", "2026-11-01", "999", 1000, "TEA", 1)]))
    assert (report.accepted, report.unlinked) == (1, 1)


def test_lines_whose_member_is_no_friend_yet_are_counted_apart_once(desk: Desk) -> None:
    rows = [("A-1", "2026-11-01", "999", 1000, "TEA", 1), ("A-2", "2026-11-02", 1, 1000, "TEA", 1)]
    assert desk.purchases(csv_text(HEADER, rows)).unlinked == 1
    assert desk.purchases(csv_text(HEADER, rows)).unlinked == 0
    with desk.database.reading() as session:
        assert session.scalars(select(ImportRun.unlinked).order_by(ImportRun.id)).all()[-2:] == [1, 0]


def test_the_order_of_lines_makes_no_difference(desk: Desk) -> None:
    rows = [
        ("A-1", "2026-11-01", 1, 1000, "TEA", 1),
        ("A-2", "2026-06-01", 1, 500, "POT", 1),
        ("A-3", "2025-01-01", 2, 70, "TEA", 3),
    ]
    desk.purchases(csv_text(HEADER, rows), batch_lines=1)
    forwards = state_of(desk.database)
    for order in itertools.permutations(rows):
        assert desk.purchases(csv_text(HEADER, order), batch_lines=2).unchanged == 3
    assert state_of(desk.database) == forwards


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "csv_empty"), ("\r\n\r\n", "csv_empty"), ("注文番号,購入日\r\nA-1,2026-11-01\r\n", "columns_missing"),
        ("a\x00b", "nul_byte"), ('"注文番号,購入日\r\n', "header_unreadable"),
        ("注文番号,注文ID,購入日,会員番号,金額\r\n", "column_twice"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_leaves_no_trace(desk: Desk, content: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.purchases(content)
    assert refused.value.code == code
    with desk.database.reading() as session:
        assert session.scalars(select(ImportRun)).all() == []


def test_missing_columns_are_named_beside_those_found(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        desk.purchases("番号,購入日,会員番号,金額\r\n")
    assert refused.value.params == {
        "missing": [["注文番号 (order_id)"]],
        "found": ["番号", "購入日", "会員番号", "金額"],
    }


@pytest.mark.parametrize(
    ("mapping", "code"),
    [({"ない列": "amount"}, "mapping_column_unknown"), ({"金額": "prize"}, "mapping_field_unknown")],
)
def test_a_mapping_to_nowhere_is_refused(desk: Desk, mapping: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.purchases(HEADER + "\r\n", mapping=mapping)
    assert refused.value.code == code


def test_a_long_source_is_refused_before_the_database_would(desk: Desk) -> None:
    with pytest.raises(Invalid, match="source_too_long"):
        desk.purchases(HEADER + "\r\n", source="x" * 65)


def test_an_import_cut_off_goes_on_where_it_stood(sqlite_desk: Desk) -> None:
    rows = [(f"A-{number}", "2026-11-01", 1, 100, "TEA", 1) for number in range(50)]
    sqlite_desk.purchases(csv_text(HEADER, rows[:20]))
    report = sqlite_desk.purchases(csv_text(HEADER, rows))
    assert (report.accepted, report.unchanged) == (30, 20)


def many(count: int) -> str:
    """Return a file of `count` orders."""
    rows = (
        (f"A-{n}", f"2026-{n % 10 + 1:02}-{n % 28 + 1:02}", f"M{n}", "1,000", "TEA", 1) for n in range(count)
    )
    return csv_text(HEADER, rows)


def test_twenty_thousand_lines_take_seconds(sqlite_desk: Desk) -> None:
    content = many(20_000)
    started = time.process_time()
    assert sqlite_desk.purchases(content).accepted == 20_000
    # Time of our own CPU, which neighbours do not lengthen; the figures are the benchmarks' business.
    assert time.process_time() - started < 10


def test_memory_does_not_grow_with_the_file(sqlite_desk: Desk) -> None:
    peaks: list[int] = []
    for count in (1000, 5000):
        content = many(count)
        tracemalloc.start()
        sqlite_desk.purchases(content, batch_lines=250)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
