"""What was typed at the till: read from the address or the form, and written back into an address."""

import re
import secrets
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from werkzeug.datastructures import MultiDict

from segments.till_bill import NewSale

_ITEM = re.compile(r"item-([0-9]{1,15})")
MOST = 999
"""Pieces of one product; more is a typing error."""


@dataclass(frozen=True)
class Basket:
    """The till's page as it stands."""

    who: str
    unlinked: str
    """A member number that nobody has yet, and that was confirmed."""
    words: str
    """What products were searched for."""
    items: dict[int, int]
    other: str
    coupon: str
    points: str
    key: str
    wrong: tuple[str, ...] = ()
    """Fields that hold no number."""

    def address(self) -> dict[str, Any]:
        """Return it as the query of an address; the key is the page's own and never part of it."""
        fields = {"who": self.who, "unlinked": self.unlinked, "p": self.words, "other": self.other}
        fields |= {"use": self.coupon, "points": self.points}
        fields |= {f"item-{key}": str(quantity) for key, quantity in self.items.items()}
        return {name: value for name, value in fields.items() if value and value != "0"}

    def sale(self, friend_id: int | None, member_number: str | None) -> NewSale:
        """Return it as the sale that is to be recorded."""
        return NewSale(
            key=self.key,
            friend_id=friend_id,
            member_number=member_number,
            items=tuple(self.items.items()),
            other_yen=_number(self.other) or 0,
            coupon=self.coupon,
            points=_number(self.points) or 0,
        )


def read(given: MultiDict[str, str]) -> Basket:
    """Return what stands in a form or an address."""
    items: dict[int, int] = {}
    wrong: list[str] = []
    for name, value in given.items():
        found = _ITEM.fullmatch(name)
        if found and value.strip() not in ("", "0"):
            quantity = _number(value)
            if quantity is None or quantity > MOST:
                wrong.append(name)
            else:
                items[int(found[1])] = quantity
    amounts = {name: given.get(name, "").strip()[:16] for name in ("other", "points")}
    wrong += [name for name, value in amounts.items() if value and _number(value) is None]
    return Basket(
        who=given.get("who", "").strip()[:64],
        unlinked=given.get("unlinked", "").strip()[:64],
        words=given.get("p", "").strip()[:64],
        items=items,
        other=amounts["other"],
        coupon=given.get("use", "").strip()[:32],
        points=amounts["points"],
        key=given.get("key", "") or secrets.token_urlsafe(12),
        wrong=tuple(wrong),
    )


def _number(text: str) -> int | None:
    """Return a whole number as people type it: full-width digits and commas are forgiven."""
    digits = normalize("NFKC", text).strip().replace(",", "").removesuffix("円")
    if not digits:
        return 0
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None
