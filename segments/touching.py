"""Remembers of which friends something changed, so that watched segments look at them again."""

from collections.abc import Iterable

from sqlalchemy import insert
from sqlalchemy.orm import Session

from segments.models import Touched

_ADD = insert(Touched.__table__)  # pyright: ignore[reportArgumentType] -- a declared table is a Table


def touch(session: Session, friend_ids: Iterable[int]) -> None:
    """Put friends on the list, inside the transaction that changed what is known of them."""
    rows = [{"friend_id": friend_id} for friend_id in friend_ids]
    if rows:
        session.connection().execute(_ADD, rows)
