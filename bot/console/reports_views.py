"""The few figures of a period that the list of reports begins with."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.console import (
    report_answers,
    report_buying,
    report_campaigns,
    report_friends,
    report_referrals,
    report_satisfaction,
    report_stages,
)
from bot.console.report_shapes import Ask, Sum

SHOWN = (
    ("friends", report_friends.report, 2),
    ("stages", report_stages.report, 2),
    ("buying", report_buying.report, 1),
    ("campaigns", report_campaigns.report, 5),
    ("referrals", report_referrals.report, 1),
    ("satisfaction", report_satisfaction.report, 1),
    ("answers", report_answers.report, 3),
)
"""Reports, and how many of their first figures are told."""


@dataclass(frozen=True)
class Highlight:
    """One figure, and the report it is from."""

    report: str
    sum: Sum


def highlights(ask: Ask) -> Sequence[Highlight]:
    """Return the figures."""
    return [Highlight(name, each) for name, build, count in SHOWN for each in build(ask).sums[:count]]
