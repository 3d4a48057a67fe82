"""Finds a file's columns by their Japanese or English headers, or by the operator's own mapping."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segments.errors import Invalid


@dataclass(frozen=True)
class Fields:
    """The fields one kind of file may have: each with its headers, the first the one we name in reports.

    `needed` lists alternatives: of each tuple at least one field must have a column.
    """

    headers: Mapping[str, tuple[str, ...]]
    needed: tuple[tuple[str, ...], ...]
    key: tuple[str, ...]
    """The fields that name what a row is about."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the cells of known fields, and the other columns by header."""

    line: int
    values: dict[str, str]
    others: dict[str, str]
    surplus: bool = False
    """More cells than the header has: an unquoted comma has shifted some, nobody knows which."""


class Columns:
    """Where each field stands in one file."""

    def __init__(self, header: Sequence[str], fields: Fields, mapping: Mapping[str, str]) -> None:
        """Match the header; raise Invalid when a needed column is missing or two claim one field."""
        self.names = [_shown(name) for name in header]
        self._places = _places(self.names, fields, mapping)
        ignored = {_folded(name) for name, field in mapping.items() if not field}
        taken = set(self._places.values())
        self._others = {
            name: place
            for place, name in enumerate(self.names)
            if place not in taken and name and _folded(name) not in ignored
        }
        _check_needed(self._places, fields, self.names)

    @staticmethod
    def shown(header: Sequence[str]) -> list[str]:
        """Return the headers as they are shown and mapped."""
        return [_shown(name) for name in header]

    @staticmethod
    def guess(name: str, fields: Fields) -> str:
        """Return the field that a header tells by itself; "" when it tells none."""
        return next(iter(_places([name], fields, {})), "")

    def row(self, line: int, cells: Sequence[str]) -> Row:
        """Name the cells of one record; missing ones at its end are empty."""
        width, held = len(self.names), len(cells)
        values = {field: cells[place] if place < held else "" for field, place in self._places.items()}
        others = {name: cells[place] if place < held else "" for name, place in self._others.items()}
        return Row(line, values, others, surplus=held > width and any(cell.strip() for cell in cells[width:]))

    def has(self, field: str) -> bool:
        """Whether the file has a column for `field`."""
        return field in self._places

    def names_of(self, fields: Sequence[str]) -> str:
        """Return the headers that the file has for `fields`, joined."""
        return " / ".join(self.name_of(field) for field in fields if self.has(field))

    def name_of(self, field: str) -> str:
        """Return the header that stands for `field` in this file, or the field's own name."""
        place = self._places.get(field)
        return field if place is None else self.names[place]


def _places(names: Sequence[str], fields: Fields, mapping: Mapping[str, str]) -> dict[str, int]:
    known = {
        _folded(alias): field for field, aliases in fields.headers.items() for alias in (field, *aliases)
    }
    chosen = _chosen(names, fields, mapping)
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        folded = _folded(name)
        field = chosen[folded] if folded in chosen else known.get(folded) or known.get(_without_notes(name))
        if not field or (field in chosen.values() and folded not in chosen):
            continue
        if field in places:
            raise Invalid("column_twice", field=field, first=names[places[field]], second=name)
        places[field] = place
    return places


def _chosen(names: Sequence[str], fields: Fields, mapping: Mapping[str, str]) -> dict[str, str]:
    present = {_folded(name) for name in names}
    for name, field in mapping.items():
        if _folded(name) not in present:
            raise Invalid("mapping_column_unknown", column=name, found=list(names))
        if field and field not in fields.headers:
            raise Invalid("mapping_field_unknown", field=field, known=list(fields.headers))
    return {_folded(name): field for name, field in mapping.items()}


def _check_needed(places: Mapping[str, int], fields: Fields, names: Sequence[str]) -> None:
    missing = [group for group in fields.needed if not any(field in places for field in group)]
    if missing:
        wanted = [[f"{fields.headers[field][0]} ({field})" for field in group] for group in missing]
        raise Invalid("columns_missing", missing=wanted, found=list(names))


def _shown(name: str) -> str:
    return "".join(c for c in name if unicodedata.category(c) != "Cc").strip("\ufeff \u3000")


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s_\-・]+", "", plain)


def _without_notes(name: str) -> str:
    """Return the header without what stands in brackets: 「金額（税込）」 is 金額."""
    return re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", _folded(name))
