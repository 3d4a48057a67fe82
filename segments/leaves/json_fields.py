"""Reads one entry of a friend's own fields in SQL, whatever it is called, and looks into texts the same way everywhere.

The name of a field is always a value of the statement, never a part of it: no name can break out of a JSON path.
"""

from typing import Any

from sqlalchemy import Double, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

LONGEST_NUMBER = 18
"""Characters of a number; both databases hold all of its digits exactly enough."""


class FieldText(FunctionElement[str]):
    """The entry as text: texts as they are, numbers as written, true and false; null for lists, objects and nothing."""

    type = Text()
    inherit_cache = True
    name = "field_text"


class FieldNumber(FunctionElement[float]):
    """The entry as a number, if it is one or a text that is one (`-12.5`); null otherwise."""

    type: TypeEngine[float] = Double()
    inherit_cache = True
    name = "field_number"


class FieldDay(FunctionElement[str]):
    """The entry's first ten letters if they are written like a day, 2026-11-21; null otherwise."""

    type = Text()
    inherit_cache = True
    name = "field_day"


class Contains(FunctionElement[int]):
    """Where a text begins in another, letter for letter; 0 when it is not in it."""

    inherit_cache = True
    name = "contains_at"


def field_text(fields: Any, name: str) -> FieldText:
    """Return the entry `name` of `fields` as text."""
    return FieldText(fields, literal(name, Text()))


def field_number(fields: Any, name: str) -> FieldNumber:
    """Return the entry `name` of `fields` as a number."""
    return FieldNumber(fields, literal(name, Text()))


def field_day(fields: Any, name: str) -> FieldDay:
    """Return the entry `name` of `fields` as the text of a day."""
    return FieldDay(fields, literal(name, Text()))


def contains(text: Any, part: str) -> Any:
    """Return the expression for a text that has `part` in it, upper and lower case told apart."""
    return Contains(text, literal(part, Text())) > 0


def _parts(element: Any, compiler: Any, **options: Any) -> tuple[str, str]:
    first, second = element.clauses
    return compiler.process(first, **options), compiler.process(second, **options)


_SQLITE_TEXT = (
    "CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
    "WHEN 'text' THEN value WHEN 'integer' THEN CAST(value AS TEXT) WHEN 'real' THEN CAST(value AS TEXT) END"
)


def _sqlite_entry(fields: str, name: str, shown: str) -> str:
    # json_each, not a path: a path cannot name every key, and older SQLites do not find escaped ones by it.
    return f"(SELECT {shown} FROM json_each({fields}) WHERE key = {name} LIMIT 1)"  # noqa: S608 -- built of compiled parts


@compiles(FieldText, "sqlite")
def _text_sqlite(element: FieldText, compiler: Any, **options: Any) -> str:
    return _sqlite_entry(*_parts(element, compiler, **options), _SQLITE_TEXT)


@compiles(FieldNumber, "sqlite")
def _number_sqlite(element: FieldNumber, compiler: Any, **options: Any) -> str:
    shape = "(t GLOB '[0-9]*' OR t GLOB '-[0-9]*') AND t GLOB '*[0-9]' AND t NOT GLOB '?*[^0-9.]*' AND t NOT GLOB '*.*.*'"
    number = f"CASE WHEN {shape} AND length(t) <= {LONGEST_NUMBER} THEN CAST(t AS REAL) END"
    entry = f"(SELECT {_SQLITE_TEXT} AS t FROM json_each({{}}) WHERE key = {{}} LIMIT 1)"  # noqa: S608
    return f"(SELECT {number} FROM {entry.format(*_parts(element, compiler, **options))})"  # noqa: S608


@compiles(FieldDay, "sqlite")
def _day_sqlite(element: FieldDay, compiler: Any, **options: Any) -> str:
    day = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
    shown = f"CASE WHEN type = 'text' AND value GLOB '{day}' THEN substr(value, 1, 10) END"
    return _sqlite_entry(*_parts(element, compiler, **options), shown)


@compiles(Contains, "sqlite")
def _contains_sqlite(element: Contains, compiler: Any, **options: Any) -> str:
    return "instr({}, {})".format(*_parts(element, compiler, **options))


def _postgres_text(fields: str, name: str) -> str:
    return f"CASE WHEN jsonb_typeof({fields} -> {name}) IN ('string', 'number', 'boolean') THEN {fields} ->> {name} END"


@compiles(FieldText, "postgresql")
def _text_postgres(element: FieldText, compiler: Any, **options: Any) -> str:
    return f"({_postgres_text(*_parts(element, compiler, **options))})"


@compiles(FieldNumber, "postgresql")
def _number_postgres(element: FieldNumber, compiler: Any, **options: Any) -> str:
    text = _postgres_text(*_parts(element, compiler, **options))
    fine = f"({text}) ~ '^-?[0-9]+([.][0-9]+)?$' AND length({text}) <= {LONGEST_NUMBER}"
    return f"(CASE WHEN {fine} THEN CAST({text} AS DOUBLE PRECISION) END)"


@compiles(FieldDay, "postgresql")
def _day_postgres(element: FieldDay, compiler: Any, **options: Any) -> str:
    fields, name = _parts(element, compiler, **options)
    text = f"({fields} ->> {name})"
    fine = f"jsonb_typeof({fields} -> {name}) = 'string' AND {text} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'"
    # Compared as bytes: a locale's order of letters and dashes is not that of days.
    return f'(CASE WHEN {fine} THEN substr({text}, 1, 10) END) COLLATE "C"'


@compiles(Contains, "postgresql")
def _contains_postgres(element: Contains, compiler: Any, **options: Any) -> str:
    return "strpos({}, {})".format(*_parts(element, compiler, **options))
