"""Tells a condition that a database cannot answer, today as tomorrow, from a database that is away or busy."""

import sqlite3

from sqlalchemy.exc import DataError, OperationalError, ProgrammingError

REFUSALS = (DataError, ProgrammingError, OperationalError, ArithmeticError, ValueError)
"""What a database or its driver raises for a condition it cannot answer; of the third some pass, see `is_passing`."""
_TOO_MUCH = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG}
_LIMITS = "54"
"""PostgreSQL's class of program limits exceeded; the driver's own limits have no SQLSTATE at all."""


def is_passing(error: Exception) -> bool:
    """Tell whether the database was away, busy or full: the same condition may be answered the next time."""
    if not isinstance(error, OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # The lower byte is the kind of error, the rest its shade.
        return error.orig.sqlite_errorcode & 0xFF not in _TOO_MUCH
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (state is not None and not str(state).startswith(_LIMITS))
