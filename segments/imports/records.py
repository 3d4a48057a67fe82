"""Reads a CSV file record by record, in constant memory; a broken record never swallows its neighbours."""

import csv
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

MAX_LINES = 1000
"""A quoted field that runs over more lines than this was never closed."""

DELIMITERS = (",", "\t", ";")


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record, and the line it starts on, counted from 1; None cells: its quotes are broken."""

    line: int
    cells: list[str] | None


@contextmanager
def open_records(path: Path, encoding: str, progress: Callable[[int], None]) -> Generator[Iterator[Record]]:
    """Give the file's records, blank ones left out; `progress` hears how many bytes were read."""
    with path.open(encoding=encoding, newline="") as file:
        lines = _Lines(file, progress)
        yield _records(lines, _delimiter(lines))


class _Lines:
    """Physical lines that can be taken back, with their numbers."""

    def __init__(self, file: TextIO, progress: Callable[[int], None]) -> None:
        self._file, self._progress = file, progress
        self._waiting: list[str] = []
        self.taken: list[str] = []
        """Lines taken since `settle`: those of the present record."""
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES:
            raise StopIteration
        line = self._waiting.pop() if self._waiting else next(self._file)
        self.taken.append(line)
        self.number += 1
        if self.number % 1000 == 0:
            self._progress(self._file.buffer.tell())
        return line

    def settle(self) -> None:
        """The lines taken were a record."""
        self.taken.clear()

    def take_back(self, keep: int) -> None:
        """Put back the lines taken, but for the first `keep`."""
        returned = self.taken[keep:]
        self._waiting.extend(reversed(returned))
        self.number -= len(returned)
        self.taken.clear()


def _delimiter(lines: _Lines) -> str:
    first = next(lines, "")
    lines.take_back(0)
    return max(DELIMITERS, key=first.count)


def _records(lines: _Lines, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        start = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # Strict reading stops at the quote that is wrong: only the line it began on is given up.
            lines.take_back(1)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            yield Record(start, None)
            continue
        lines.settle()
        if any(cell.strip() for cell in cells):
            yield Record(start, cells)
