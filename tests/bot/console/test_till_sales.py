"""The till's page: who stands there, what is sold, one tap, undone within minutes."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.models import AuditEntry, Role
from segments import coupons, member_cards, point_policy, points
from segments.coupons import CouponTerms
from segments.models import Product, Purchase
from segments.point_policy import PointPolicy
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY, FakeClock

TILL, SALE, LOOK = "/console/till/", "/console/till/sale", "/console/till/look"


class Counter:
    """A shop with two products and a member."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        with visitor.services.database.begin() as session:
            point_policy.save(session, PointPolicy(100, None, 1), "test", A_SATURDAY)
            friend = a_friend(
                session, display_name="<b>さくら</b>", member_number="M-1", facts={"stage": "regular"}
            )
            self.friend_id = friend.id
            self.code = member_cards.code_of(session, friend.id, A_SATURDAY)
            self.tea = a_product(session, name="深蒸し茶", price_yen=1000).id
            self.pot = a_product(session, name="急須", price_yen=3000).id
            a_product(session, name="売り切れ", available=False)
            coupons.define(session, "welcome", CouponTerms("初回", "", 500, 30), A_SATURDAY)
            self.coupon = coupons.grant(session, "welcome", friend.id, "test", A_SATURDAY).code
            points.adjust(session, friend.id, 120, "test:1", "test", A_SATURDAY)

    def typed(self, **changed: Any) -> dict[str, Any]:
        """Return what staff typed: two teas for the member, with what is changed."""
        given = {"key": "key-0001-0001", "who": "M-1", f"item-{self.tea}": "2", f"item-{self.pot}": "0"}
        return given | changed

    def purchases(self) -> list[Purchase]:
        """Return what was recorded."""
        with self.visitor.services.database.reading() as session:
            return list(session.scalars(select(Purchase).order_by(Purchase.id)))


@pytest.fixture
def counter(visitor: Visitor) -> Counter:
    return Counter(visitor)


def test_a_member_is_found_by_code_number_or_coupon_and_shown_by_name_and_stage(counter: Counter) -> None:
    visitor = counter.visitor.log_in(Role.TILL)
    for typed in ("M-1", "Ｍ-1", member_cards.shown(counter.code).lower(), counter.coupon):
        answer = visitor.submit(TILL, counter.typed(who=typed), to=LOOK)
        assert f"item-{counter.tea}=2" in answer.location
        page = visitor.get(answer.location).text
        assert "&lt;b&gt;さくら&lt;/b&gt;" in page
        assert "常連" in page
        assert "残高 120ポイント" in page
        assert "2,000円" in page
        assert "売り切れ" not in page
    page = visitor.client.get(TILL, query_string={"who": "M-404"}).text
    assert "「M-404」の友だちは見つかりません。" in page


def test_one_tap_records_the_sale_and_a_second_one_nothing(counter: Counter, clock: FakeClock) -> None:
    visitor = counter.visitor.log_in(Role.TILL)
    typed = counter.typed(use=counter.coupon, points="１００")
    first = visitor.submit(TILL, typed, to=SALE)
    clock.advance(timedelta(seconds=40))
    second = visitor.submit(TILL, typed, to=SALE)
    assert first.location == second.location
    (stored,) = counter.purchases()
    assert (stored.amount_yen, stored.friend_id, stored.source) == (1400, counter.friend_id, "till:1")
    page = visitor.get(first.location).text
    for words in (
        "記録しました",
        "1,400円",
        "深蒸し茶 × 2",
        "100ポイントを使いました。",
        "初回",
        "14ポイントが付きました（残高 34ポイント）",
    ):
        assert words in page, words
    with visitor.services.database.reading() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "sale_recorded")).all()
    assert [each.details["yen"] for each in noted] == [1400]


