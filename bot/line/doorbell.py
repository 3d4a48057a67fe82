"""Wakes the inbox of this process when a webhook has stored something."""

from threading import Event, Lock
from weakref import WeakKeyDictionary

from segments.db import Database

_bells: "WeakKeyDictionary[Database, Event]" = WeakKeyDictionary()
_lock = Lock()


def of(database: Database) -> Event:
    """Return the bell of a database: the webhook sets it, an inbox that works on it waits for it.

    An inbox in another process does not hear it, and looks by itself a few times a second.
    """
    with _lock:
        return _bells.setdefault(database, Event())
