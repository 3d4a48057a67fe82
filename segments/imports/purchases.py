"""Imports purchases: lines of one order id, wherever they stand in the file, are one order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from segments import products
from segments.clock import Clock
from segments.db import Database
from segments.errors import Invalid, KokyakuError
from segments.imports import cells
from segments.imports.columns import Row
from segments.imports.ledger import ImportReport, Tally
from segments.imports.options import ImportOptions
from segments.imports.order_lines import FIELDS, Entry, order_of, read_entry
from segments.imports.reading import CellError, Reader
from segments.imports.run import Group, Job, Progress, run_import, silent
from segments.orders import NewPurchase
from segments.recording import Told, record_many

ANNOUNCED = timedelta(days=2)
"""Orders younger than this are news (thank-you messages); older ones are history and go in silently."""

_KEY_LIMIT = 10_000


def import_purchases(
    database: Database, path: Path, clock: Clock, options: ImportOptions, progress: Progress = silent
) -> ImportReport:
    """Import a CSV of purchases; raise Invalid when the file as a whole cannot be read."""
    return run_import(PurchaseImporter(), database, path, clock, options, progress)


class PurchaseImporter:
    """Orders, keyed by order id."""

    kind = "purchases"
    fields = FIELDS

    def key_of(self, row: Row) -> str:
        """Return the order id, as it is compared and stored."""
        return cells.text(row.values["order_id"][:_KEY_LIMIT], _KEY_LIMIT)

    def near_of(self, row: Row) -> str:
        """Return the buyer: with one's orders together, the facts of each friend are learned once, not once a batch."""
        return row.values.get("line_user_id", "") + row.values.get("member_number", "")

    def take(self, session: Session, groups: Sequence[Group], job: Job) -> Tally:
        """Record the orders of some groups."""
        tally = Tally()
        read = [self._read(group, job, tally) for group in groups]
        ready = [(group, one) for group, one in zip(groups, read, strict=True) if one]
        if job.options.create_products:
            _create_products(session, [entry for _, (_, entries) in ready for entry in entries], job.now)
        news = [new for _, (new, _) in ready]
        outcomes = record_many(session, news, job.now, job.source, announce_since=job.now - ANNOUNCED)
        for (group, _), outcome in zip(ready, outcomes, strict=True):
            if isinstance(outcome, KokyakuError):
                for row in group:
                    tally.refuse(row.line, outcome)
            elif outcome.told == Told.NOTHING:
                tally.unchanged += len(group)
            else:
                tally.accepted += len(group)
                tally.created += len(group) if outcome.told == Told.NEW else 0
                tally.unlinked += len(group) if outcome.friend_id is None else 0
        return tally

    def _read(self, group: Group, job: Job, tally: Tally) -> tuple[NewPurchase, list[Entry]] | None:
        """Read the lines of one order; a bad one refuses them all, for half an order would be a wrong one."""
        entries: list[Entry] = []
        bad: list[CellError] = []
        for row in group:
            try:
                entries.append(read_entry(Reader(row, job.columns), job.options))
            except CellError as error:
                bad.append(error)
        if not bad:
            try:
                return order_of(self.key_of(group[0]), entries, job.columns), entries
            except CellError as error:
                bad.append(error)
        _refuse(group, bad, tally)
        return None


def _refuse(group: Group, bad: Sequence[CellError], tally: Tally) -> None:
    for error in bad:
        tally.refuse(error.line, error.problem, error.column)
    named = {error.line for error in bad}
    for row in group:
        if row.line not in named:
            tally.refuse(row.line, Invalid("order_has_refused_line", other_line=min(named)))


def _create_products(session: Session, entries: Sequence[Entry], now: datetime) -> None:
    """Create the products that the lines name and nobody knows, priced as they were sold."""
    new: dict[str, products.NewProduct] = {}
    for entry in entries:
        if entry.item and entry.item.product_code not in new:
            price = (entry.item.amount_yen or 0) // entry.item.quantity
            code = entry.item.product_code
            new[code] = products.NewProduct(code, name=entry.product_name or code, price_yen=price)
    products.create_missing(session, list(new.values()), now)
