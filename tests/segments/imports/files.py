"""Writes small CSV files and imports them."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from segments.db import Database
from segments.imports import ImportOptions, ImportReport, import_friends, import_products, import_purchases
from segments.models import Cycle, Facts, Friend, FriendTag, Product, Purchase, PurchaseItem, Tag
from tests.fakes.clock import FakeClock

IMPORTS = {"friends": import_friends, "products": import_products, "purchases": import_purchases}


def csv_text(header: str, rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV with a header line as given, and quoted rows."""
    out = io.StringIO()
    out.write(header + "\r\n")
    csv.writer(out).writerows(rows)
    return out.getvalue()


class Desk:
    """Imports texts into one database at one time."""

    def __init__(self, database: Database, folder: Path, clock: FakeClock) -> None:
        self.database, self.folder, self.clock = database, folder, clock

    def take(self, kind: str, content: str | bytes, encoding: str = "utf-8", **options: Any) -> ImportReport:
        """Import `content`, written in `encoding`."""
        path = self.folder / f"{kind}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return IMPORTS[kind](self.database, path, self.clock, ImportOptions(**options))

    def friends(self, content: str | bytes, **options: Any) -> ImportReport:
        """Import friends."""
        return self.take("friends", content, **options)

    def products(self, content: str | bytes, **options: Any) -> ImportReport:
        """Import products."""
        return self.take("products", content, **options)

    def purchases(self, content: str | bytes, **options: Any) -> ImportReport:
        """Import purchases."""
        return self.take("purchases", content, **options)


def codes(report: ImportReport) -> list[tuple[int, str]]:
    """Return line number and code of each refusal."""
    return [(refusal.line_number, refusal.code) for refusal in report.refused]


def state_of(database: Database) -> dict[str, set[tuple[object, ...]]]:
    """Return what the shop knows, without row ids and times of writing, for comparing two databases."""
    with database.reading() as session:
        friends = {f.id: f.line_user_id or f.member_number for f in session.scalars(select(Friend))}
        products = {p.id: p.code for p in session.scalars(select(Product))}
        orders = {p.id: p.order_id for p in session.scalars(select(Purchase))}
        tags = {t.id: t.name for t in session.scalars(select(Tag))}
        return {
            "friends": {
                (f.line_user_id, f.member_number, f.display_name, str(sorted(f.fields.items())), f.followed_at)
                for f in session.scalars(select(Friend))
            },
            "products": {(p.code, p.name, p.price_yen, p.kind) for p in session.scalars(select(Product))},
            "purchases": {
                (p.order_id, friends.get(p.friend_id or 0), p.member_number, p.bought_at, p.amount_yen, p.refunded_yen, p.is_trial)
                for p in session.scalars(select(Purchase))
            },
            "items": {
                (orders[i.purchase_id], i.line, products[i.product_id], i.quantity, i.amount_yen)
                for i in session.scalars(select(PurchaseItem))
            },
            "facts": {
                (friends[f.friend_id], f.purchase_count, f.full_price_count, f.spend_yen, f.first_purchase_at, f.last_purchase_at, f.regular_until, f.stage)
                for f in session.scalars(select(Facts))
            },
            "cycles": {
                (friends[c.friend_id], c.category, c.n, round(c.s1, 6), c.first_at, c.last_at, c.sum_amount)
                for c in session.scalars(select(Cycle))
            },
            "tags": {(friends[t.friend_id], tags[t.tag_id]) for t in session.scalars(select(FriendTag))},
        }  # fmt: skip
