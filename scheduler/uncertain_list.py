"""What waits for a person to decide whether it arrived: counted, and listed with its friend and its campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from scheduler import bulk, lost_tries, uncertain
from scheduler.models import Broadcast, BroadcastState, Delivery, Scenario, Step
from scheduler.uncertain import Lost
from segments.models import Friend

PAGE = 100


@dataclass(frozen=True)
class About:
    """Whose deliveries are listed: all, or those of one broadcast or friend."""

    broadcast_id: int | None = None
    friend_id: int | None = None

    def where(self) -> list[ColumnElement[bool]]:
        """Return what narrows a query of deliveries to these."""
        found: list[ColumnElement[bool]] = []
        if self.broadcast_id is not None:
            found.append(Delivery.broadcast_id == self.broadcast_id)
        if self.friend_id is not None:
            found.append(Delivery.friend_id == self.friend_id)
        return found


@dataclass(frozen=True)
class Row:
    """One undecided delivery with the names that belong to it."""

    lost: Lost
    tried_before: int
    """How often a person had it sent again before."""
    friend: str
    broadcast: str | None
    scenario: tuple[str, str] | None
    """Name and English name."""
    step: str | None
    obstacle: str | None
    """The code of why it cannot be sent again."""


EVERYTHING = About()


def count(session: Session, about: About = EVERYTHING) -> int:
    """Return how many wait for a decision."""
    query = select(func.count()).select_from(Delivery).where(uncertain.undecided(), *about.where())
    return session.scalar(query) or 0


def page(session: Session, about: About, after: int, now: datetime) -> tuple[list[Row], int | None]:
    """Return some of them, the oldest first, and after which the next page begins."""
    query = uncertain.lost_ones(*about.where(), Delivery.id > after).limit(PAGE + 1)
    found = [Lost(*row) for row in session.execute(query)]
    return named(session, found[:PAGE], now), found[PAGE - 1].id if len(found) > PAGE else None


def chosen(session: Session, delivery_ids: Sequence[int], now: datetime) -> list[Row]:
    """Return those of some deliveries that still wait for a decision."""
    query = uncertain.lost_ones(bulk.among(session, Delivery.id, delivery_ids[: uncertain.MOST]))
    return named(session, [Lost(*row) for row in session.execute(query)], now)


def named(session: Session, lost: Sequence[Lost], now: datetime) -> list[Row]:
    """Return deliveries with the names that belong to them."""
    tried = lost_tries.counts(session, [each.id for each in lost])
    friends = _names(session, Friend.id, Friend.display_name, {each.friend_id for each in lost})
    broadcasts = _broadcasts(session, {each.broadcast_id for each in lost if each.broadcast_id is not None})
    steps = _steps(session, {each.step_id for each in lost if each.step_id is not None})
    states = {id_: state for id_, (_name, state, gone) in broadcasts.items() if not gone}
    return [
        Row(
            lost=each,
            tried_before=tried.get(each.id, 0),
            friend=friends.get(each.friend_id, ""),
            broadcast=broadcasts[each.broadcast_id][0] if each.broadcast_id in broadcasts else None,
            scenario=steps[each.step_id][1] if each.step_id in steps else None,
            step=steps[each.step_id][0] if each.step_id in steps else None,
            obstacle=uncertain.obstacle(each, states, now),
        )
        for each in lost
    ]


def _names(session: Session, id_: Any, name: Any, ids: set[int]) -> dict[int, str]:
    return dict(session.execute(select(id_, name).where(bulk.among(session, id_, ids))).all())


def _broadcasts(session: Session, ids: set[int]) -> dict[int, tuple[str, BroadcastState, bool]]:
    columns = (Broadcast.id, Broadcast.name, Broadcast.state, Broadcast.removed_at)
    rows = session.execute(select(*columns).where(Broadcast.id.in_(ids)))
    return {id_: (name, state, removed_at is not None) for id_, name, state, removed_at in rows}


def _steps(session: Session, ids: set[int]) -> dict[int, tuple[str, tuple[str, str]]]:
    rows = session.execute(
        select(Step.id, Step.name, Scenario.name, Scenario.name_en)
        .join(Scenario, Scenario.id == Step.scenario_id)
        .where(Step.id.in_(ids))
    )
    return {id_: (step, (name, english)) for id_, step, name, english in rows}
