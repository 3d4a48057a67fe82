"""Reads all purchases of an SQLite file in the order they lie there, and sorts them into ranges of friends.

Friend by friend every order would be looked up at another place of a file of gigabytes; read as they lie, ten
million take seconds. The ranges go through files of their own, so that memory holds one of them at a time.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from segments.purchase_columns import Catalogue, Ints, Lines, ProductFacts, Purchases, catalogue_of, in_order
from segments.runs import borders

FETCHED = 500
"""Rows fetched at once: few enough to stay in the processor's cache while they become an array."""
PORTION = 200
"""Fetches that are sorted together."""
WIDTH = 5
RANGES = 128
"""Files open at once, at most."""
LARGEST_FRIEND = 2**30
"""Ids up to here fit into a number beside an amount and two marks."""

PRIME = 65_521
Print = tuple[int, int, int]
"""By which it is told, from an index alone, whether some friends have the same purchases as before."""

_MARK = 1 << 32
_QUANTITY = 1 << 20
# Two or three numbers in one where they fit: a number is what fetching a row costs by.
# A partial refund is spread over the lines: see segments.purchase_columns.
_SCAN = f"""
SELECT p.id, p.friend_id * {_MARK} + (p.amount_yen - p.refunded_yen) * 4 + p.is_trial * 2
        + (p.refunded_at IS NULL OR p.refunded_yen < p.amount_yen), p.bought_at,
    ifnull(i.product_id * {_QUANTITY} + min(i.quantity, {_QUANTITY - 1}), 0),
    CASE WHEN p.amount_yen = 0 THEN 0 WHEN p.refunded_yen = 0 THEN ifnull(i.amount_yen, 0)
        ELSE ifnull(i.amount_yen * (p.amount_yen - p.refunded_yen) / p.amount_yen, 0) END
FROM purchases p LEFT JOIN purchase_items i ON i.purchase_id = p.id
WHERE p.id > ? AND p.id <= ? AND p.friend_id >= ?
ORDER BY p.id
"""  # noqa: S608 — numbers of ours
_PRODUCTS = """
SELECT id, category, ifnull(settling_count, 0), ifnull(upgrade_of_id, 0), ifnull(subscription_days, 0) FROM products
"""


_PRINT = f"""
SELECT count(*), ifnull(sum(id), 0), ifnull(sum((friend_id % {PRIME}) * (id % {PRIME})), 0)
FROM purchases WHERE friend_id BETWEEN ? AND ?
"""  # noqa: S608 — as above


@dataclass(frozen=True, slots=True)
class Range:
    """Some friends, by ascending id, and all their purchases."""

    friend_ids: Ints
    bought: Purchases
    print: Print


def print_of(connection: Any, first: int, last: int) -> Print:
    """Return the print of all purchases of friends between two ids, as it is now."""
    return tuple(connection.execute(_PRINT, (first, last)).fetchone())


def products(connection: sqlite3.Connection) -> Catalogue:
    """Return all products the shop has."""
    return catalogue_of({key: ProductFacts(*rest) for key, *rest in connection.execute(_PRODUCTS)})


def first_ids(friend_ids: Ints, size: int) -> Ints:
    """Return the ids, ascending, with which the ranges begin into which purchases are sorted."""
    files = min(-(-len(friend_ids) // size), RANGES)
    return friend_ids[_places(friend_ids, files)]


def sort_in(connection: sqlite3.Connection, firsts: Ints, after: int, last: int) -> list[IO[bytes]]:
    """Write the lines of the purchases with ids beyond `after`, up to `last`, into a file for each range of friends."""
    files: list[IO[bytes]] = [TemporaryFile() for _ in firsts]  # noqa: SIM115 — closed when read
    for portion in _portions(connection, (after, last, int(firsts[0]))):
        place = np.searchsorted(firsts, portion[:, 1] // _MARK, side="right") - 1
        order = np.argsort(place.astype(np.uint8), kind="stable")
        rows, place = portion[order], place[order]
        starts = np.flatnonzero(borders(place))
        numbers: list[int] = place[starts].tolist()
        for one, part in zip(numbers, np.split(rows, starts[1:]), strict=True):
            files[one].write(part.tobytes())
    for file in files:
        file.flush()
    return files


def ranges(
    catalogue: Catalogue, friend_ids: Ints, size: int, files: Iterable[Sequence[IO[bytes]]]
) -> Iterator[Range]:
    """Give the purchases of friends, by ascending id, `size` friends at a time.

    `files` are the sorted lines of each range, in the order of the purchases' ids; they are closed.
    """
    parts = np.split(friend_ids, _places(friend_ids, len(first_ids(friend_ids, size)))[1:])
    for part, some_files in zip(parts, files, strict=True):
        rows = _by_friend(some_files)
        friend = rows[:, 1] // _MARK
        for start in range(0, len(part), size):
            some = part[start : start + size]
            mine = (friend >= some[0]) & (friend <= some[-1])
            yield _range(some, rows[mine], catalogue)


def _places(friend_ids: Ints, files: int) -> Ints:
    return np.linspace(0, len(friend_ids), files, endpoint=False).astype(np.int64)


def _portions(connection: sqlite3.Connection, bounds: tuple[int, int, int]) -> Iterator[Ints]:
    cursor = connection.execute(_SCAN, bounds)
    while True:
        pieces = [_array(rows) for _ in range(PORTION) if (rows := cursor.fetchmany(FETCHED))]
        if not pieces:
            return
        yield np.concatenate(pieces)


def _array(rows: Sequence[Any]) -> Ints:
    return np.fromiter(chain.from_iterable(rows), np.int64, len(rows) * WIDTH).reshape(-1, WIDTH)


def _by_friend(files: Sequence[IO[bytes]]) -> Ints:
    """Read the lines of some friends back."""
    read: list[Ints] = []
    for file in files:
        with file:
            file.seek(0)
            read.append(np.frombuffer(file.read(), dtype=np.int64))
    rows = np.concatenate(read).reshape(-1, WIDTH)
    return rows[np.argsort(rows[:, 1] // _MARK, kind="stable")]


def _range(friend_ids: Ints, rows: Ints, catalogue: Catalogue) -> Range:
    purchase, friend = rows[:, 0], rows[:, 1] // _MARK
    # Sorting by friend was stable, so that lines of one order still stand together.
    one_each = borders(purchase)
    ids, owners = purchase[one_each], friend[one_each]
    mark = (len(ids), int(ids.sum()), int(((owners % PRIME) * (ids % PRIME)).sum()))
    counted = rows[:, 1] % 2 == 1
    rows = rows[counted]
    bought, product = rows[:, 1] % _MARK // 2, rows[:, 3] // _QUANTITY
    lines = Lines(
        np.searchsorted(friend_ids, friend[counted]), rows[:, 0], rows[:, 2], bought // 2, bought % 2,
        rows[:, 4], rows[:, 3] % _QUANTITY, product, product > 0,
    )  # fmt: skip
    return Range(friend_ids, in_order(lines, len(friend_ids), catalogue), mark)
