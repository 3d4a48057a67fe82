"""What the database says of all friends a message is rendered for: only what is named, a query each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.fact_sources import Catalogue, HeldCoupon, best_coupons, catalogue, last_products, references
from scheduler.link_calls import FACT as LINKS
from segments import links
from segments.models import Cycle, Facts, Friend
from segments.recommending import Recommendation, recommend

REFERRAL_FACTS = frozenset({"referral_code", "referral_url", "share_url"})
RECOMMENDED = frozenset({"recommended", "recommendations"})


class LookedUp(NamedTuple):
    """What the database said of all friends asked about."""

    rows: dict[int, Any]
    """By friend: the columns of `_rows`."""
    last: dict[int, int]
    goods: Catalogue
    coupons: dict[int, list[HeldCoupon]]
    recommended: dict[int, list[Recommendation]]
    codes: dict[int, str]
    links: Mapping[str, links.Target]
    names: frozenset[str]
    """The facts asked for."""


def look_up(
    session: Session,
    friend_ids: set[int],
    names: frozenset[str],
    now: datetime,
    code_instead: str | None = None,
) -> LookedUp:
    """Ask for the facts called `names` of some friends; with `code_instead` nobody gets a referral code by it."""
    ids = sorted(friend_ids)
    last = last_products(session, ids) if "last_product" in names else {}
    return LookedUp(
        rows=_rows(session, ids, names),
        last=last,
        goods=catalogue(session, last.values()) if names & {"last_product", "trial"} else Catalogue(()),
        coupons=best_coupons(session, ids, now) if names & {"coupon", "coupons"} else {},
        recommended=recommend(session, ids, now) if names & RECOMMENDED else {},
        codes=references(session, ids, code_instead) if names & REFERRAL_FACTS else {},
        links=links.targets(session) if LINKS in names else {},
        names=names,
    )


_OF_FACTS: Final = frozenset({"stage", "purchase_count", "last_purchase", "trial"})
_OF_CYCLE: Final = frozenset({"next_due", "cycle_reason"})


def _rows(session: Session, friend_ids: Sequence[int], names: frozenset[str]) -> dict[int, Any]:
    """Return of each friend the columns that the facts called `names` are made of."""
    columns: list[Any] = [Friend.id, Friend.display_name, Friend.language, Friend.member_number]
    query = select(*columns).where(bulk.among(session, Friend.id, friend_ids))
    if names & _OF_FACTS:
        of_facts = (Facts.stage, Facts.purchase_count, Facts.last_purchase_at, Facts.trial_offer_ends_at)
        query = query.add_columns(*of_facts).outerjoin(Facts, Facts.friend_id == Friend.id)
    if names & _OF_CYCLE:
        of_all = (Cycle.friend_id == Friend.id) & (Cycle.category == "")
        query = query.add_columns(Cycle.n, Cycle.cycle_days, Cycle.due_at).outerjoin(Cycle, of_all)
    return {row.id: row for row in session.execute(query)}
