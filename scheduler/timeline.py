"""Everything that happened with one friend in one line, newest first, a page at a time.

Each kind of thing is asked for by a query of its own that reads a page at most, and the answers are merged. A page is
found again by the moment it ended at and by how many things of that very moment stood before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice

from sqlalchemy.orm import Session

from scheduler.timeline_entries import Entry, Sort
from scheduler.timeline_sources import SOURCES, with_items
from segments.db import EPOCH, MICROSECOND

PAGE = 40
MOST_AT_ONCE = 1000
"""Things of one moment that a page is looked for beyond: an import may have made many."""


@dataclass(frozen=True)
class Mark:
    """Where a page ended."""

    at: datetime | None = None
    """None = the beginning."""
    skip: int = 0
    """Things of that moment that were shown."""

    def __str__(self) -> str:
        return "" if self.at is None else f"{(self.at - EPOCH) // MICROSECOND}.{self.skip}"


@dataclass(frozen=True)
class Page:
    """Things that happened, the newest first, and the mark of the next page; None at the end."""

    entries: Sequence[Entry]
    next: Mark | None


def read_mark(text: str) -> Mark:
    """Return the mark written so; the beginning for what is none."""
    moment, _, skip = text.partition(".")
    if not all(each.isascii() and each.isdecimal() and len(each) < 17 for each in (moment, skip)):
        return Mark()
    if int(skip) > MOST_AT_ONCE:
        return Mark()
    try:
        return Mark(EPOCH + int(moment) * MICROSECOND, int(skip))
    except OverflowError:
        return Mark()


def page(
    session: Session,
    friend_id: int,
    sorts: Iterable[Sort] = (),
    after: Mark | None = None,
    limit: int = PAGE,
) -> Page:
    """Return what happened with a friend before `after`; of all sorts, or of some."""
    mark, wanted = after or Mark(), set(sorts)
    needed = limit + mark.skip + 1
    found = [
        source.read(session, friend_id, mark.at, needed)
        for source in SOURCES
        if not wanted or wanted & source.sorts
    ]
    chosen = ([each for each in one if not wanted or each.sort in wanted] for one in found)
    ordered = list(islice(merge(*chosen, key=lambda each: each.at, reverse=True), needed))
    # What stands at the mark's own moment was shown in the same order before.
    rest = ordered[mark.skip :]
    shown = rest[:limit]
    return Page(with_items(session, shown), _next(mark, shown) if len(rest) > limit else None)


def _next(mark: Mark, shown: Sequence[Entry]) -> Mark:
    last = shown[-1].at
    same = sum(each.at == last for each in shown)
    return Mark(last, same + (mark.skip if last == mark.at else 0))
