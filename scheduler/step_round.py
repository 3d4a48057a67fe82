"""What is the same for all steps that one transaction takes: each part is read once, when it is first asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.house import House, house_of
from scheduler.models import MessageVersion
from scheduler.step_book import StepBook
from segments.shop import Shop


@dataclass
class Round:
    """One transaction's steps."""

    session: Session
    settings: Shop
    book: StepBook
    _house: House | None = field(default=None, init=False, repr=False)
    _versions: dict[int, int | None] = field(default_factory=dict[int, int | None], init=False, repr=False)

    def house(self, now: datetime) -> House:
        """Return what the shop decided, as it holds at `now`."""
        if self._house is None:
            self._house = house_of(self.session, now)
        return replace(self._house, now=now)

    def version_of(self, message_id: int, together: Iterable[int | None] = ()) -> int | None:
        """Return the id of the version in which a message goes out; None when it has none.

        Those of `together`, the other messages of its scenario, are looked up with it.
        """
        if message_id not in self._versions:
            ids = {message_id, *(id_ for id_ in together if id_ is not None)}
            newest = select(MessageVersion.message_id, func.max(MessageVersion.id))
            rows = self.session.execute(
                newest.where(MessageVersion.message_id.in_(ids)).group_by(MessageVersion.message_id)
            )
            self._versions |= dict.fromkeys(ids) | dict(rows.all())
        return self._versions[message_id]
