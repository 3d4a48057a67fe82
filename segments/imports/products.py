"""Imports products, keyed by product code; an empty cell leaves what is stored."""

import re
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from segments.clock import Clock
from segments.db import Database
from segments.errors import Invalid, KokyakuError
from segments.imports import cells
from segments.imports.columns import Fields, Row
from segments.imports.ledger import ImportReport, Tally
from segments.imports.options import ImportOptions
from segments.imports.reading import Reader
from segments.imports.repeats import first_of_each
from segments.imports.run import Group, Job, Progress, run_import, silent
from segments.models import ProductKind
from segments.products import NewProduct, Put, put_many

FIELDS = Fields(
    headers={
        "code": ("商品コード", "商品番号", "商品ID", "品番", "product code", "product id", "sku"),
        "name": ("商品名", "品名", "名称", "product name", "product"),
        "name_en": ("商品名英語", "英語名", "商品名(英語)", "english name"),
        "category": ("カテゴリ", "カテゴリー", "分類"),
        "price": ("価格", "販売価格", "税込価格", "定価", "price yen"),
        "kind": ("種別", "商品種別", "区分", "type"),
        "image_url": ("画像URL", "画像", "商品画像", "image"),
        "page_url": ("商品ページ", "ページURL", "商品URL", "商品ページURL", "URL", "page", "link"),
        "available": ("販売中", "販売状況", "公開", "on sale"),
        "settling_count": ("定着回数", "定着する購入回数", "定着までの購入回数", "settling purchases"),
        "upgrade_of": (
            "上位版の元商品",
            "元の商品コード",
            "元商品コード",
            "アップグレード元",
            "upgrade of code",
        ),
        "subscription_days": (
            "定期購入日数",
            "定期購入の間隔",
            "定期間隔",
            "お届け間隔",
            "subscription interval",
        ),
    },
    needed=(("code",),),
    key=("code",),
)

_KINDS = {
    ProductKind.REGULAR: ("通常", "通常商品", "定番", "regular", "normal"),
    ProductKind.TRIAL: ("お試し", "お試し商品", "おためし", "トライアル", "サンプル", "trial", "sample"),
    ProductKind.PREMIUM: ("プレミアム", "プレミアム商品", "上位", "premium"),
}
MOST_PURCHASES, MOST_DAYS = 1000, 3660
_NUMBER = re.compile(r"(\d{1,6})\s*(?:回|日|日ごと|日おき|times|days?)?", re.ASCII)
_NONE = frozenset({"0", "-", "なし", "無し", "無", "none"})
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}


def import_products(
    database: Database, path: Path, clock: Clock, options: ImportOptions, progress: Progress = silent
) -> ImportReport:
    """Import a CSV of products; raise Invalid when the file as a whole cannot be read."""
    return run_import(ProductImporter(), database, path, clock, options, progress)


class ProductImporter:
    """Products, keyed by code."""

    kind = "products"
    fields = FIELDS

    def key_of(self, row: Row) -> str:
        """Return the product code."""
        return cells.text(row.values["code"][:1000], 1000)

    def near_of(self, row: Row) -> str:
        """Return "": the order of the file will do."""
        del row
        return ""

    def take(self, session: Session, groups: Sequence[Group], job: Job) -> Tally:
        """Create or change the products of some groups."""
        tally = Tally()
        news = first_of_each(groups, lambda row: read_product(Reader(row, job.columns)), tally)
        for (row, _), result in zip(news, put_many(session, [new for _, new in news], job.now), strict=True):
            if isinstance(result, KokyakuError):
                tally.refuse(row.line, result)
            elif result == Put.UNCHANGED:
                tally.unchanged += 1
            else:
                tally.accepted += 1
                tally.created += result == Put.CREATED
        return tally


def read_product(reader: Reader) -> NewProduct:
    """Read one line; raise CellError."""
    reader.check_width()
    return NewProduct(
        code=reader.text("code", 64),
        name=reader.text("name", 255) or None,
        name_en=reader.text("name_en", 255) or None,
        category=reader.text("category", 64) or None,
        price_yen=reader.optional("price", cells.amount),
        kind=reader.optional("kind", _kind),
        image_url=_address(reader, "image_url"),
        page_url=_address(reader, "page_url"),
        available=reader.optional("available", cells.yes_or_no),
        settling_count=reader.optional("settling_count", lambda cell: _number(cell, MOST_PURCHASES)),
        upgrade_of=_upgrade_of(reader),
        subscription_days=reader.optional("subscription_days", lambda cell: _number(cell, MOST_DAYS)),
    )


def _number(cell: str, most: int) -> int:
    """Return a whole number from 1 to `most`; 0 for 「なし」, which takes away what is stored."""
    plain = cells.plain(cell).casefold()
    if plain in _NONE:
        return 0
    found = _NUMBER.fullmatch(plain)
    number = int(found[1]) if found else 0
    if not 1 <= number <= most:
        raise Invalid("number_out_of_range", given=cell, limit=most)
    return number


def _upgrade_of(reader: Reader) -> str | None:
    code = reader.text("upgrade_of", 64)
    return "" if cells.plain(code).casefold() in _NONE - {"0"} else code or None


def _kind(cell: str) -> ProductKind:
    kind = _KIND_OF.get(cells.plain(cell).casefold())
    if kind is None:
        raise Invalid("kind_unknown", given=cell)
    return kind


def _address(reader: Reader, field: str) -> str | None:
    address = reader.text(field, 2000)
    if address and not address.startswith(("https://", "http://")):
        raise reader.error(Invalid("address_unreadable", given=address), field)
    return address or None
