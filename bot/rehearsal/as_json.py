"""A rehearsal's report as JSON, for spreadsheets and programs."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.rehearsal.figures import CampaignFigures, Figures


def to_json(figures: Figures) -> dict[str, Any]:
    """Return the whole report; days as 2026-11-21, months as 2026-11, yen without tax."""
    lived = figures.lived
    return {
        "began": lived.began.astimezone(lived.zone).isoformat(timespec="seconds"),
        "end": lived.end.astimezone(lived.zone).isoformat(timespec="seconds"),
        "reachable": lived.reachable,
        "heard": figures.heard,
        "sent": figures.sent,
        "purchases": lived.purchases,
        "kill_switch_lifted": lived.kill_switch_lifted,
        "problems": dict(lived.problems),
        "by_day": _by_day(figures.by_day),
        "skipped": dict(figures.skipped.most_common()),
        "campaigns": [_campaign(each) for each in figures.campaigns],
        "plan": figures.plan_name,
        "used_before": lived.used_before,
        "months": [
            {
                "month": month.name,
                "messages": month.messages,
                "included": month.included,
                "limit": month.limit,
                "plan_yen": month.plan_yen,
                "extra_yen": month.extra_yen,
            }
            for month in figures.months
        ],
        "most": [
            {
                "friend_id": each.friend_id,
                "name": each.name,
                "messages": each.messages,
                "most_in_a_week": each.most_in_a_week,
            }
            for each in figures.listeners
        ],
    }


def _campaign(figures: CampaignFigures) -> dict[str, Any]:
    return {
        "kind": figures.campaign.kind,
        "id": figures.campaign.id,
        "name": figures.campaign.name,
        "state": figures.state or None,
        "sent": figures.sent,
        "by_day": _by_day(figures.by_day),
        "skipped": dict(figures.skipped.most_common()),
        "waiting": dict(figures.waiting.most_common()),
    }


def _by_day(days: Mapping[date, int]) -> dict[str, int]:
    return {day.isoformat(): days[day] for day in sorted(days)}
