"""A shop of any size for benchmarks: friends who buy by log-normal gaps until they drop out, with tags, coupons, signals.

Nothing of what is derived is filled in: facts stand on the lowest rung until they are rebuilt.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.segment_tables import Filler
from segments.db import Database
from segments.models import (
    Coupon,
    CouponGrant,
    CustomerEvent,
    EventKind,
    Facts,
    Friend,
    FriendTag,
    Link,
    LinkTap,
    PointEntry,
    Product,
    ProductKind,
    Purchase,
    PurchaseItem,
    Referral,
    StageChange,
    SurveyAnswer,
    Tag,
)

NOW = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
NOW_US = NOW.timestamp() * 1e6
DAY_US = 86_400e6
YEARS = 3
"""Years over which friends came and bought."""

CATEGORIES = ("お茶", "コーヒー", "お菓子", "調味料", "化粧品", "健康食品", "雑貨", "ペット")
PRODUCTS = 40
TAGS, ROUTES = 12, 6
PILOT = 20_000

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Size:
    """How big a shop is made, and by which seed."""

    friends: int
    purchases: int
    seed: int = 1


class Buying(NamedTuple):
    """All purchases in the order of their moments."""

    friend: Ints
    at: Floats
    is_first: NDArray[np.bool_]


def fill(database: Database, size: Size) -> None:
    """Fill an empty database that has every table."""
    rng = np.random.default_rng(size.seed)
    filler = Filler(database)
    filler.without_indexes()
    _products(filler)
    buying = buying_of(size, rng)
    _purchases(filler, buying, rng)
    del buying
    _friends(filler, size.friends, rng)
    _marks(filler, size.friends, rng)
    _signals(filler, size.friends, rng)
    filler.with_indexes()


def buying_of(size: Size, rng: np.random.Generator) -> Buying:
    """Return exactly `size.purchases` purchases: the latest of those that the friends would make."""
    middle = np.log(60.0)
    for friends in (min(size.friends, PILOT),) * 6:
        made = len(_simulate(friends, middle, rng)[0])
        middle += 0.9 * np.log(made / friends / (1.1 * size.purchases / size.friends))
    friend, at = _simulate(size.friends, middle, rng)
    while len(friend) < size.purchases:
        middle -= 0.1
        friend, at = _simulate(size.friends, middle, rng)
    order = np.argsort(at, kind="stable")[-size.purchases :]
    friend, at = friend[order], at[order]
    first = np.zeros(len(friend), dtype=bool)
    first[np.unique(friend, return_index=True)[1]] = True
    return Buying(friend, at, first)


def _simulate(friends: int, middle: float, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Return friends (from 1) and moments of purchases; one in eight never buys."""
    precision = rng.gamma(6.0, 1 / 1.5, friends)
    rhythm = np.maximum(rng.normal(middle, 1 / np.sqrt(2.0 * precision)), np.log(4.0))
    leaves = rng.beta(0.3, 3.0, friends)
    who = np.flatnonzero(rng.random(friends) < 0.875)
    day = rng.uniform(0, YEARS * 365, len(who))
    chosen: list[Ints] = []
    days: list[Floats] = []
    while len(who):
        chosen.append(who + 1)
        days.append(day)
        day = day + np.maximum(np.exp(rng.normal(rhythm[who], 1 / np.sqrt(precision[who]))), 0.01)
        stays = (rng.random(len(who)) >= leaves[who]) & (day < YEARS * 365)
        who, day = who[stays], day[stays]
    at = NOW_US - (YEARS * 365 - np.concatenate(days)) * DAY_US
    return np.concatenate(chosen), np.minimum(np.rint(at / 1e6) * 1e6, NOW_US - 60e6)


def price_of(product: Ints) -> Ints:
    """Return the price in yen of products by their number from 1; the first is a trial."""
    return np.where(product == 1, 500, 480 + 280 * ((product * 7) % 23))


