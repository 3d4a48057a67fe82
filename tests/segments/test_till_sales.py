"""A sale at the till: added up, recorded once whatever is tapped twice, taken back whole."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import coupons, member_cards, point_policy, points, till_bill, till_sales
from segments.coupons import CouponTerms
from segments.db import Database
from segments.errors import KokyakuError
from segments.models import CouponGrant, Facts, Friend, Product, Purchase
from segments.point_policy import PointPolicy
from segments.till_bill import NewSale
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
KEY = "abcdefgh-1234"


class Counter:
    """A till with two products and one customer who has a coupon and points."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.friend = a_friend(session, display_name="さくら")
        self.tea = a_product(session, code="TEA", price_yen=1000)
        self.pot = a_product(session, code="POT", price_yen=3000)
        point_policy.save(session, PointPolicy(100, 365, 1), "test", NOW - timedelta(days=30))
        coupons.define(session, "welcome", CouponTerms("初回", "", 500, 30), NOW)
        self.coupon = coupons.grant(session, "welcome", self.friend.id, "test", NOW).code
        points.adjust(session, self.friend.id, 300, "test:1", "test", NOW)

    def sale(self, **changed: object) -> NewSale:
        """Return two teas and a pot for the friend, with what is changed."""
        given: dict[str, object] = {
            "key": KEY,
            "friend_id": self.friend.id,
            "items": ((self.tea.id, 2), (self.pot.id, 1)),
        }
        return NewSale(**given | changed)  # pyright: ignore[reportArgumentType] — a test names its own fields

    def record(self, sale: NewSale, at: timedelta = timedelta()) -> till_sales.Sale:
        """Record a sale some time after NOW."""
        return till_sales.record(self.session, sale, "till:1", "operator:1", NOW + at)

    def refusal(self, sale: NewSale) -> str:
        """Return why a sale is refused, having recorded nothing of it."""
        with pytest.raises(KokyakuError) as refused, self.session.begin_nested():
            self.record(sale)
        return refused.value.code


def test_a_sale_takes_off_coupon_and_points_and_earns_points_on_the_rest(database: Database) -> None:
    with database.begin() as session:
        counter = Counter(session)
        sale = counter.sale(coupon=counter.coupon, points=200, other_yen=1000)
        due = till_bill.bill(session, sale, NOW)
        assert (due.total, due.coupon_yen, due.points_yen, due.due) == (6000, 500, 200, 5300)
        stored = counter.record(sale).purchase
        assert (stored.amount_yen, stored.source, stored.friend_id) == (5300, "till:1", counter.friend.id)
        # 5,000 of the 6,000 were products: so much of what was paid is theirs.
        assert sum(item.amount_yen for item in stored.items) == 5300 * 5000 // 6000
        assert till_sales.earned(session, stored.id) == 53
        assert points.statement(session, counter.friend.id, NOW).balance == 300 - 200 + 53
        used = session.scalars(select(CouponGrant)).one()
        assert (used.redeemed_by, used.purchase_id) == ("operator:1", stored.id)
        facts = session.get_one(Facts, counter.friend.id, populate_existing=True)
        assert (facts.purchase_count, facts.spend_yen) == (1, 5300)


def test_a_second_tap_is_the_same_sale_even_a_minute_later(database: Database) -> None:
    with database.begin() as session:
        counter = Counter(session)
        sale = counter.sale(coupon=counter.coupon, points=100)
        first = counter.record(sale)
        again = counter.record(sale, timedelta(minutes=1))
        assert (first.created, again.created) == (True, False)
        assert first.purchase.id == again.purchase.id
        assert len(session.scalars(select(Purchase)).all()) == 1
        assert points.statement(session, counter.friend.id, NOW).balance == 300 - 100 + 44


def test_something_else_under_the_same_key_is_refused(database: Database) -> None:
    with database.begin() as session:
        counter = Counter(session)
        counter.record(counter.sale())
        assert counter.refusal(counter.sale(items=((counter.tea.id, 3),))) == "sale_differs"
        assert counter.refusal(counter.sale(points=1)) == "sale_differs"
        other = a_friend(session)
        assert counter.refusal(counter.sale(friend_id=other.id)) == "sale_differs"


