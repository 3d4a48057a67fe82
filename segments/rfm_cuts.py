"""RFM scores, spend deciles and loyalty as pure functions of a friend's sums, the shop's cuts and time.

The same cuts are used from both sides: a score from a value, and the range of values that has a score.
Recency counts whole periods of 24 hours back from the moment of asking, as conditions do everywhere.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple, cast

from segments.errors import Invalid

SCORES = (1, 2, 3, 4, 5)
"""5 is the best."""
DECILES = tuple(range(1, 11))
"""1 is the tenth of the buyers who spent most (デシル1)."""
MOST = 10**9

Cuts = Sequence[int]


class Loyalty(StrEnum):
    """The two kinds of buyers that seed 004 tells apart."""

    LOYAL = "loyal"
    CASUAL = "casual"


class Scores(NamedTuple):
    """A buyer's three scores, 1 to 5 each."""

    recency: int
    frequency: int
    monetary: int


@dataclass(frozen=True)
class Deciles:
    """The spend, in yen, at which each of the upper nine deciles begins, as measured on one day."""

    bounds: tuple[int, ...] = ()
    """Nine amounts, none higher than the one before; empty while nobody has bought."""
    buyers: int = 0
    day: date | None = None
    """The day of the shop's calendar on which they were measured; None before the first time."""


@dataclass(frozen=True)
class RfmPolicy:
    """What the shop decides about its RFM scores; the deciles are measured, not decided, and come along.

    The defaults suit a shop whose customers buy things of daily use every month or two at ¥3,000 to ¥5,000.
    """

    recency_days: tuple[int, ...] = (30, 90, 180, 365)
    """Fewer days than these since the last purchase score 5, 4, 3, 2; more score 1."""
    purchase_counts: tuple[int, ...] = (2, 3, 5, 10)
    """From so many purchases on the score is 2, 3, 4, 5; a first purchase scores 1."""
    spend_yen: tuple[int, ...] = (10_000, 30_000, 50_000, 100_000)
    """From so much spent on the score is 2, 3, 4, 5; less scores 1."""
    loyal_purchases: int = 3
    """So many purchases make a loyal customer, as long as they have not lapsed."""
    deciles: Deciles = field(default=Deciles())

    def to_json(self) -> dict[str, Any]:
        """Write what is decided as plain JSON."""
        return {
            "recency_days": list(self.recency_days),
            "purchase_counts": list(self.purchase_counts),
            "spend_yen": list(self.spend_yen),
            "loyal_purchases": self.loyal_purchases,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], deciles: Deciles | None = None) -> "RfmPolicy":
        """Read a policy; raises Invalid("policy_invalid", field=…) for a name or cuts that cannot be."""
        names = {each.name for each in fields(cls)} - {"deciles"}
        for name, value in data.items():
            fine = name in names and (
                _is_number(value, 1) if name == "loyal_purchases" else _are_cuts(name, value)
            )
            if not fine:
                raise Invalid("policy_invalid", field=name)
        given: dict[str, Any] = {
            name: tuple(cast("list[int]", value)) if isinstance(value, list) else value
            for name, value in data.items()
        }
        return cls(**given, deciles=deciles or Deciles())


def recency_range(score: int, cuts: Cuts, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return (after, until): who last bought after the one and not after the other has this recency score at `now`.

    None leaves that side open. Friends who never bought have no score: their last purchase is None.
    """
    place = len(cuts) + 1 - score
    after = None if place == len(cuts) else now - timedelta(days=cuts[place])
    until = None if place == 0 else now - timedelta(days=cuts[place - 1])
    return after, until


def count_range(score: int, cuts: Cuts) -> tuple[int, int | None]:
    """Return (at_least, at_most) purchases that have this frequency score; None leaves that side open."""
    return (1 if score == 1 else cuts[score - 2]), (None if score > len(cuts) else cuts[score - 1] - 1)


def spend_range(score: int, cuts: Cuts) -> tuple[int, int | None]:
    """Return (at_least, at_most) yen spent that have this monetary score; None leaves that side open.

    Only buyers have a score: who asks a database must also ask for purchase_count >= 1, for 0 yen scores 1.
    """
    return (0 if score == 1 else cuts[score - 2]), (None if score > len(cuts) else cuts[score - 1] - 1)


def decile_range(decile: int, bounds: Cuts) -> tuple[int, int | None]:
    """Return (at_least, at_most) yen spent that lie in this decile, 1 the highest; None leaves that side open.

    A range that ends before it begins holds nobody: so it is while nothing was measured, and where equal
    spends fill the decile above. Only buyers count here too: ask for purchase_count >= 1 beside it.
    """
    if not bounds:
        return 1, 0
    at_least = 0 if decile > len(bounds) else bounds[decile - 1]
    return at_least, (None if decile == 1 else bounds[decile - 2] - 1)


def recency_score(last_at: datetime, cuts: Cuts, now: datetime) -> int:
    """Return 5 for who bought last, down to 1."""
    return len(cuts) + 1 - bisect_right(cuts, (now - last_at) / timedelta(days=1))


def count_score(purchases: int, cuts: Cuts) -> int:
    """Return 1 to 5 for a number of purchases of at least 1."""
    return 1 + bisect_right(cuts, purchases)


def spend_score(yen: int, cuts: Cuts) -> int:
    """Return 1 to 5 for yen spent by a buyer."""
    return 1 + bisect_right(cuts, yen)


def scores_of(
    last_at: datetime | None, purchases: int, yen: int, policy: RfmPolicy, now: datetime
) -> Scores | None:
    """Return a friend's three scores; None for who never bought."""
    if last_at is None or purchases < 1:
        return None
    return Scores(
        recency_score(last_at, policy.recency_days, now),
        count_score(purchases, policy.purchase_counts),
        spend_score(yen, policy.spend_yen),
    )


def decile_of(spend: int, bounds: Cuts) -> int | None:
    """Return the decile, 1 the highest, of a buyer's spend in yen; None while nothing was measured."""
    return 1 + sum(spend < bound for bound in bounds) if bounds else None


def loyalty_of(purchases: int, purchase_status: str, policy: RfmPolicy) -> Loyalty | None:
    """Tell a loyal customer from a casual one; None for who never bought.

    Loyal is who bought at least `loyal_purchases` times and has not lapsed by their own cycle
    (Facts.purchase_status); every other buyer is casual (seed 004, 購買頻度).
    """
    if purchases < 1:
        return None
    return (
        Loyalty.LOYAL
        if purchases >= policy.loyal_purchases and purchase_status != "lapsed"
        else Loyalty.CASUAL
    )


def _is_number(value: Any, least: int) -> bool:
    return type(value) is int and least <= value < MOST


def _are_cuts(name: str, value: Any) -> bool:
    """Tell whether the value is four numbers in strict order that leave something below and above each."""
    if not isinstance(value, list | tuple):
        return False
    cuts = cast("Sequence[Any]", value)
    # A first purchase must score 1, so the lowest cut of counts is 2; ten years are the longest anybody asks for.
    least, most = (2 if name == "purchase_counts" else 1), (3660 if name == "recency_days" else MOST)
    whole = all(_is_number(each, least) and each <= most for each in cuts)
    return len(cuts) == len(SCORES) - 1 and whole and all(a < b for a, b in pairwise(cuts))
