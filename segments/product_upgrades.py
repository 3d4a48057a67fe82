"""Which product is whose better version (上位版): told by codes, kept by ids, never in a circle."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from segments.errors import Invalid
from segments.models import Product


class Told(Protocol):
    """What is told of a product, as far as upgrades are concerned."""

    @property
    def code(self) -> str:
        """Its code."""
        ...

    @property
    def upgrade_of(self) -> str | None:
        """Code of the lesser product; "" for none, None when nothing is told."""
        ...


def problems(session: Session, news: Sequence[Told], created: set[str]) -> dict[str, Invalid]:
    """Return by code which of `news` name a lesser product that cannot be; `created` are codes about to exist.

    Refusals: upgrade_unknown, upgrade_circle (a product that would, by a chain, be an upgrade of itself).
    """
    if not any(new.upgrade_of for new in news):
        return {}
    found: dict[str, Invalid] = {}
    known = ids(session, news).keys() | created
    lesser = _stored(session)
    for new in news:
        if new.upgrade_of is None or new.code in found:
            continue
        if new.upgrade_of and new.upgrade_of not in known:
            found[new.code] = Invalid("upgrade_unknown", product_code=new.code, upgrade_of=new.upgrade_of)
        elif _leads_to(new.upgrade_of, new.code, lesser):
            found[new.code] = Invalid("upgrade_circle", product_code=new.code, upgrade_of=new.upgrade_of)
        else:
            lesser[new.code] = new.upgrade_of
    refused = found.keys() & created
    # What was to be created and is refused cannot be named by others either.
    return (
        found | problems(session, [new for new in news if new.code not in found], created - refused)
        if refused
        else found
    )


def ids(session: Session, news: Sequence[Told]) -> dict[str, int]:
    """Return the ids of the lesser products that `news` name, by code; unknown ones are left out."""
    codes = {new.upgrade_of for new in news if new.upgrade_of}
    if not codes:
        return {}
    return dict(session.execute(select(Product.code, Product.id).where(Product.code.in_(codes))).all())


def _stored(session: Session) -> dict[str, str]:
    lesser = aliased(Product)
    rows = session.execute(select(Product.code, lesser.code).join(lesser, lesser.id == Product.upgrade_of_id))
    return dict(rows.all())


def _leads_to(start: str, end: str, lesser: Mapping[str, str]) -> bool:
    here, seen = start, set[str]()
    while here and here not in seen:
        if here == end:
            return True
        seen.add(here)
        here = lesser.get(here, "")
    return False
