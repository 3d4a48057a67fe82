"""Lives of a small shop for property tests: orders early, late and twice a day, refunds, links and unlinks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from segments import facts, members, purchases
from segments.errors import KokyakuError
from segments.models import Cycle, Facts, Friend, Product, Purchase, PurchaseItem, StageChange
from segments.orders import NewItem, NewPurchase
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.facts_oracle import Item, Order

HOUR = timedelta(hours=1)
PRODUCTS: tuple[dict[str, Any], ...] = (
    {"category": "お茶"},
    {"category": "お茶", "settling_count": 1},
    {"category": "お茶", "subscription_days": 7},
    {"category": "茶器", "subscription_days": 30},
    {"category": "", "settling_count": 3},
    {"category": "茶器", "kind": "trial"},
    {"category": "菓子"},
)
UPGRADES = {3: 0, 4: 6}
"""Of these products, by place, the one each is an upgrade of."""

lines = st.lists(
    st.tuples(st.integers(0, len(PRODUCTS) - 1), st.integers(1, 4), st.sampled_from([None, 0, 700, 1001])),
    max_size=3,
)
hours_ago = st.one_of(st.integers(0, 50), st.integers(0, 24 * 500))
"""Often close together, so that days are shared."""
happenings = st.lists(
    st.one_of(
        st.tuples(
            st.just("buy"), st.sampled_from(["friend", "A", "B"]), hours_ago, lines, st.sampled_from([0, 999, 2400, 1])
        ),
        st.tuples(st.just("refund"), st.integers(0, 20), st.sampled_from([1, 400, None])),
        st.tuples(st.just("link"), st.sampled_from(["A", "B"])),
        st.tuples(st.just("unlink")),
    ),
    max_size=14,
)  # fmt: skip


@dataclass
class Life:
    """One friend on LINE, an imported customer with the number A, and whoever holds B."""

    session: Session
    friend: Friend
    codes: list[str]
    orders: int = 0

    def happen(self, what: Any) -> None:
        """Let one thing happen; what the shop refuses does not happen."""
        try:
            getattr(self, f"_{what[0]}")(*what[1:])
        except KokyakuError:
            self.session.flush()

    def _buy(self, who: str, hours: int, held: list[tuple[int, int, int | None]], yen: int) -> None:
        self.orders += 1
        owner: dict[str, Any] = {"friend_id": self.friend.id} if who == "friend" else {"member_number": who}
        items = tuple(NewItem(self.codes[place], quantity, amount) for place, quantity, amount in held)
        new = NewPurchase(f"o{self.orders}-{self.friend.id}", NOW - hours * HOUR, yen, items, **owner)
        purchases.record(self.session, new, NOW, "till")

    def _refund(self, number: int, yen: int | None) -> None:
        purchases.refund(self.session, f"o{number}-{self.friend.id}", NOW, yen)

    def _link(self, number: str) -> None:
        code = members.issue_link_code(self.session, number, NOW)
        members.link(self.session, self.friend, code, NOW)

    def _unlink(self) -> None:
        members.unlink(self.session, self.friend, NOW)


def begin(session: Session) -> Life:
    """Open the shop, or find it open, and let a friend and a customer who share nothing come in."""
    products = session.scalars(select(Product).order_by(Product.id)).all()
    if not products:
        products = [a_product(session, **values) for values in PRODUCTS]
        for place, lower in UPGRADES.items():
            products[place].upgrade_of_id = products[lower].id
    for held in session.scalars(select(Friend).where(Friend.member_number.is_not(None))):
        held.member_number = None
    session.flush()
    customer, friend = (
        a_friend(session, line_user_id=None, followed_at=None, member_number="A"),
        a_friend(session),
    )
    for one in (customer, friend):
        facts.refresh(session, one.id, NOW)
    return Life(session, friend, [product.code for product in products])


def orders_of(session: Session, friend_id: int) -> list[Order]:
    """Return a friend's orders as the oracle reads them."""
    made: list[Order] = []
    for row in session.scalars(select(Purchase).where(Purchase.friend_id == friend_id)):
        session.refresh(row)
        bought = session.execute(
            select(PurchaseItem, Product).join(Product).where(PurchaseItem.purchase_id == row.id)
        )
        items = tuple(_item(*each) for each in bought)
        made.append(
            Order(
                row.id, row.bought_at, row.amount_yen, row.refunded_yen, row.refunded_at is not None, row.is_trial, items
            )
        )  # fmt: skip
    return made


def _item(line: PurchaseItem, product: Product) -> Item:
    return Item(
        product.id, product.category, line.quantity, line.amount_yen,
        product.settling_count, product.upgrade_of_id, product.subscription_days,
    )  # fmt: skip


def facts_row(session: Session, friend_id: int) -> dict[str, Any]:
    """Return a friend's facts as they stand in the database."""
    query = select(Facts).where(Facts.friend_id == friend_id).execution_options(populate_existing=True)
    kept = session.scalars(query).one()
    return {column.key: getattr(kept, column.key) for column in inspect(Facts).column_attrs}


def cycle_rows(session: Session, friend_id: int) -> dict[str, dict[str, Any]]:
    """Return a friend's cycle rows by category."""
    rows = session.execute(select(*Cycle.__table__.c).where(Cycle.friend_id == friend_id)).mappings()
    return {row["category"]: dict(row) for row in rows}


def moves(session: Session, friend_id: int) -> list[tuple[str, str | None, str, datetime]]:
    """Return a friend's moves on the ladders."""
    query = select(StageChange.ladder, StageChange.from_stage, StageChange.to_stage, StageChange.at)
    rows = session.execute(query.where(StageChange.friend_id == friend_id))
    return [(ladder, before, after, at) for ladder, before, after, at in rows]
