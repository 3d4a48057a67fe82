"""Where a friend stands against the contact plan: whether there is room for one more message, and when there will be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select, true
from sqlalchemy.orm import Session

from segments import shop
from segments.compiler import sendable
from segments.contact_policy import MONTH, WEEK, ContactPolicy, Limits
from segments.contact_tally import Contact, at_least, day_number, day_of, unpacked
from segments.leaves.context import day_start
from segments.models import Facts, Friend
from segments.stages import Stage


class Full(NamedTuple):
    """A ceiling that is reached."""

    until: datetime
    """When there is room for one more."""
    figures: str
    """Sent, at most, in so many days."""


@dataclass(frozen=True)
class Standing:
    """How one friend stands on one day."""

    ceiling: Full | None = None
    selling: str = ""
    """Set when no more may sell: how many of the last messages did, of how many, at most, of how many."""


ROOM = Standing()
"""Nothing stands against one more message; most friends share it."""


class Plan:
    """Tells the standings of one day; friends with the same history are looked at once."""

    def __init__(self, policy: ContactPolicy, today: date, zone: tzinfo) -> None:
        self._policy, self._today, self._zone = policy, day_number(today), zone
        self._known: dict[tuple[str, str], Standing] = {}

    def standing(self, stage: str, recent: str) -> Standing:
        """Return where a friend of a stage stands whose Facts.recent_contacts are these."""
        known = self._known.get((stage, recent))
        if known is None:
            found = _standing(self._policy.of(stage), unpacked(recent), self._today, self._zone)
            known = self._known[stage, recent] = found
        return known


def _standing(limits: Limits, contacts: Sequence[Contact], today: int, zone: tzinfo) -> Standing:
    # What was told late may stand out of order.
    days = sorted((each.day for each in contacts), reverse=True)
    ceilings = (_ceiling(days, limits.week, WEEK, today), _ceiling(days, limits.month, MONTH, today))
    over = max((each for each in ceilings if each), default=None)
    full = Full(day_start(day_of(over[0]), zone), over[1]) if over else None
    last = contacts[: limits.sales_of_last - 1]
    sold = sum(each.sells for each in last)
    selling = f"{sold} {len(last)} {limits.sales} {limits.sales_of_last}" if sold >= limits.sales else ""
    return Standing(full, selling) if full or selling else ROOM


def _ceiling(days: Sequence[int], most: int, span: int, today: int) -> tuple[int, str] | None:
    """Return the day on which there is room again, with the figures; None when there is room."""
    sent = sum(day > today - span for day in days)
    if sent < most:
        return None
    # Today's own message would make room no sooner than in `span` days.
    frees = days[most - 1] + span if most else today + span
    return frees, f"{sent} {most} {span}"


class StageCount(NamedTuple):
    """How many friends of a stage, of those LINE lets us write to, are out of the plan."""

    stage: str
    friends: int
    full: int
    """At a ceiling."""
    below: int
    """Below the floor."""


def counts(session: Session, policy: ContactPolicy, now: datetime) -> list[StageCount]:
    """Return how friends stand against a plan, by stage; one pass over everybody."""
    today = day_number(shop.load(session).today(now))
    found: Mapping[str, tuple[int, int, int]] = {
        stage: (friends, full or 0, below or 0)
        for stage, friends, full, below in session.execute(
            select(
                Facts.stage,
                func.count(),
                func.count().filter(_full(policy, today)),
                func.count().filter(_below(policy, today)),
            )
            .join(Friend, Friend.id == Facts.friend_id)
            .where(sendable())
            .group_by(Facts.stage)
        )
    }
    return [StageCount(stage, *found[stage]) for stage in Stage if stage in found]


def below_floor(
    session: Session, policy: ContactPolicy, now: datetime, *, after_id: int = 0, limit: int = 100
) -> Sequence[tuple[int, str]]:
    """Return number and name of friends below their stage's floor, by number from `after_id` on."""
    today = day_number(shop.load(session).today(now))
    wanted = (
        select(Friend.id, Friend.display_name)
        .join(Facts, Facts.friend_id == Friend.id)
        .where(sendable(), _below(policy, today), Friend.id > after_id)
        .order_by(Friend.id)
        .limit(limit)
    )
    return [(id_, name) for id_, name in session.execute(wanted)]


def _below(policy: ContactPolicy, today: int) -> ColumnElement[bool]:
    floors = {stage: policy.of(stage).floor for stage in Stage}
    return or_(
        false(),
        *(
            and_(Facts.stage == stage.value, not_(at_least(floor, today - MONTH + 1)))
            for stage, floor in floors.items()
            if floor
        ),
    )


def _full(policy: ContactPolicy, today: int) -> ColumnElement[bool]:
    limits = {stage: policy.of(stage) for stage in Stage}
    return or_(
        false(),
        *(
            and_(
                Facts.stage == stage.value,
                or_(_reached(each.week, today - WEEK), _reached(each.month, today - MONTH)),
            )
            for stage, each in limits.items()
        ),
    )


def _reached(most: int, since: int) -> ColumnElement[bool]:
    return at_least(most, since + 1) if most else true()
