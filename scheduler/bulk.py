"""Writes many rows of one table at once, each database in its fastest way: executemany on SQLite, arrays on PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy import cast as cast_sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine, UserDefinedType

from segments.db import Base

Columns = Mapping[str, Sequence[Any]]
"""Values by the name of their column, all of one length."""


def insert_columns(session: Session, model: type[Base], columns: Columns, **same: Any) -> None:
    """Insert a row for each element of `columns`; `same` holds for all of them. Defaults of the model are not filled in."""
    table = _table(model)
    if not _length(columns):
        return
    if _on_sqlite(session):
        session.connection().execute(insert(table), _rows(columns, same))
        return
    given = _given(table, columns)
    values = [*(given.c[name] for name in columns), *(literal(v, table.c[k].type) for k, v in same.items())]
    session.connection().execute(insert(table).from_select([*columns, *same], select(*values)))


def insert_ignore_from(session: Session, model: type[Base], names: Sequence[str], rows: Select[Any]) -> None:
    """Insert what `rows` selects into the columns called `names`; a row that is there already is left as it is."""
    dialect = sqlite if _on_sqlite(session) else postgresql
    statement = dialect.insert(_table(model)).from_select(list(names), rows).on_conflict_do_nothing()
    session.connection().execute(statement)


def update_columns(session: Session, model: type[Base], key: str, columns: Columns, **same: Any) -> None:
    """Update the row of each element of `columns[key]`; `same` is set in all of them."""
    table = _table(model)
    if not _length(columns):
        return
    own = [name for name in columns if name != key]
    if _on_sqlite(session):
        values: dict[str, Any] = {**{name: bindparam(f"new_{name}") for name in own}, **same}
        statement = update(table).where(table.c[key] == bindparam("the_key")).values(values)
        rows = [
            {"the_key": row[key]} | {f"new_{name}": row[name] for name in own} for row in _rows(columns, {})
        ]
        session.connection().execute(statement, rows)
        return
    given = _given(table, columns)
    values: dict[str, Any] = {name: given.c[name] for name in own} | same
    session.connection().execute(update(table).where(table.c[key] == given.c[key]).values(values))


def among(session: Session, column: Any, ids: Iterable[int]) -> ColumnElement[bool]:
    """Return that `column` is one of `ids`: one parameter however many they are, where IN would have one for each."""
    if _on_sqlite(session):
        listed = func.json_each("[" + ",".join(map(str, ids)) + "]").table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(_parameter(ids, BigInteger()))


def _given(table: Table, columns: Columns) -> Any:
    """Return the elements as a table of their own: one parameter a column, however many rows."""
    arrays = [_parameter(values, table.c[name].type) for name, values in columns.items()]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


class _Untyped(UserDefinedType[str]):
    """Text that goes to PostgreSQL without a type, so that what stands around it says what it is."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Return the name it would have as a column, which it never is."""
        return "TEXT"


def _parameter(values: Iterable[Any], element: TypeEngine[Any]) -> Any:
    # Typed by the cast alone, it is a constant to the planner; cast from text it would be compared row by row.
    return cast_sql(bindparam(None, _array(values), type_=_Untyped(), unique=True), ARRAY(element))


def _array(values: Iterable[Any]) -> str:
    """Write an array as PostgreSQL reads it; the driver's own way takes a hundred times as long for long texts."""
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else value.isoformat()
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rows(columns: Columns, same: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = tuple(columns)
    return [
        {**dict(zip(names, values, strict=True)), **same} for values in zip(*columns.values(), strict=True)
    ]


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
