"""Files of products."""

import pytest
from sqlalchemy import select

from segments.models import Product, ProductKind
from tests.segments.imports.files import Desk, codes, csv_text, state_of

HEADER = "商品コード,商品名,商品名（英語）,カテゴリ,価格,種別,画像URL,商品ページ,販売中"
TEA = (
    "TEA",
    "お茶",
    "Tea",
    "茶",
    "￥1,080",
    "お試し",
    "https://example.jp/tea.png",
    "https://example.jp/tea",
    "はい",
)


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_products_come_in_whole_and_a_second_time_changes_nothing(desk: Desk, encoding: str) -> None:
    content = csv_text(HEADER, [TEA])
    assert desk.take("products", content, encoding).accepted == 1
    before = state_of(desk.database)
    assert desk.take("products", content, encoding).unchanged == 1
    assert state_of(desk.database) == before
    with desk.database.reading() as session:
        tea = session.scalars(select(Product)).one()
        assert (tea.code, tea.name, tea.name_en, tea.category) == ("TEA", "お茶", "Tea", "茶")
        assert (tea.price_yen, tea.kind, tea.available) == (1080, ProductKind.TRIAL, True)


def test_a_changed_cell_changes_the_product_and_an_empty_one_does_not(desk: Desk) -> None:
    header = "code,name,price,kind,available"
    desk.products(csv_text(header, [("TEA", "お茶", 1000, "regular", "yes")]))
    report = desk.products(csv_text(header, [("TEA", "", 1200, "premium", "no")]))
    assert report.accepted == 1
    with desk.database.reading() as session:
        tea = session.scalars(select(Product)).one()
        assert (tea.name, tea.price_yen, tea.kind, tea.available) == (
            "お茶",
            1200,
            ProductKind.PREMIUM,
            False,
        )


def test_bad_lines_are_refused(desk: Desk) -> None:
    header = "code,name,price,kind,image_url,available"
    rows = [
        ("A", "", "", "", "", ""),
        ("B", "b", "-1", "", "", ""),
        ("C", "c", "1", "特別", "", ""),
        ("D", "d", "1", "", "javascript:alert(1)", ""),
        ("E", "e", "1", "", "", "たぶん"),
        ("F", "f", "1", "", "", ""),
        ("F", "g", "1", "", "", ""),
    ]
    assert codes(desk.products(csv_text(header, rows))) == [
        (2, "product_incomplete"), (3, "amount_negative"), (4, "kind_unknown"), (5, "address_unreadable"),
        (6, "yes_no_unreadable"), (8, "key_repeated"),
    ]  # fmt: skip


def test_settling_upgrades_and_subscriptions_come_in_and_may_be_taken_away(desk: Desk) -> None:
    header = "商品コード,商品名,価格,定着回数,上位版の元商品,定期購入日数"
    report = desk.products(
        csv_text(header, [("BEST", "玉露", 3000, "", "TEA", "３０日"), ("TEA", "煎茶", 1000, "3回", "", "")])
    )
    assert report.accepted == 2
    with desk.database.reading() as session:
        goods = {product.code: product for product in session.scalars(select(Product))}
        assert (goods["TEA"].settling_count, goods["BEST"].subscription_days) == (3, 30)
        assert goods["BEST"].upgrade_of_id == goods["TEA"].id
    english = "code,settling_count,upgrade_of,subscription_days"
    assert (
        desk.products(csv_text(english, [("TEA", "none", "", ""), ("BEST", "", "なし", "0")])).accepted == 2
    )
    with desk.database.reading() as session:
        for product in session.scalars(select(Product)):
            assert (product.settling_count, product.upgrade_of_id, product.subscription_days) == (None,) * 3


def test_numbers_and_upgrades_that_cannot_be_are_refused_by_line(desk: Desk) -> None:
    header = "code,name,price,settling_count,upgrade_of,subscription_days"
    rows = [
        ("A", "a", "1", "1.5", "", ""),
        ("B", "b", "1", "", "", "3661"),
        ("C", "c", "1", "", "C", ""),
        ("D", "d", "1", "", "LOST", ""),
        ("E", "e", "1", "-1", "", ""),
    ]
    assert codes(desk.products(csv_text(header, rows))) == [
        (2, "number_out_of_range"), (3, "number_out_of_range"), (4, "upgrade_circle"), (5, "upgrade_unknown"),
        (6, "number_out_of_range"),
    ]  # fmt: skip