def test_undoing_gives_back_money_coupon_and_points_once(database: Database) -> None:
    with database.begin() as session:
        counter = Counter(session)
        sale = counter.sale(coupon=counter.coupon, points=200)
        counter.record(sale)
        for minutes in (5, 6):
            at = NOW + timedelta(minutes=minutes)
            till_sales.undo(session, sale.order_id, "till:1", "operator:1", at)
        assert points.statement(session, counter.friend.id, NOW).balance == 300
        held = coupons.held(session, counter.friend.id, NOW + timedelta(minutes=6))
        assert [each.code for each in held] == [counter.coupon]
        facts = session.get_one(Facts, counter.friend.id, populate_existing=True)
        assert facts.purchase_count == 0


def test_only_ones_own_sale_is_undone_and_only_for_some_minutes(database: Database) -> None:
    with database.begin() as session:
        counter = Counter(session)
        sale = counter.sale()
        counter.record(sale)
        for source, minutes, code in (("till:2", 1, "order_unknown"), ("till:1", 16, "sale_too_old")):
            with pytest.raises(KokyakuError) as refused:
                till_sales.undo(
                    session, sale.order_id, source, "operator:2", NOW + timedelta(minutes=minutes)
                )
            assert refused.value.code == code


def test_what_cannot_be_sold_is_refused_with_its_reason(database: Database) -> None:
    with database.begin() as session:
        counter = Counter(session)
        other = a_friend(session)
        assert counter.refusal(counter.sale(items=())) == "sale_empty"
        assert counter.refusal(counter.sale(key="x")) == "sale_key_invalid"
        assert counter.refusal(counter.sale(friend_id=None)) == "owner_missing"
        assert counter.refusal(counter.sale(items=((999_999, 1),))) == "product_unknown"
        assert counter.refusal(counter.sale(points=301)) == "points_insufficient"
        assert counter.refusal(counter.sale(items=((counter.tea.id, 0),))) == "quantity_out_of_range"
        mine = counter.sale(friend_id=other.id, coupon=counter.coupon)
        assert counter.refusal(mine) == "coupon_of_another"
        points.adjust(session, counter.friend.id, 5000, "test:2", "test", NOW)
        assert counter.refusal(counter.sale(points=5001)) == "points_too_many"
        assert session.scalars(select(Purchase)).all() == []


def test_a_coupon_worth_more_than_the_sale_makes_it_free(database: Database) -> None:
    with database.begin() as session:
        counter = Counter(session)
        sweets = a_product(session, price_yen=300)
        sale = counter.sale(items=((sweets.id, 1),), coupon=counter.coupon)
        assert counter.record(sale).purchase.amount_yen == 0
        undone = till_sales.undo(session, sale.order_id, "till:1", "operator:1", NOW)
        assert undone.refunded_at == NOW


def test_a_sale_to_a_member_not_on_line_waits_under_the_number(database: Database) -> None:
    with database.begin() as session:
        counter = Counter(session)
        sale = counter.sale(friend_id=None, member_number="M-7")
        stored = counter.record(sale).purchase
        assert (stored.friend_id, stored.member_number) == (None, "M-7")
        assert not counter.record(sale).created
        assert counter.refusal(counter.sale(friend_id=None, member_number="M-8")) == "sale_differs"


def test_a_member_code_is_the_friends_and_no_made_up_one_is_anybodys(database: Database) -> None:
    with database.begin() as session:
        friend, other = a_friend(session), a_friend(session)
        assert member_cards.friend_of(session, "2345-6789A") is None  # no code was ever shown
        code = member_cards.code_of(session, friend.id, NOW)
        assert member_cards.code_of(session, friend.id, NOW) == code
        assert member_cards.friend_of(session, f" {member_cards.shown(code).lower()} ") == friend.id
        theirs = member_cards.code_of(session, other.id, NOW)
        assert theirs[:-5] != code[:-5]
        assert member_cards.friend_of(session, theirs[:-5] + code[-5:]) is None
        for nonsense in ("", "あ", "2222", "9" * 40, code + "2"):
            assert member_cards.friend_of(session, nonsense) is None
        session.delete(session.get_one(Facts, other.id))
        session.delete(session.get_one(Friend, other.id))
        session.flush()
        assert member_cards.friend_of(session, theirs) is None


def test_a_product_costs_what_it_costs_now(database: Database) -> None:
    with database.begin() as session:
        counter = Counter(session)
        session.get_one(Product, counter.tea.id).price_yen = 1100
        assert till_bill.bill(session, counter.sale(), NOW).total == 5200
