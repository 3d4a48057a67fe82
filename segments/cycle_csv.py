"""Reads a CSV of purchases (customer, date, and perhaps amount, category, quantity) without any database."""

from array import array
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from segments.cycle_history import Floats, Ints
from segments.errors import Invalid
from segments.imports import Decimals, ImportOptions, Refusal, cells, dates
from segments.imports.columns import Columns, Fields
from segments.imports.encodings import encoding_of
from segments.imports.ledger import Tally
from segments.imports.reading import CellError, Reader
from segments.imports.records import Record, open_records

FIELDS = Fields(
    headers={
        "customer_id": ("顧客ID", "顧客番号", "会員番号", "会員ID", "LINEユーザーID", "customer", "customer number", "member number", "user id"),
        "date": ("購入日", "購入日時", "日時", "日付", "注文日", "注文日時", "購買日", "売上日", "bought at", "purchase date", "order date"),
        "amount": ("金額", "購入金額", "売上金額", "合計金額", "amount yen", "price", "total"),
        "category": ("カテゴリ", "カテゴリー", "分類", "商品分類", "category name", "product category"),
        "quantity": ("数量", "個数", "点数", "購入数", "qty", "count"),
    },
    needed=(("customer_id",), ("date",)),
    key=("customer_id",),
)  # fmt: skip
MAX_NAME = 255
NO_CATEGORY = -1


class Lines(NamedTuple):
    """The lines of a file: names, and for every line numbers into them, its day, its quantity."""

    customers: list[str]
    categories: list[str]
    customer: Ints
    category: Ints
    """-1 where the line names none."""
    day: Ints
    """`date.toordinal()` in the shop's zone."""
    quantity: Floats
    refused: list[Refusal]


def read_lines(path: Path, options: ImportOptions, progress: Callable[[int], None]) -> Lines:
    """Read a file, leaving out lines that cannot be taken; raise Invalid when the whole file cannot be read.

    `progress` hears how many bytes were read. A line with a negative amount, a return, is no purchase.
    """
    with open_records(path, encoding_of(path, options.encoding), progress) as records:
        header = next(records, None)
        if header is None or header.cells is None:
            raise Invalid("csv_empty" if header is None else "header_unreadable")
        reading = _Reading(Columns(header.cells, FIELDS, options.mapping), options)
        for record in records:
            reading.take(record)
    return reading.lines()


class _Reading:
    def __init__(self, columns: Columns, options: ImportOptions) -> None:
        self._columns = columns
        self._customers, self._categories = dict[str, int](), dict[str, int]()
        self._customer, self._category, self._day = array("q"), array("q"), array("q")
        self._quantity = array("d")
        self._tally = Tally()
        rounding = ImportOptions(zone=options.zone, currency_decimals=Decimals.ROUND)

        # The same days and amounts come back all through a file.
        @lru_cache(maxsize=65_536)
        def day_of(cell: str) -> int:
            return dates.moment(cell, options.zone).astimezone(options.zone).date().toordinal()

        @lru_cache(maxsize=65_536)
        def amount_of(cell: str) -> int:
            return cells.amount(cell, rounding)

        self._day_of, self._amount_of, self._quantity_of = day_of, amount_of, lru_cache(4096)(cells.quantity)

    def take(self, record: Record) -> None:
        if record.cells is None:
            self._tally.refuse(record.line, Invalid("quotes_broken"))
            return
        reader = Reader(self._columns.row(record.line, record.cells), self._columns)
        try:
            self._read(reader)
        except CellError as error:
            self._tally.refuse(error.line, error.problem, error.column)

    def _read(self, reader: Reader) -> None:
        reader.check_width()
        customer = reader.text("customer_id", MAX_NAME)
        if not customer:
            raise reader.error(Invalid("value_missing"), "customer_id")
        day = reader.needed("date", self._day_of)
        reader.optional("amount", self._amount_of)
        quantity = reader.optional("quantity", self._quantity_of) or 1
        category = reader.text("category", MAX_NAME)
        self._customer.append(self._customers.setdefault(customer, len(self._customers)))
        number = self._categories.setdefault(category, len(self._categories)) if category else NO_CATEGORY
        self._category.append(number)
        self._day.append(day)
        self._quantity.append(quantity)

    def lines(self) -> Lines:
        customer, category, day = (
            np.array(each, dtype=np.int64) for each in (self._customer, self._category, self._day)
        )
        quantity = np.array(self._quantity, dtype=float)
        return Lines(
            list(self._customers),
            list(self._categories),
            customer,
            category,
            day,
            quantity,
            self._tally.refused,
        )
