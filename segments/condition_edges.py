"""Whose answer to a condition the passing of time alone may have changed, found by index and not by looking at all."""

from datetime import datetime, tzinfo

from segments.conditions import All, AnyOf, Condition, InSegment, NoneOf
from segments.leaves.context import NOTHING_KNOWN, Context, Edge, Known, Span


def moved(
    condition: Condition, since: datetime, until: datetime, zone: tzinfo, known: Known = NOTHING_KNOWN
) -> list[Edge]:
    """Return selects of friend ids; together they hold everybody whose answer differs between the two moments.

    They may hold others too, and friends more than once: whoever is named is to be asked again. Nobody is missing as
    long as the rows stay as they are (what changes rows calls touching.touch). Empty when time changes nothing: most
    conditions change at midnight in `zone` alone. `known` is that of condition_known.load, as for the compiler.
    """
    return _edges(condition, Span(Context(since, zone, known), Context(until, zone, known)))


def _edges(condition: Condition, span: Span) -> list[Edge]:
    if isinstance(condition, InSegment):
        return _edges(span.until.known.inside(condition.segment_id), span)
    if isinstance(condition, All | AnyOf | NoneOf):
        return [edge for each in condition.of for edge in _edges(each, span)]
    return condition.edges(span)
