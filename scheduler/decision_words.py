"""Says decisions in Japanese and English, with the numbers they were decided by."""

from datetime import datetime, tzinfo

from scheduler.models import Decision
from scheduler.reasons import Reason, reason_words
from segments.leaves.said import Said

FIGURES: dict[Reason, tuple[str, str]] = {
    Reason.CONTACT_CEILING: ("{2}日間に{0}通（上限{1}通）", "{0} of {1} in {2} days"),
    Reason.SALES_SHARE: (
        "直近{1}通のうち{0}通が販売のご案内（{3}通のうち{2}通まで）",
        "{0} of the last {1} sold; at most {2} of {3} may",
    ),
    Reason.TRUST_IN_THE_RED: ("不足{0}点", "{0} points below zero"),
    Reason.CONTROL_GROUP: ("{0}%を抽選", "{0}% drawn by lot"),
}
"""How the figures of a reason are said, given in their order."""


def said(decision: Decision, zone: tzinfo) -> Said:
    """Say what was decided, e.g. 接触計画の上限に達しています：7日間に4通（上限4通）。（…まで保留）."""
    reason = because(decision)
    if decision.until is None:
        return reason.plus("（見送り）", " (not sent)")
    until = clock(decision.until, zone)
    return reason.plus(f"（{until.ja}まで保留）", f" (held until {until.en})")


def because(decision: Decision) -> Said:
    """Say the reason of a decision, e.g. 接触計画の上限に達しています：7日間に4通（上限4通）."""
    reason, figures = reason_said(decision.rule), _figures(decision)
    return reason if figures is None else reason.plus(f"：{figures.ja}", f": {figures.en}")


def reason_said(reason: str) -> Said:
    """Say a stored reason in both languages."""
    return Said(reason_words(reason, "ja"), reason_words(reason, "en"))


def clock(moment: datetime, zone: tzinfo) -> Said:
    """Say a moment by a wall clock: 2026年11月21日（土） 14:30."""
    local = moment.astimezone(zone)
    weekday = "月火水木金土日"[local.weekday()]
    return Said(
        f"{local.year}年{local.month}月{local.day}日（{weekday}） {local:%H:%M}",
        f"{local:%a} {local.day} {local:%b %Y, %H:%M}",
    )


def _figures(decision: Decision) -> Said | None:
    try:
        japanese, english = FIGURES[Reason(decision.rule)]
        figures = decision.figures.split()
        return Said(japanese.format(*figures), english.format(*figures))
    except (KeyError, ValueError, IndexError):
        return None  # of another version of the program: the reason alone still tells why
