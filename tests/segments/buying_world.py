"""A small shop full of awkward purchases, and slow plain answers to every question of the analyses."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from segments import facts
from segments.models import Purchase, PurchaseItem
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY

TOKYO = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True)
class Line:
    """One line of an order, in products' own ids."""

    product: int
    quantity: int
    yen: int


@dataclass(frozen=True)
class Order:
    """One order as it stands."""

    friend: int | None
    at: datetime
    yen: int
    refunded: int
    was_refunded: bool
    lines: tuple[Line, ...]

    @property
    def counts(self) -> bool:
        """Whether anything of it was kept."""
        return not self.was_refunded or self.refunded < self.yen

    def day(self, zone: ZoneInfo = TOKYO) -> date:
        """Return its day in the shop."""
        return self.at.astimezone(zone).date()


@dataclass
class World:
    """All orders, and the category of each product."""

    orders: list[Order] = field(default_factory=list[Order])
    categories: dict[int, str] = field(default_factory=dict[int, str])

    def kept(self) -> Iterator[Order]:
        """Give the orders that count."""
        return (order for order in self.orders if order.counts)

    def histories(self) -> dict[int, list[Order]]:
        """Return what counts of each friend, oldest first."""
        found = defaultdict[int, list[Order]](list)
        for order in sorted(self.kept(), key=lambda each: each.at):
            if order.friend is not None:
                found[order.friend].append(order)
        return found

    def sold(
        self, since: datetime | None, until: datetime | None, names: Mapping[int, object] | None = None
    ) -> dict[object, tuple[int, int, int]]:
        """Return quantity, yen and buyers of each product in a period, or of what `names` calls it."""
        quantity, yen, buyers = Counter[object](), Counter[object](), defaultdict[object, set[int]](set)
        for order in self.kept():
            if (since and order.at < since) or (until and order.at >= until):
                continue
            for line in order.lines:
                name = names[line.product] if names else line.product
                quantity[name] += line.quantity
                yen[name] += line.yen * (order.yen - order.refunded) // order.yen if order.yen else 0
                buyers[name] |= {order.friend} if order.friend is not None else set()
        return {name: (quantity[name], yen[name], len(buyers[name])) for name in quantity}

    def steps(self) -> tuple[Counter[tuple[int, int]], Counter[int]]:
        """Return how many friends went from one product to another, and how many bought each."""
        steps, buyers = Counter[tuple[int, int]](), Counter[int]()
        for history in self.histories().values():
            baskets = defaultdict[date, set[int]](set)
            for order in history:
                baskets[order.day()] |= {line.product for line in order.lines}
            for product in {product for basket in baskets.values() for product in basket}:
                buyers[product] += 1
                first = min(day for day, basket in baskets.items() if product in basket)
                later = [day for day, basket in baskets.items() if day > first and basket - {product}]
                if later:
                    steps.update((product, other) for other in baskets[min(later)] - {product})
        return steps, buyers


def build(session: Session, seed: int, friends: int = 25, orders: int = 300) -> World:
    """Fill a database with refunds, orders at one moment, empty orders and members nobody knows; learn the facts."""
    random, world = Random(seed), World()
    products = [a_product(session, category=f"C{number % 3}" if number else "") for number in range(8)]
    world.categories = {product.id: product.category for product in products}
    ids = [a_friend(session).id for _ in range(friends)]
    for number in range(orders):
        order = _order(random, ids, list(world.categories))
        world.orders.append(order)
        _insert(session, order, f"{seed}-{number}")
    session.flush()
    facts.learn_purchases_many(session, ids, A_SATURDAY, announce=False)
    return world


def _order(random: Random, friends: list[int], products: list[int]) -> Order:
    # Few days and few hours, so that many orders fall together, midnight in Tokyo (15:00 UTC) among them.
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
        days=random.choice((0, 1, 2, 30, 31, 60, random.randrange(320))), hours=random.choice((0, 14, 15, 23))
    )
    chosen = [random.choice(products) for _ in range(random.choice((0, 1, 1, 2, 3)))]
    lines = tuple(Line(product, random.randint(1, 3), random.randrange(0, 3000)) for product in chosen)
    yen = sum(line.yen for line in lines)
    refunded = random.choice((0, 0, 0, 0, yen, yen // 3))
    friend = None if random.random() < 0.05 else random.choice(friends)
    return Order(friend, at, yen, refunded, bool(refunded) or random.random() < 0.02, lines)


def _insert(session: Session, order: Order, name: str) -> None:
    items = [
        PurchaseItem(line=number, product_id=line.product, quantity=line.quantity, amount_yen=line.yen)
        for number, line in enumerate(order.lines, start=1)
    ]
    session.add(
        Purchase(
            order_id=name,
            friend_id=order.friend,
            member_number=None if order.friend else "M1",
            bought_at=order.at,
            amount_yen=order.yen,
            refunded_yen=order.refunded,
            refunded_at=A_SATURDAY if order.was_refunded else None,
            source="test",
            created_at=A_SATURDAY,
            items=items,
        )
    )