def _products(filler: Filler) -> None:
    number = np.arange(1, PRODUCTS + 1)
    for each in number.tolist():
        filler.fill(
            Product,
            {
                "id": np.array([each]),
                "code": f"P{each:03}",
                "name": f"商品{each}",
                "category": CATEGORIES[each % len(CATEGORIES)],
                "price_yen": int(price_of(np.array([each]))[0]),
                "kind": (ProductKind.TRIAL if each == 1 else ProductKind.REGULAR).value,
                "settling_count": 3 if each % 7 == 0 else None,
                "upgrade_of_id": each - 8 if each > 35 else None,
                "subscription_days": 30 if each in {10, 20, 30} else None,
                "created_at": NOW_US - 4 * 365 * DAY_US,
            },
        )


def _purchases(filler: Filler, buying: Buying, rng: np.random.Generator) -> None:
    count = len(buying.friend)
    number = np.arange(1, count + 1)
    # A friend buys from a favourite category seven times in ten; product p is of category p mod 8.
    liked = rng.random(count) < 0.7
    category = np.where(liked, buying.friend % 8, rng.integers(0, 8, count))
    product = category + 8 * rng.integers(0, PRODUCTS // 8, count)
    product = np.where(product == 0, PRODUCTS, product)
    product[buying.is_first & (rng.random(count) < 0.4)] = 1
    quantity = rng.choice(np.array([1, 1, 1, 1, 2, 3]), count)
    yen = price_of(product) * quantity
    second = np.flatnonzero(rng.random(count) < 0.1)
    other = rng.integers(2, PRODUCTS + 1, len(second))
    total = yen.copy()
    total[second] += price_of(other)
    back = rng.random(count)
    refunded = np.where(back < 0.005, total, np.where(back < 0.01, total // 2, 0))
    is_trial = product == 1
    is_trial[second] = False
    filler.fill(
        Purchase,
        {
            "order_id": _named(b"A", number, 10),
            "friend_id": buying.friend,
            "bought_at": buying.at,
            "amount_yen": total,
            "refunded_yen": refunded,
            "refunded_at": np.where(refunded > 0, np.minimum(buying.at + 3 * DAY_US, NOW_US), np.nan),
            "is_trial": is_trial,
            "source": "import:1",
            "created_at": buying.at,
        },
    )
    del total, refunded, back
    of = np.concatenate((number, number[second]))
    order = np.argsort(of, kind="stable")
    line = np.ones(len(of), dtype=np.int64)
    line[count:] = 2
    filler.fill(
        PurchaseItem,
        {
            "purchase_id": of[order],
            "line": line[order],
            "product_id": np.concatenate((product, other))[order],
            "quantity": np.concatenate((quantity, np.ones(len(second), dtype=np.int64)))[order],
            "amount_yen": np.concatenate((yen, price_of(other)))[order],
        },
    )


def _named(letter: bytes, number: Ints, width: int) -> NDArray[Any]:
    """Return `letter` followed by the number with leading zeros, in bytes of that width."""
    digits = np.empty((len(number), width), dtype=np.uint8)
    digits[:, 0] = letter[0]
    rest = number.copy()
    for place in range(width - 1, 0, -1):
        digits[:, place] = 48 + rest % 10
        rest //= 10
    return digits.reshape(-1).view(f"S{width}")


def _maybe(rng: np.random.Generator, share: float, values: Floats) -> Floats:
    return np.where(rng.random(len(values)) < share, values, np.nan)


def _ago(rng: np.random.Generator, count: int, days: float = YEARS * 365) -> Floats:
    return np.rint((NOW_US - rng.uniform(0.01, days, count) * DAY_US) / 1e6) * 1e6


def _friends(filler: Filler, count: int, rng: np.random.Generator) -> None:
    number = np.arange(1, count + 1)
    came = _ago(rng, count)
    followed = np.where(rng.random(count) < 0.97, came, np.nan)
    route = rng.integers(0, ROUTES, count)
    for each in range(ROUTES):  # the last are those who came by no known route
        some = np.flatnonzero(route == each)
        filler.fill(
            Friend,
            {
                "id": number[some],
                "line_user_id": _named(b"U", number[some], 33),
                "display_name": _named(b"N", number[some], 8),
                "searched": _named(b"n", number[some], 8),  # as segments.folding writes it
                "language": "en" if each == 1 else "ja",
                "route": f"route-{each}" if each < ROUTES - 1 else None,
                "member_number": _named(b"M", number[some], 9),
                "birthday": np.rint(_maybe(rng, 0.7, rng.uniform(-14_000, 13_000, len(some)))),
                "created_at": came[some],
                "followed_at": followed[some],
                "follow_state_at": followed[some],
                "blocked_at": _maybe(rng, 0.08, _ago(rng, len(some))),
                "opted_out_at": _maybe(rng, 0.03, _ago(rng, len(some))),
            },
        )
    since = {"stage_since": came, "stage_reason": "known"}
    filler.fill(Facts, {"friend_id": number} | since)
    filler.fill(
        StageChange, {"friend_id": number, "to_stage": "aware", "reason": "known", "at": since["stage_since"]}
    )


def _marks(filler: Filler, count: int, rng: np.random.Generator) -> None:
    for each in range(1, TAGS + 1):
        filler.fill(Tag, {"id": np.array([each]), "name": f"タグ{each}", "created_at": NOW_US})
    carried = [np.flatnonzero(rng.random(count) < 1.5 / TAGS) + 1 for _ in range(TAGS)]
    filler.fill(
        FriendTag,
        {
            "friend_id": np.concatenate(carried),
            "tag_id": np.repeat(np.arange(1, TAGS + 1), [len(each) for each in carried]),
            "set_at": NOW_US,
            "set_by": "import:1",
        },
    )
    for each, days in enumerate((30, 60, 365), start=1):
        kind = {"key": f"coupon{each}", "title": "クーポン", "discount_yen": 500, "valid_days": days}
        filler.fill(Coupon, {"id": np.array([each]), "created_at": NOW_US} | kind)
    grants = np.flatnonzero(rng.random(count) < 0.2) + 1
    granted = _ago(rng, len(grants), 400)
    filler.fill(
        CouponGrant,
        {
            "coupon_id": rng.integers(1, 4, len(grants)),
            "friend_id": grants,
            "code": _named(b"C", grants, 12),
            "cause": _named(b"G", grants, 12),
            "granted_at": granted,
            "expires_at": granted + 90 * DAY_US,
            "redeemed_at": _maybe(rng, 0.4, granted + DAY_US),
        },
    )


def _signals(filler: Filler, count: int, rng: np.random.Generator) -> None:
    shares = {
        EventKind.FREE_ITEM_CLAIMED: 0.3,
        EventKind.SATISFIED: 0.05,
        EventKind.DISSATISFIED: 0.02,
        EventKind.TAPPED: 0.2,
        EventKind.WROTE: 0.2,
        EventKind.ANSWERED: 0.1,
        EventKind.EVENT_JOINED: 0.02,
    }
    first = 1
    for kind, share in shares.items():
        who = np.flatnonzero(rng.random(count) < share) + 1
        at = _ago(rng, len(who))
        number = np.arange(first, first + len(who))
        first += len(who)
        filler.fill(
            CustomerEvent, {"id": number, "kind": kind.value, "friend_id": who, "at": at, "read_at": at}
        )
        if kind == EventKind.TAPPED:
            link = {"name": "案内", "url": "https://example.com/", "created_at": NOW_US}
            filler.fill(Link, {"id": np.array([1])} | link)
            filler.fill(LinkTap, {"link_id": 1, "friend_id": who, "at": at})
        if kind == EventKind.ANSWERED:
            answer = np.where(who % 2 == 0, b"yes", b"no.")
            filler.fill(SurveyAnswer, {"friend_id": who, "question": "likes-tea", "answer": answer, "at": at})
    who = np.flatnonzero(rng.random(count) < 0.2) + 1
    points = {"points": rng.integers(1, 500, len(who)), "cause": _named(b"P", who, 10), "by": "rule"}
    filler.fill(PointEntry, {"friend_id": who, "at": _ago(rng, len(who))} | points)
    newcomers = np.flatnonzero(rng.random(count) < 0.01) + 1
    referrers = rng.integers(1, count + 1, len(newcomers))
    apart = newcomers != referrers
    filler.fill(
        Referral,
        {"referrer_id": referrers[apart], "newcomer_id": newcomers[apart], "entered_at": NOW_US - DAY_US},
    )
