"""Products, categories and points: listed, added, changed, taken off sale, renamed."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select

from bot.models import Role
from segments import point_policy, saved
from segments.conditions import parse
from segments.models import Product, ProductKind
from segments.point_policy import PointPolicy
from tests.bot.browsing import Visitor
from tests.builders import a_product
from tests.fakes.clock import A_SATURDAY

PRODUCTS = "/console/products/"
TYPED: dict[str, Any] = {
    "code": "TEA-1",
    "name": "深蒸し茶",
    "name_en": "Fukamushi",
    "category": "緑茶",
    "price": "１,２００円",
    "kind": "regular",
    "image_url": "https://example.com/tea.jpg",
    "settling_count": "3",
}


def product(visitor: Visitor, code: str) -> Product:
    with visitor.services.database.reading() as session:
        return session.scalars(select(Product).where(Product.code == code)).one()


def test_a_product_is_added_found_changed_and_taken_off_sale(visitor: Visitor) -> None:
    visitor.log_in(Role.OPERATOR)
    assert "まだ商品がありません" in visitor.get(PRODUCTS).text
    assert visitor.submit(f"{PRODUCTS}new", TYPED).status_code == 302
    made = product(visitor, "TEA-1")
    assert (made.price_yen, made.category, made.settling_count) == (1200, "緑茶", 3)
    page = visitor.client.get(PRODUCTS, query_string={"q": "fukamushi", "category": "緑茶"}).text
    assert "深蒸し茶" in page
    assert "1,200円" in page
    own = f"{PRODUCTS}{made.id}"
    changed = TYPED | {"name": "特上深蒸し茶", "settling_count": "", "kind": "trial"}
    assert visitor.submit(own, changed).status_code == 302
    made = product(visitor, "TEA-1")
    assert (made.name, made.settling_count, made.kind) == ("特上深蒸し茶", None, ProductKind.TRIAL)
    visitor.post(f"{own}/sale", {})
    assert "特上深蒸し茶" not in visitor.get(PRODUCTS).text.replace("「特上深蒸し茶」", "")
    assert "販売終了" in visitor.client.get(PRODUCTS, query_string={"status": "off"}).text
    visitor.post(f"{own}/sale", {"on_sale": "1"})
    assert product(visitor, "TEA-1").available


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("code", "", "商品コードを入力してください。"),
        ("code", "OLD", "この商品コードはすでに登録されています。"),
        ("name", " ", "商品名を入力してください。"),
        ("price", "", "価格を入力してください。"),
        ("price", "-5", "税込の円で、1980 のように入力してください。"),
        ("image_url", "javascript:alert(1)", "https:// で始まるURLを入力してください。"),
        ("settling_count", "1001", "0から1000までの数字で入力してください。"),
        ("kind", "rare", "種別を選んでください。"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(visitor: Visitor, field: str, value: str, words: str) -> None:
    with visitor.services.database.begin() as session:
        a_product(session, code="OLD")
    visitor.log_in()
    answer = visitor.submit(f"{PRODUCTS}new", TYPED | {field: value})
    assert answer.status_code == 422
    place = answer.text.index(f'id="{field}-error"')
    assert words in answer.text[place : place + 300]
    assert "Fukamushi" in answer.text
    with visitor.services.database.reading() as session:
        assert session.scalars(select(Product.code)).all() == ["OLD"]


def test_a_better_version_of_nothing_is_told_beside_its_field(visitor: Visitor) -> None:
    visitor.log_in()
    answer = visitor.submit(f"{PRODUCTS}new", TYPED | {"upgrade_of": "NONE"})
    assert answer.status_code == 422
    assert "上位版の元商品「NONE」が登録されていません" in answer.text


def test_all_products_are_handed_out_in_a_shape_that_comes_in_again(visitor: Visitor) -> None:
    with visitor.services.database.begin() as session:
        a_product(session, code="A", name="=1+1", category="茶")
    visitor.log_in(Role.VIEWER)
    answer = visitor.get(f"{PRODUCTS}products.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:2] == ["商品コード", "商品名"]
    assert rows[1][:6] == ["A", "'=1+1", "", "茶", "1000", "通常"]


def test_renaming_a_category_says_first_what_it_does(visitor: Visitor) -> None:
    with visitor.services.database.begin() as session:
        a_product(session, category="お茶")
        a_product(session, category="茶器")
        fond = parse({"is": "bought", "categories": ["お茶"]})
        saved.create(session, "お茶好き", fond, "test", A_SATURDAY)
    visitor.log_in()
    page = visitor.client.get(f"{PRODUCTS}categories/rename", query_string={"name": "お茶"}).text
    assert "カテゴリ「お茶」の1商品の名前が変わります。" in page
    assert "お茶好き" in page
    to = f"{PRODUCTS}categories/rename"
    refused = visitor.submit(f"{to}?name=お茶", {"name": "お茶", "new": " "}, to=to)
    assert refused.status_code == 422
    assert "カテゴリの名前を1〜64文字で入力してください。" in refused.text
    visitor.submit(f"{to}?name=お茶", {"name": "お茶", "new": "緑茶"}, to=to)
    assert "緑茶" in visitor.get(f"{PRODUCTS}categories").text
    assert visitor.client.get(to, query_string={"name": "お茶"}).status_code == 404


def test_the_rule_for_points_is_changed_and_its_past_is_shown(visitor: Visitor) -> None:
    visitor.log_in(Role.OPERATOR)
    points = "/console/points/"
    given = {"on": "1", "yen_per_point": "200", "expire_days": "", "point_yen": "2"}
    assert visitor.submit(points, given).status_code == 302
    with visitor.services.database.reading() as session:
        assert point_policy.in_force(session) == PointPolicy(200, None, 2)
    assert "200円で1ポイント" in visitor.get(points).text
    wrong = visitor.submit(points, given | {"yen_per_point": "0", "expire_days": "4000"})
    assert wrong.status_code == 422
    assert 'id="yen_per_point-error"' in wrong.text
    assert 'id="expire_days-error"' in wrong.text
    assert visitor.submit(points, {"point_yen": "1"}).status_code == 302
    with visitor.services.database.reading() as session:
        assert not point_policy.in_force(session).is_on


def test_the_pages_speak_english(visitor: Visitor) -> None:
    with visitor.services.database.begin() as session:
        a_product(session, name="急須", name_en="Teapot", category="茶器")
    visitor.log_in(Role.VIEWER)
    visitor.post("/console/language", {"language": "en"})
    for path, words in (
        (PRODUCTS, "Teapot"),
        (f"{PRODUCTS}categories", "Products on sale"),
        ("/console/points/", "Rule for points"),
    ):
        assert words in visitor.get(path).text, path
