"""Scenarios in words: what starts them, for whom, what ends them, when each step goes out."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any, cast

from flask_babel import gettext as _

from bot import step_words
from bot.i18n import N_, current_language
from bot.words import EVENTS
from scheduler.models import Reentry
from scheduler.scenario_settings import read_date_start
from scheduler.step_settings import CountBack, DateKind
from segments.models import EventKind
from segments.stages import stage_name

DETAILS: dict[tuple[str, str | bool | None], str] = {
    ("count_at_least", None): N_("%(value)s回目から"),
    ("count_at_most", None): N_("%(value)s回目まで"),
    ("side", "newcomer"): N_("ご紹介で来られた方"),
    ("side", "referrer"): N_("ご紹介くださった方"),
    ("segment_id", None): N_("セグメント%(value)s"),
    ("tag", None): N_("タグ「%(value)s」"),
    ("trial", True): N_("お試し商品"),
    ("trial", False): N_("お試し以外の商品"),
}
"""What a trigger asks of its event; a value of None stands for any."""
REENTRIES = {
    Reentry.NEVER: N_("1人1回だけ"),
    Reentry.ALWAYS: N_("何度でも"),
    Reentry.AFTER_INTERVAL: N_("前回から%(days)s日以上あけて"),
}


def trigger_words(trigger: Mapping[str, Any]) -> str:
    """Return what starts a scenario: 「購入（2回目から）」."""
    if "date" in trigger:
        start = read_date_start(trigger)
        back = CountBack(date=DateKind(start.date), days=start.days_before, name=start.name, day=start.day)
        return step_words.count_back_words(back, current_language())
    return event_words(trigger)


def event_words(wanted: Mapping[str, Any]) -> str:
    """Return an event that starts or ends a scenario, with what is asked of it."""
    if "if" in wanted:
        return condition_words(wanted["if"]) or _("すべての友だち")
    kind = wanted.get("event")
    name = _(EVENTS[EventKind(kind)]) if kind in set(EventKind) else str(kind or "?")
    asked: Mapping[str, Any] = wanted.get("where") or {}
    details = [_detail(key, value) for key, value in asked.items()]
    return _("%(event)s（%(details)s）", event=name, details=_("、").join(details)) if details else name


def _detail(key: str, value: Any) -> str:
    words = DETAILS.get((key, None)) or (DETAILS.get((key, value)) if isinstance(value, str | bool) else None)
    return _(words, value=value) if words else f"{key}: {value}"


def condition_words(condition: Mapping[str, Any] | None) -> str:
    """Return for whom a scenario or step is, "" for everybody; a condition too long for a line is only named."""
    match condition:
        case None | {"is": "everyone"}:
            return ""
        case {"is": "stage", "stages": [*stages]}:
            named = cast("list[str]", stages)
            return _("、").join(stage_name(stage, current_language()) for stage in named)
        case {"is": "purchase_count", "at_most": count}:
            return _("購入%(count)s回まで", count=count)
        case {"is": "purchase_count", "at_least": count}:
            return _("購入%(count)s回から", count=count)
        case {"is": "segment", "segment_id": number}:
            return _("セグメント%(value)sに入っている友だち", value=number)
        case _:
            return _("決められた条件に当てはまる友だち")


def reentry_words(reentry: Reentry, interval: timedelta | None) -> str:
    """Return how often a friend goes through a scenario."""
    return _(REENTRIES[reentry], days=interval.days if interval else 0)


def delay_words(delay: timedelta, at_time: time | None) -> str:
    """Return when a step goes out: 「すぐ」, 「3時間後」, 「2日後の18:00」."""
    after = _span(delay)
    if at_time is None:
        return _("%(span)s後", span=after) if after else _("すぐ")
    clock = f"{at_time:%H:%M}"
    if after:
        return _("%(span)s後の%(clock)s", span=after, clock=clock)
    return _("次の%(clock)s", clock=clock)


def span_words(span: timedelta | None) -> str:
    """Return how long something stays valid, "" when without end."""
    return "" if span is None else _span(span)


def _span(span: timedelta) -> str:
    minutes = span.seconds // 60
    amounts = (
        (span.days, _("%(count)s日", count=span.days)),
        (minutes // 60, _("%(count)s時間", count=minutes // 60)),
        (minutes % 60, _("%(count)s分", count=minutes % 60)),
    )
    return " ".join(words for amount, words in amounts if amount)
