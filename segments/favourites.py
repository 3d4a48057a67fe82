"""A friend's favourite categories, and how loyal and casual buyers divide the shop's takings."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, and_, case, cast, func, select
from sqlalchemy.orm import Session

from segments.models import Cycle, Facts
from segments.purchase_history import EVERYTHING
from segments.rfm_cuts import Loyalty, RfmPolicy


@dataclass(frozen=True, slots=True)
class Favourite:
    """One category a friend buys."""

    category: str
    yen: int
    """Spent on it, after refunds."""
    days: int
    """Different days on which it was bought."""


@dataclass(frozen=True, slots=True)
class LoyaltyGroup:
    """The buyers of one kind, together."""

    loyalty: Loyalty
    buyers: int
    yen: int
    purchases: int


def favourite_categories(session: Session, friend_id: int, limit: int = 5) -> list[Favourite]:
    """Return the categories a friend spent most on, of equals the smaller name first; from the cycle rows."""
    rows = session.execute(
        select(Cycle.category, Cycle.sum_amount, Cycle.n + 1)
        .where(Cycle.friend_id == friend_id, Cycle.category != EVERYTHING)
        .order_by(Cycle.sum_amount.desc(), Cycle.category)
        .limit(limit)
    )
    return [Favourite(category, yen, days) for category, yen, days in rows]


def loyalty_groups(session: Session, policy: RfmPolicy) -> list[LoyaltyGroup]:
    """Return loyal and casual buyers, in this order; friends who never bought are neither."""
    lasts = Facts.purchase_status != "lapsed"
    loyal = case((and_(Facts.purchase_count >= policy.loyal_purchases, lasts), 1), else_=0).label("loyal")
    yen, purchases = (cast(func.sum(each), BigInteger) for each in (Facts.spend_yen, Facts.purchase_count))
    query = select(loyal, func.count(), yen, purchases).where(Facts.purchase_count > 0).group_by(loyal)
    found = {bool(row[0]): (row[1], row[2], row[3]) for row in session.execute(query)}
    kinds = ((Loyalty.LOYAL, True), (Loyalty.CASUAL, False))
    return [LoyaltyGroup(kind, *found.get(is_loyal, (0, 0, 0))) for kind, is_loyal in kinds]
