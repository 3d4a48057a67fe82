"""Says in words why a friend is expected to buy, in Japanese and English."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from segments.cycle import CycleParams, CycleState, chance_of_purchase, forecast, own_rhythm

FOUR_WEEKS = timedelta(weeks=4)


def because(state: CycleState, params: CycleParams, now: datetime) -> dict[str, Any]:
    """Return the figures behind a forecast as plain JSON: purchases, days, spread, due_at, lapsed, percent.

    `days` is the friend's own typical gap and `spread` how far their gaps lie around it; both are None while
    there are too few gaps. `percent` is the chance of a purchase within four weeks of `now`.
    """
    own, dates = own_rhythm(state), forecast(state, params)
    return {
        "purchases": state.n + 1,
        "days": round(own[0]) if own else None,
        "spread": round(own[1]) if own and own[1] is not None else None,
        "due_at": dates.due_at.isoformat(),
        "overdue": now >= dates.due_at,
        "percent": round(100 * chance_of_purchase(state, now, FOUR_WEEKS, params)),
    }


def words(figures: Mapping[str, Any], language: str, zone: tzinfo) -> str:
    """Say the figures of `because`: 「6回購入、およそ31日ごと（±6日）。次は12月12日ごろ、4週間以内の確率64%」."""
    due = datetime.fromisoformat(figures["due_at"]).astimezone(zone)
    if language == "ja":
        return f"{_rhythm_ja(figures)}。{_due_ja(due, figures)}、4週間以内の確率{figures['percent']}%"
    return f"{_rhythm_en(figures)}; {_due_en(due, figures)}, {figures['percent']}% within four weeks"


def explain(state: CycleState, params: CycleParams, now: datetime, language: str, zone: tzinfo) -> str:
    """Say why the friend is expected when they are expected."""
    return words(because(state, params, now), language, zone)


def _rhythm_ja(figures: Mapping[str, Any]) -> str:
    if figures["days"] is None:
        return "1回購入、まだ間隔がわからないためお店全体の傾向からの目安です"
    if figures["spread"] is None:
        return f"{figures['purchases']}回購入、間隔は{figures['days']}日"
    return f"{figures['purchases']}回購入、およそ{figures['days']}日ごと（±{figures['spread']}日）"


def _rhythm_en(figures: Mapping[str, Any]) -> str:
    if figures["days"] is None:
        return "Bought once, so only the shop's general rhythm speaks"
    if figures["spread"] is None:
        return f"Bought {figures['purchases']} times, {figures['days']} days apart"
    return f"Bought {figures['purchases']} times, every {figures['days']} ± {figures['spread']} days"


def _due_ja(due: datetime, figures: Mapping[str, Any]) -> str:
    day = f"{due.month}月{due.day}日ごろ"
    return f"{day}の予定を過ぎています" if figures["overdue"] else f"次は{day}"


def _due_en(due: datetime, figures: Mapping[str, Any]) -> str:
    return f"{'was due' if figures['overdue'] else 'due'} about {due.day} {due:%B}"