def test_another_sale_from_the_same_page_is_refused_with_nothing_lost(counter: Counter) -> None:
    visitor = counter.visitor.log_in(Role.TILL)
    visitor.submit(TILL, counter.typed(), to=SALE)
    answer = visitor.submit(TILL, counter.typed(**{f"item-{counter.tea}": "3"}), to=SALE)
    assert answer.status_code == 422
    assert "別の内容ですでに記録済みです" in answer.text
    assert re.search(rf'id="item-{counter.tea}"[^>]*value="3"', answer.text)
    assert len(counter.purchases()) == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"who": ""}, "だれのお買い物かを、会員コードか会員番号で入力してください。"),
        ({"points": "121"}, "ポイントが足りません"),
        ({"points": "あ"}, "数字で入力してください。"),
        ({"other": "-5"}, "数字で入力してください。"),
        ({"use": "NOSUCH22"}, "このクーポンは見つかりません。"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_all_that_was_typed_stays(
    counter: Counter, changed: dict[str, Any], words: str
) -> None:
    visitor = counter.visitor.log_in(Role.TILL)
    answer = visitor.submit(TILL, counter.typed(**changed), to=SALE)
    assert answer.status_code == 422
    assert words in answer.text
    assert re.search(rf'id="item-{counter.tea}"[^>]*value="2"', answer.text)
    assert counter.purchases() == []


def test_an_empty_sale_is_refused(counter: Counter) -> None:
    visitor = counter.visitor.log_in(Role.TILL)
    answer = visitor.submit(TILL, counter.typed(**{f"item-{counter.tea}": "0"}), to=SALE)
    assert "商品か金額を入れてください。" in answer.text


def test_a_sale_is_undone_within_minutes_by_who_made_it(counter: Counter, clock: FakeClock) -> None:
    visitor = counter.visitor.log_in(Role.TILL)
    visitor.submit(TILL, counter.typed(use=counter.coupon), to=SALE)
    (stored,) = counter.purchases()
    assert "取り消す" in visitor.get(TILL).text
    other = Visitor(visitor.app).log_in(Role.TILL, login="taro")
    assert "今日はまだ記録がありません。" in other.get(TILL).text
    other.post("/console/till/undo", {"order_id": stored.order_id})
    assert counter.purchases()[0].refunded_at is None
    page = visitor.get(visitor.post("/console/till/undo", {"order_id": stored.order_id}).location).text
    assert "お会計・クーポン・ポイントは、すべて元に戻りました。" in page
    assert counter.purchases()[0].refunded_yen == 1500
    visitor.submit(TILL, counter.typed(key="key-0002-0002"), to=SALE)
    clock.advance(timedelta(minutes=16))
    late = visitor.post("/console/till/undo", {"order_id": "till-key-0002-0002"})
    assert "15分を過ぎたため" in visitor.get(late.location).text


def test_a_member_not_on_line_is_recorded_under_the_number_once_confirmed(counter: Counter) -> None:
    visitor = counter.visitor.log_in(Role.TILL)
    assert visitor.submit(TILL, counter.typed(who="M-9"), to=SALE).status_code == 422
    assert counter.purchases() == []
    answer = visitor.submit(TILL, counter.typed(who="M-9", unlinked="M-9"), to=SALE)
    assert answer.status_code == 302
    assert [(each.friend_id, each.member_number) for each in counter.purchases()] == [(None, "M-9")]


def test_products_are_found_by_name_and_what_is_chosen_stays_in_sight(counter: Counter) -> None:
    visitor = counter.visitor.log_in(Role.TILL)
    page = visitor.client.get(TILL, query_string={"p": "急", f"item-{counter.tea}": "1"}).text
    assert "急須" in page
    assert "深蒸し茶" in page
    with visitor.services.database.begin() as session:
        session.get_one(Product, counter.tea).name = "ほうじ茶"
    assert "ほうじ茶" not in visitor.client.get(TILL, query_string={"p": "急"}).text


def test_the_camera_is_for_the_till_alone(counter: Counter) -> None:
    visitor = counter.visitor.log_in()
    assert "camera=(self)" in visitor.get(TILL).headers["Permissions-Policy"]
    assert "camera=()" in visitor.get("/console/products/").headers["Permissions-Policy"]


def test_the_till_speaks_english(counter: Counter) -> None:
    visitor = counter.visitor.log_in(Role.TILL)
    visitor.post("/console/language", {"language": "en"})
    page = visitor.client.get(TILL, query_string={"who": "M-1", f"item-{counter.tea}": "1"}).text
    for words in ("1. Customer", "Member number M-1", "¥1,000", "Points to use"):
        assert words in page, words


def test_a_member_card_is_a_picture_that_tells_nothing(counter: Counter) -> None:
    answer = counter.visitor.get(f"/member-card/{counter.code}.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.data.startswith(b"\x89PNG")
    made_up = counter.visitor.get("/member-card/2222222222.png")
    assert made_up.status_code == 200  # whose a code is, or whether it is anybody's, is not told
    assert counter.visitor.get("/member-card/hello.png").status_code == 404
