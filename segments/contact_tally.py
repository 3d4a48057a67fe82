"""The newest messages each friend got, packed into one short text of their facts: counted without a query of its own.

Five letters a message, the newest first: the day by the shop's calendar as four hexadecimal digits, then `s` for
one that sells or `c` for care. So packed it is written in the very UPDATE that notes a contact, and texts of the
same day compare as their days do. It follows from the deliveries that LINE took; a test counts both.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func

from segments.models import Facts

KEPT = 40
"""Messages remembered of a friend; no ceiling counts further."""
WIDTH = 5
_FIRST_DAY = date(2020, 1, 1).toordinal()


class Contact(NamedTuple):
    """One message a friend got."""

    day: int
    """Days since the beginning of 2020."""
    sells: bool


def day_number(day: date) -> int:
    """Return a day as contacts count days."""
    return day.toordinal() - _FIRST_DAY


def day_of(number: int) -> date:
    """Return the day of a number."""
    return date(2020, 1, 1) + timedelta(days=number)


def packed(contact: Contact) -> str:
    """Write one message."""
    return f"{contact.day:04x}{'s' if contact.sells else 'c'}"


@lru_cache(maxsize=65_536)
def unpacked(recent: str) -> tuple[Contact, ...]:
    """Read a friend's messages, the newest first."""
    return tuple(
        Contact(int(recent[place : place + 4], 16), recent[place + 4] == "s")
        for place in range(0, len(recent), WIDTH)
    )


def with_one_more(message: Any) -> ColumnElement[str]:
    """Return the column's value after one more `packed` message, the oldest forgotten."""
    return func.substr(message + Facts.__table__.c.recent_contacts, 1, KEPT * WIDTH)


def at_least(count: int, since: int) -> ColumnElement[bool]:
    """Return the expression for friends who got so many messages on the day `since` or later; `count` ≤ KEPT."""
    day: Any = func.substr(Facts.recent_contacts, (count - 1) * WIDTH + 1, 4)
    # Who never got so many has nothing there, and nothing comes before every day.
    return day >= f"{since:04x}"
