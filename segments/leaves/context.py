"""What a condition is asked against: the moment, the shop's days, and what the shop has decided or measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from segments.errors import Invalid
from segments.leaves.scanning import FEW_DAYS, unindexed
from segments.rfm_cuts import RfmPolicy

Edge = Select[int]
"""Ids of friends whose answer may have changed, read from an index."""


@dataclass(frozen=True)
class Known:
    """What stands outside of a condition but decides what it means; segments.condition_known reads it."""

    rfm: RfmPolicy = field(default_factory=RfmPolicy)
    segments: Mapping[int, Any] = field(default_factory=dict[int, Any])
    """The conditions (conditions.Condition) of the saved segments that are named, at any depth."""
    frozen: Mapping[int, datetime] = field(default_factory=dict[int, datetime])
    """When the frozen lists were made whose reactions are asked for."""
    names: Mapping[tuple[str, object], str] = field(default_factory=dict[tuple[str, object], str])
    """What people call a thing, by its kind and its key; only needed for words."""

    def inside(self, segment_id: int) -> Any:
        """Return the condition of a saved segment; raises Invalid("condition_segment_missing")."""
        if segment_id not in self.segments:
            raise Invalid("condition_segment_missing", missing=[segment_id])
        return self.segments[segment_id]

    def frozen_at(self, audience_id: int) -> datetime:
        """Return when a list was frozen; raises Invalid("condition_audience_missing")."""
        if audience_id not in self.frozen:
            raise Invalid("condition_audience_missing", missing=[audience_id])
        return self.frozen[audience_id]

    def name(self, kind: str, key: object) -> str:
        """Return what people call a thing, or its key when that is all there is."""
        return self.names.get((kind, key)) or str(key)


NOTHING_KNOWN = Known()


@dataclass(frozen=True)
class Context:
    """One moment at which a condition is asked."""

    now: datetime
    zone: tzinfo
    known: Known = NOTHING_KNOWN
    wide: bool = False
    """Whether nearly everybody is looked at: rows of others are then gathered first instead of looked up one by one."""

    def broad(self, column: Any, within_days: int | None = None) -> Any:
        """Return a column of Friend or Facts as it is best compared: by its index only where that finds few."""
        few = within_days is not None and within_days <= FEW_DAYS
        return unindexed(column) if self.wide and not few else column

    @cached_property
    def today(self) -> date:
        """The day it is in the shop."""
        return self.now.astimezone(self.zone).date()

    def day(self, shift: int) -> datetime:
        """Return the moment at which the day `shift` days after today begins in the shop."""
        return day_start(self.today + timedelta(days=shift), self.zone)


def day_start(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a day, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


@dataclass(frozen=True)
class Span:
    """Two moments between which time alone passed."""

    since: Context
    until: Context

    @property
    def same_day(self) -> bool:
        """Whether no day of the shop's calendar began in between."""
        return self.since.today == self.until.today

    def passed(self, friend_id: Any, column: Any, *where: ColumnElement[bool]) -> list[Edge]:
        """Return whose moment in `column` was passed."""
        return self.between(friend_id, column, self.since.now, self.until.now, *where)

    def crossed(self, friend_id: Any, column: Any, shift: int, *where: ColumnElement[bool]) -> list[Edge]:
        """Return whose moment in `column` lies on the other side of the day `shift` days from today than before."""
        if self.same_day:
            return []
        return self.between(friend_id, column, self.since.day(shift), self.until.day(shift), *where)

    def between(
        self, friend_id: Any, column: Any, low: Any, high: Any, *where: ColumnElement[bool]
    ) -> list[Edge]:
        """Return whose value in `column` lies in a range."""
        return [select(friend_id).where(column >= low, column <= high, *where)]
