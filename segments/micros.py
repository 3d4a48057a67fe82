"""Moments as plain numbers, for columns of many: microseconds since 1970-01-01 UTC, as SQLite keeps them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, DateTime, Dialect, type_coerce
from sqlalchemy.types import TypeDecorator, TypeEngine

from segments.db import EPOCH, MICROSECOND

Floats = NDArray[np.float64]

FEW = 16
"""Numbers that Python turns one by one sooner than numpy all at once."""


class Moments(NamedTuple):
    """A column of moments: an array of microseconds since 1970, nan for never."""

    micros: Any


class Micros(TypeDecorator[int]):
    """A column of moments read and written as whole microseconds; on SQLite nothing is converted at all."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the column's type for the database in use."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Any:
        """Turn numbers into moments where the database wants those."""
        return None if dialect.name == "sqlite" else moment_of

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """Turn moments into numbers where the database gives those."""
        return None if dialect.name == "sqlite" else micros_of


def moment_of(micros: float | None) -> datetime | None:
    """Return the moment of a number of microseconds."""
    return None if micros is None else EPOCH + timedelta(microseconds=int(micros))


def micros_of(moment: datetime | None) -> int | None:
    """Return the microseconds of a moment."""
    return None if moment is None else (moment - EPOCH) // MICROSECOND


def as_micros(column: Any) -> ColumnElement[int]:
    """Read a column of moments as numbers."""
    return type_coerce(column, Micros)


def floats(values: Sequence[int | None]) -> Floats:
    """Return numbers as an array, nan standing for None."""
    return np.array(values, dtype=np.float64)


def plain(moments: Any) -> list[int | None]:
    """Return an array of microseconds as integers, None where there is nan."""
    if moments.dtype != np.float64:
        return moments.tolist()
    if len(moments) <= FEW:
        return [None if isnan(each) else int(each) for each in moments.tolist()]
    never = np.isnan(moments)
    if not never.any():
        return moments.astype(np.int64).tolist()
    given: list[int | None] = np.where(never, 0, moments).astype(np.int64).tolist()
    for place in np.flatnonzero(never).tolist():
        given[place] = None
    return given


def differing(some: Sequence[Any], others: Sequence[Any]) -> Any:
    """Tell where columns of numbers below 2^53 differ from others, a row a column; nan agrees with nan."""
    one, other = np.array(some, dtype=np.float64), np.array(others, dtype=np.float64)
    # Only nan is not the same as itself.
    return (one != other) & ((one == one) | (other == other))


def same(one: Any, other: Any) -> Any:
    """Tell where two arrays agree, nan agreeing with nan."""
    if one.dtype == np.float64 or other.dtype == np.float64:
        return (one == other) | (np.isnan(one) & np.isnan(other))
    return one == other
