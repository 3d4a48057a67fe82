"""Keeps the purchase-cycle rows of friends in step with their purchases."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import bindparam, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from segments.cycle import CycleParams, CycleState, Forecast, after_purchase, forecast_many
from segments.ladder_facts import NO_DATES, CycleDates
from segments.models import Cycle
from segments.purchase_history import EVERYTHING, Bought

KEY = ("friend_id", "category")
_STORED = select(*Cycle.__table__.columns).where(Cycle.friend_id.in_(bindparam("friend_ids", expanding=True)))


def states_of(bought: Iterable[Bought], params: CycleParams, zone: tzinfo) -> dict[str, CycleState]:
    """Return one friend's state by category, from their purchases oldest first; days are those of `zone`."""
    states: dict[str, CycleState] = {}
    for one in bought:
        at = one.at.astimezone(zone)
        for category, share in one.shares.items():
            yen = one.yen if category == EVERYTHING else share.yen
            states[category] = after_purchase(
                states.get(category), at, yen, max(share.quantity, 1), params.of(category)
            )
    return states


def keep(
    session: Session,
    friend_ids: Sequence[int],
    history: Mapping[int, Sequence[Bought]],
    params: CycleParams,
    zone: tzinfo,
    now: datetime,
) -> dict[int, CycleDates]:
    """Make the rows of friends follow from their purchases; return the dates of each friend's overall cycle."""
    stored = _stored(session, friend_ids)
    states = {
        (friend_id, category): state
        for friend_id, bought in history.items()
        for category, state in states_of(bought, params, zone).items()
    }
    rows = _rows(states, stored, params, now)
    _upsert(session, [row for key, row in rows.items() if row != stored.get(key)])
    _delete(session, [key for key in stored if key not in rows])
    return {
        friend_id: CycleDates(row["due_at"], row["slip_at"], row["lapse_at"])
        for (friend_id, category), row in rows.items()
        if category == EVERYTHING
    }


def state_of(row: Cycle) -> CycleState:
    """Return the state that a row keeps."""
    return CycleState(**{each.name: getattr(row, each.name) for each in fields(CycleState)})


def dates_of(session: Session, friend_id: int) -> CycleDates:
    """Return the dates of the friend's overall cycle; NO_DATES when nothing was bought."""
    overall = select(Cycle.due_at, Cycle.slip_at, Cycle.lapse_at).where(
        Cycle.friend_id == friend_id, Cycle.category == EVERYTHING
    )
    row = session.execute(overall).one_or_none()
    return CycleDates(*row) if row else NO_DATES


def _stored(session: Session, friend_ids: Sequence[int]) -> dict[tuple[int, str], dict[str, Any]]:
    rows = session.execute(_STORED, {"friend_ids": list(friend_ids)}).mappings()
    return {(row["friend_id"], row["category"]): dict(row) for row in rows}


def _rows(
    states: Mapping[tuple[int, str], CycleState],
    stored: Mapping[tuple[int, str], dict[str, Any]],
    params: CycleParams,
    now: datetime,
) -> dict[tuple[int, str], dict[str, Any]]:
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for key, state, forecast in dated(states, params):
        row = {"friend_id": key[0], "category": key[1]} | vars(state) | vars(forecast)
        rows[key] = row | {"reminded_at": _reminded_at(row, stored.get(key), now)}
    return rows


def dated(
    states: Mapping[tuple[int, str], CycleState], params: CycleParams
) -> Iterator[tuple[tuple[int, str], CycleState, Forecast]]:
    """Give the states with their forecasts, each by the parameters that hold in its category."""
    for own in {id(own): own for own in (params, *params.categories.values())}.values():
        alike = {key: state for key, state in states.items() if params.of(key[1]) is own}
        for (key, state), dates in zip(alike.items(), forecast_many(list(alike.values()), own), strict=True):
            yield key, state, dates


def _reminded_at(row: dict[str, Any], before: dict[str, Any] | None, now: datetime) -> datetime | None:
    if before is not None and before["last_at"] == row["last_at"]:
        return before["reminded_at"]  # one reminder a purchase, even when new parameters move its day
    # A purchase learned so late that its reminder's day is over (an import) is not reminded of.
    over = row["remind_at"] is not None and row["remind_at"] <= now
    return now if over else None


def _upsert(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert = dialect.insert(Cycle)
    changed = {name: insert.excluded[name] for name in rows[0] if name not in KEY}
    session.execute(insert.on_conflict_do_update(index_elements=KEY, set_=changed), rows)


def _delete(session: Session, keys: Sequence[tuple[int, str]]) -> None:
    if keys:
        session.execute(delete(Cycle).where(tuple_(Cycle.friend_id, Cycle.category).in_(keys)))
