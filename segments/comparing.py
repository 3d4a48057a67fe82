"""Tells whether an order given again says what is stored, and shows both sides when it does not."""

from collections import Counter
from typing import Any

from segments.lookups import Owner, Stored
from segments.orders import NewItem, NewPurchase


def differs(stored: Stored, new: NewPurchase, owner: Owner) -> bool:
    """Return whether `new` contradicts the stored order of its id.

    A refund is not compared: it is told later than the order, and only ever grows.
    """
    return (
        stored.bought_at != new.bought_at
        or stored.amount_yen != new.amount_yen
        or not _same_owner(stored, owner)
        or not _same_items(stored, new.items)
    )


def _same_owner(stored: Stored, owner: Owner) -> bool:
    # The number first: linking and unlinking it moves the friend, not the order.
    if stored.member_number and owner.member_number:
        return stored.member_number == owner.member_number
    return stored.friend_id is not None and stored.friend_id == owner.friend_id


def _same_items(stored: Stored, items: tuple[NewItem, ...]) -> bool:
    # Shares by list price move with the price, so only amounts that were given are compared.
    with_amounts = all(item.amount_yen is not None for item in items)
    given = Counter((i.product_code, i.quantity, i.amount_yen if with_amounts else None) for i in items)
    held = Counter((i.product_code, i.quantity, i.amount_yen if with_amounts else None) for i in stored.items)
    return given == held


def shown_stored(stored: Stored) -> dict[str, Any]:
    """Return the stored order as JSON for a person to compare."""
    return {
        "bought_at": stored.bought_at.isoformat(),
        "amount_yen": stored.amount_yen,
        "friend_id": stored.friend_id,
        "member_number": stored.member_number,
        "items": [[item.product_code, item.quantity] for item in stored.items],
    }


def shown_given(new: NewPurchase, owner: Owner) -> dict[str, Any]:
    """Return the order as given, in the shape of `shown_stored`."""
    return {
        "bought_at": new.bought_at.isoformat(),
        "amount_yen": new.amount_yen,
        "friend_id": owner.friend_id,
        "member_number": owner.member_number,
        "items": [[item.product_code, item.quantity] for item in new.items],
    }
