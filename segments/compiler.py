"""Compiles a condition into one SQL expression over Friend joined with Facts, for SQLite and PostgreSQL alike.

Every expression is true or false, never unknown: `none` must hold for friends of whom a fact is missing.
"""

from datetime import datetime, tzinfo

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from segments.conditions import All, AnyOf, Condition, InSegment, NoneOf
from segments.leaves.context import NOTHING_KNOWN, Context, Known
from segments.leaves.friends import sendable as sendable


def compile(  # noqa: A001 — as in re.compile
    condition: Condition, now: datetime, zone: tzinfo, known: Known = NOTHING_KNOWN
) -> ColumnElement[bool]:
    """Return the expression that holds for the friends who match at `now`; days are those of `zone`.

    It stands in a query that selects from Friend joined with Facts and is made to look at few friends by name;
    audience.matching makes the one for everybody. `known` comes from condition_known.load: without it the shop's
    default RFM cuts hold, and a condition that names segments or asks for reactions raises Invalid.
    """
    return expression(condition, Context(now, zone, known))


def expression(condition: Condition, context: Context) -> ColumnElement[bool]:
    """Return the expression of a condition; among several parts the cheap ones are asked first."""
    if isinstance(condition, InSegment):
        return expression(context.known.inside(condition.segment_id), context)
    if not isinstance(condition, All | AnyOf | NoneOf):
        return condition.sql(context)
    parts = [
        expression(each, context) for each in sorted(condition.of, key=lambda each: cost(each, context.known))
    ]
    match condition:
        case All():
            return and_(true(), *parts)
        case AnyOf():
            return or_(false(), *parts)
        case NoneOf():
            return not_(or_(false(), *parts))


def cost(condition: Condition, known: Known) -> int:
    """Return how dear the dearest leaf of a condition is."""
    if isinstance(condition, InSegment):
        return cost(known.inside(condition.segment_id), known)
    if isinstance(condition, All | AnyOf | NoneOf):
        return max((cost(each, known) for each in condition.of), default=0)
    return condition.cost
