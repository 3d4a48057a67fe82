"""Says which purchases count, and under what name they are all taken together."""

from sqlalchemy import ColumnElement, or_

from segments.models import Purchase

EVERYTHING = ""
"""The category that stands for all purchases together."""


def counts() -> ColumnElement[bool]:
    """Return the condition under which a purchase counts: it was not refunded in full."""
    return or_(Purchase.refunded_at.is_(None), Purchase.refunded_yen < Purchase.amount_yen)
