"""What bundling and free replies saved: pushes by month, at the price of one more message on the shop's plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import quota
from scheduler.models import Saving, Way
from scheduler.months import month_of
from scheduler.quota import Plan
from segments.upsert import insert_ignore


@dataclass(frozen=True)
class Month:
    """What one month saved."""

    month: str
    bundled: int
    """Messages that went in a push which left anyway."""
    on_replies: int
    yen: int


def message_sen(plan: Plan) -> int:
    """Return what one message is worth, in hundredths of a yen.

    With additional messages that is the price of the first of them, without any the monthly fee by what it includes.
    """
    if plan.extra:
        return round(plan.extra[0].yen * 100)
    return round(plan.monthly_yen * 100 / plan.included) if plan.included else 0


def note(session: Session, way: Way, messages: int, now: datetime) -> None:
    """Add to the month's tally, in the transaction that records what LINE accepted: exactly once."""
    if messages <= 0:
        return
    key = {"month": month_of(now), "way": way, "price_sen": message_sen(quota.plan_of(session))}
    insert_ignore(session, Saving, [key | {"messages": 0}])
    added = update(Saving).where(*(getattr(Saving, name) == value for name, value in key.items()))
    session.execute(
        added.values(messages=Saving.messages + messages).execution_options(synchronize_session=False)
    )


def by_month(session: Session, limit: int = 12) -> list[Month]:
    """Return what the last `limit` months with savings saved, the newest first."""
    rows = session.scalars(select(Saving).order_by(Saving.month.desc())).all()
    months = list(dict.fromkeys(row.month for row in rows))[:limit]
    return [_month(month, [row for row in rows if row.month == month]) for month in months]


def of_month(session: Session, now: datetime) -> Month:
    """Return what the month of `now` saved so far."""
    month = month_of(now)
    return _month(month, session.scalars(select(Saving).where(Saving.month == month)).all())


def _month(month: str, rows: Sequence[Saving]) -> Month:
    return Month(
        month,
        bundled=sum(row.messages for row in rows if row.way is Way.BUNDLE),
        on_replies=sum(row.messages for row in rows if row.way is Way.REPLY),
        yen=round(sum(row.messages * row.price_sen for row in rows) / 100),
    )
