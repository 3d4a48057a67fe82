"""The form of a product: what is typed becomes a product, or a word beside the field that must be mended."""

from collections.abc import Callable
from typing import TypeVar

from flask_babel import gettext as _

from bot.console.typed import Typed
from bot.i18n import N_
from bot.words import explain
from segments.errors import Invalid, KokyakuError
from segments.imports import cells
from segments.models import Product, ProductKind
from segments.orders import MAX_YEN
from segments.products import NewProduct

T = TypeVar("T")

KINDS = {
    ProductKind.REGULAR: N_("通常の商品"),
    ProductKind.TRIAL: N_("お試しの商品"),
    ProductKind.PREMIUM: N_("プレミアム商品"),
}
MOST_PURCHASES, MOST_DAYS = 1000, 3660
LONGEST = {"code": 64, "name": 255, "name_en": 255, "category": 64, "image_url": 2000, "page_url": 2000}


def of_product(product: Product, upgrade_of: str) -> dict[str, str]:
    """Return what the form shows of a stored product."""
    return {
        "code": product.code,
        "name": product.name,
        "name_en": product.name_en,
        "category": product.category,
        "price": str(product.price_yen),
        "kind": product.kind.value,
        "image_url": product.image_url or "",
        "page_url": product.page_url or "",
        "settling_count": str(product.settling_count or ""),
        "subscription_days": str(product.subscription_days or ""),
        "upgrade_of": upgrade_of,
    }


def read(typed: Typed, code: str | None = None) -> NewProduct:
    """Return the product as typed, `code` when it has one already; what is wrong stands in `typed.errors`."""
    return NewProduct(
        code=code or _text(typed, "code", _("商品コードを入力してください。")),
        name=_text(typed, "name", _("商品名を入力してください。")),
        name_en=_text(typed, "name_en"),
        category=_text(typed, "category"),
        price_yen=_price(typed),
        kind=_kind(typed),
        image_url=_address(typed, "image_url"),
        page_url=_address(typed, "page_url"),
        settling_count=_count(typed, "settling_count", MOST_PURCHASES),
        upgrade_of=typed.text("upgrade_of"),
        subscription_days=_count(typed, "subscription_days", MOST_DAYS),
    )


def refuse(typed: Typed, error: KokyakuError) -> None:
    """Put a refusal of the lower floor beside its field."""
    field = "upgrade_of" if error.code.startswith("upgrade_") else ""
    typed.add(field, explain(error))


def _text(typed: Typed, name: str, missing: str = "") -> str:
    return _taken(typed, name, lambda cell: cells.text(cell, LONGEST[name]), missing) or ""


def _price(typed: Typed) -> int:
    return _taken(typed, "price", cells.amount, _("価格を入力してください。")) or 0


def _taken(typed: Typed, name: str, read: Callable[[str], T], missing: str = "") -> T | None:
    cell = typed.text(name)
    if not cell:
        if missing:
            typed.add(name, missing)
        return None
    try:
        return read(cell)
    except Invalid as problem:
        typed.add(name, _words(problem))
        return None


def _words(problem: Invalid) -> str:
    match problem.code:
        case "too_long":
            return _("%(limit)s文字以内で入力してください。", limit=problem.params["limit"])
        case "amount_too_large":
            return _("0から%(most)s円までで入力してください。", most=f"{MAX_YEN:,}")
        case _:
            return _("税込の円で、1980 のように入力してください。")


def _kind(typed: Typed) -> ProductKind:
    try:
        return ProductKind(typed.text("kind"))
    except ValueError:
        typed.add("kind", _("種別を選んでください。"))
        return ProductKind.REGULAR


def _address(typed: Typed, name: str) -> str:
    address = _text(typed, name)
    if address and not address.startswith("https://"):
        typed.add(name, _("https:// で始まるURLを入力してください。"))
    return address


def _count(typed: Typed, name: str, most: int) -> int:
    return typed.number(name, most)
