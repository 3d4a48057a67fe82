"""The database: base class, column types, transactions on SQLite and PostgreSQL."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    create_engine,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator, TypeEngine

from segments import postgresql, sqlite

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit key or sum: SQLite numbers rows by itself only in a plain INTEGER column."""

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment: timestamptz on PostgreSQL, microseconds since 1970 on SQLite.

    Integers keep ten million purchases small there, and compare and sort as times do.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the column's type for the database in use."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive moment: whose midnight would it be?"""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a moment needs a zone: {value!r}"
            raise ValueError(message)
        return (value - EPOCH) // MICROSECOND if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give the moment back in UTC."""
        if value is None:
            return None
        return EPOCH + timedelta(microseconds=value) if dialect.name == "sqlite" else value.astimezone(UTC)


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


class Base(DeclarativeBase):
    """What every table shares: names of constraints that Alembic can find again."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[Any]: Json,
        # Words, not native enums: adding one needs no lock on a big table.
        StrEnum: Enum(StrEnum, native_enum=False, length=32, values_callable=_values, validate_strings=True),
    }


FULL = ("disk is full", "No space left on device", "could not extend file")
"""How SQLite, the operating system and PostgreSQL say that there is no room."""


def is_full(error: BaseException) -> bool:
    """Say whether a write failed for want of room: nobody's fault but the disk's, and over when there is some."""
    return any(words in str(getattr(error, "orig", error)) for words in FULL)


ONLY_READS = "only_reads"
"""In a session's `info`: nothing is written in it, so that what was read once holds to its end."""


class Database:
    """One engine and its two kinds of transaction: writing and reading."""

    def __init__(self, url: str, *, pool_size: int = 10, echo: bool = False) -> None:
        """Open `url` lazily: nothing connects before the first transaction."""
        self.url = make_url(url)
        self.engine = _engine(url, pool_size, echo)
        self._write = sessionmaker(self.engine, expire_on_commit=False)
        reading = self.engine.execution_options(sqlite_begin="BEGIN")
        self._read = sessionmaker(reading, expire_on_commit=False, autoflush=False, info={ONLY_READS: True})

    @property
    def is_sqlite(self) -> bool:
        """Whether one process at a time writes here."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self) -> Generator[Session]:
        """Open a writing transaction; commit at the end, roll back on an error."""
        with self._write.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Generator[Session]:
        """Open a reading transaction, which on SQLite waits for no writer."""
        with self._read() as session:
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _engine(url: str, pool_size: int, echo: bool) -> Engine:
    # Errors go to the log, and must not quote what friends wrote and who they are.
    shared: dict[str, Any] = {"pool_size": pool_size, "echo": echo, "hide_parameters": True}
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_engine(url, max_overflow=pool_size, pool_pre_ping=True, **shared)
        postgresql.prepare(engine)
        return engine
    engine = create_engine(url, connect_args={"timeout": 30}, max_overflow=50, pool_use_lifo=True, **shared)
    sqlite.prepare(engine)
    return engine
