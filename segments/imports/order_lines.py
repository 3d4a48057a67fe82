"""Reads the lines of one order and makes one order of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from segments.errors import Invalid
from segments.imports import cells, dates
from segments.imports.columns import Columns, Fields
from segments.imports.options import ImportOptions
from segments.imports.reading import CellError, Reader
from segments.orders import MAX_MEMBER_NUMBER, MAX_ORDER_ID, NewItem, NewPurchase

T = TypeVar("T")

MAX_CODE = 64
MAX_NAME = 255

FIELDS = Fields(
    headers={
        "order_id": ("注文番号", "注文ID", "受注番号", "伝票番号", "購入ID", "取引番号", "order", "order number", "order no"),
        "date": (
            "購入日", "購入日時", "日時", "日付", "注文日", "注文日時", "購買日", "受注日", "受注日時", "売上日",
            "bought at", "purchase date", "purchased at", "order date", "ordered at",
        ),
        "member_number": ("会員番号", "会員ID", "顧客番号", "顧客ID", "member", "member id", "customer number", "customer id"),
        "line_user_id": ("LINEユーザーID", "LINE ID", "ユーザーID", "line user", "user id"),
        "amount": ("金額", "購入金額", "小計", "売上金額", "税込金額", "amount yen", "price", "subtotal"),
        "total": ("合計", "合計金額", "注文合計", "請求金額", "支払金額", "総額", "total yen", "total amount", "order total"),
        "product": ("商品コード", "商品番号", "商品ID", "品番", "product code", "product id", "sku", "item code"),
        "product_name": ("商品名", "品名", "item name"),
        "quantity": ("数量", "個数", "点数", "購入数", "qty", "count"),
        "refunded": ("返金", "返金額", "返金済み", "返品", "refund", "refund amount", "refunded yen"),
    },
    needed=(("order_id",), ("date",), ("member_number", "line_user_id"), ("amount", "total")),
    key=("order_id",),
)  # fmt: skip
"""`amount` is what one line cost, `total` what the whole order cost, repeated on each of its lines."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an order, read; None or "" where its cell is empty."""

    line: int
    bought_at: datetime | None
    member_number: str
    line_user_id: str
    amount: int | None
    total: int | None
    refunded: int
    item: NewItem | None
    product_name: str


def read_entry(reader: Reader, options: ImportOptions) -> Entry:
    """Read one line; raise CellError."""
    reader.check_width()
    reader.text("order_id", MAX_ORDER_ID)
    amount = reader.optional("amount", lambda cell: cells.amount(cell, options))
    code = reader.text("product", MAX_CODE)
    quantity = reader.optional("quantity", cells.quantity) or 1
    return Entry(
        line=reader.row.line,
        bought_at=reader.optional("date", lambda cell: dates.moment(cell, options.zone)),
        member_number=reader.text("member_number", MAX_MEMBER_NUMBER),
        line_user_id=reader.text("line_user_id", MAX_CODE),
        amount=amount,
        total=reader.optional("total", lambda cell: cells.amount(cell, options)),
        refunded=reader.optional("refunded", lambda cell: cells.refund(cell, options)) or 0,
        item=NewItem(code, quantity, amount) if code else None,
        product_name=reader.text("product_name", MAX_NAME),
    )


def order_of(order_id: str, entries: Sequence[Entry], columns: Columns) -> NewPurchase:
    """Make one order of its lines; raise CellError when they contradict each other.

    A cell left empty on a further line means the same as above it.
    """
    bought_at = _agreed(entries, columns, "date", lambda entry: entry.bought_at)
    if bought_at is None:
        raise _missing(entries[0], columns, "date")
    amount, refunded = _money(entries, columns)
    return NewPurchase(
        order_id=order_id,
        bought_at=bought_at,
        amount_yen=amount,
        items=tuple(entry.item for entry in entries if entry.item),
        line_user_id=_agreed(entries, columns, "line_user_id", lambda entry: entry.line_user_id or None),
        member_number=_agreed(entries, columns, "member_number", lambda entry: entry.member_number or None),
        refunded_yen=refunded,
    )


def _agreed(
    entries: Sequence[Entry], columns: Columns, field: str, read: Callable[[Entry], T | None]
) -> T | None:
    first: T | None = None
    for entry in entries:
        value = read(entry)
        if first is None:
            first = value
        elif value is not None and value != first:
            problem = Invalid("order_lines_differ", other_line=entries[0].line)
            raise CellError(problem, entry.line, columns.name_of(field))
    return first


def _money(entries: Sequence[Entry], columns: Columns) -> tuple[int, int]:
    """Return the order's amount and what was refunded of it."""
    total = _agreed(entries, columns, "total", lambda entry: entry.total)
    if total is not None:
        told = [total if entry.refunded == cells.FULLY else entry.refunded for entry in entries]
        return total, max(told)
    amounts: list[int] = []
    for entry in entries:
        if entry.amount is None:
            raise _missing(entry, columns, "amount" if columns.has("amount") else "total")
        amounts.append(entry.amount)
    told = [
        amount if entry.refunded == cells.FULLY else entry.refunded
        for entry, amount in zip(entries, amounts, strict=True)
    ]
    return sum(amounts), sum(told)


def _missing(entry: Entry, columns: Columns, field: str) -> CellError:
    return CellError(Invalid("value_missing"), entry.line, columns.name_of(field))
