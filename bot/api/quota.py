"""What sending costs this month, and the kill switch, for the shop's other systems."""

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot import operators
from bot.api.access import blueprint, json_body, keyed, parsed, source
from bot.api.quota_shapes import (
    CheckOut,
    ForecastOut,
    KillSwitchIn,
    KillSwitchOut,
    PlanOut,
    QuotaOut,
    ReservedOut,
)
from bot.services import current_services
from scheduler import kill_switch, line_quota, meter, month_forecast, reconciling
from scheduler.month_forecast import Forecast
from scheduler.months import month_of


@blueprint.get("/quota")
@keyed
def quota() -> ResponseReturnValue:
    """Return this month's messages, bill, forecast and plans."""
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        found, used = month_forecast.forecast(session, now), meter.read(session, now)
        said = line_quota.line_used(session, now)
        answer = QuotaOut(
            month=month_of(now),
            plan=found.plan.key,
            used=found.used,
            ours=used.claimed,
            beyond_ours=used.beyond,
            line_used=said[0] if said else None,
            line_limit=line_quota.line_limit(session),
            line_asked_at=said[1] if said else None,
            limit=found.limit,
            budget_yen=found.budget_yen,
            bill_yen=found.spent_yen,
            reserved=_reserved(found),
            kept_for_care=used.kept_for_care,
            held=found.reserved.held,
            held_since=meter.held_since(session),
            forecast=_forecast(found),
            plans=_plans(found),
            last_check=_last_check(session),
        )
    return jsonify(answer.model_dump(mode="json"))


@blueprint.get("/kill-switch")
@keyed
def show_kill_switch() -> ResponseReturnValue:
    """Tell whether everything stands still."""
    with current_services().database.reading() as session:
        return _switch(session)


@blueprint.put("/kill-switch")
@keyed
def turn_kill_switch() -> ResponseReturnValue:
    """Stop everything, or let it go on; a switch that stands so already is no trouble."""
    wanted, services = parsed(KillSwitchIn, json_body()), current_services()
    now = services.clock.now()
    with services.database.begin() as session:
        if wanted.stopped != kill_switch.is_stopped(session):
            if wanted.stopped:
                kill_switch.stop_everything(session, source(), now, wanted.reason)
            else:
                kill_switch.start_again(session, services.queue, source(), now)
            action = "everything_stopped" if wanted.stopped else "everything_started"
            operators.note(session, source(), action, "", now)
        return _switch(session)


def _switch(session: Session) -> ResponseReturnValue:
    last = next(iter(kill_switch.turns(session)), None)
    answer = KillSwitchOut(
        stopped=kill_switch.is_stopped(session),
        by=last.by if last else None,
        at=last.at if last else None,
        reason=last.reason if last else "",
    )
    return jsonify(answer.model_dump(mode="json"))


def _reserved(found: Forecast) -> ReservedOut:
    planned = found.reserved
    return ReservedOut(queued=planned.queued, unplanned=planned.unplanned, scheduled=planned.scheduled)


def _forecast(found: Forecast) -> ForecastOut:
    return ForecastOut(
        steps_enrolled=round(found.steps.enrolled),
        steps_newcomers=round(found.steps.newcomers),
        messages=found.messages,
        wanted=found.wanted,
        bill_yen=found.yen,
        short_by=found.short_by,
        cheapest_plan=found.cheapest.key if found.cheapest else None,
        saves_yen=found.saves_yen,
    )


def _plans(found: Forecast) -> list[PlanOut]:
    return [
        PlanOut(
            key=offer.plan.key,
            name=offer.plan.name,
            name_en=offer.plan.name_en,
            monthly_yen=offer.plan.monthly_yen,
            included=offer.plan.included,
            bill_yen=offer.yen,
        )
        for offer in found.offers
    ]


def _last_check(session: Session) -> CheckOut | None:
    last = next(iter(reconciling.comparisons(session, 1)), None)
    if last is None:
        return None
    return CheckOut(
        day=last.day, ours=last.ours, line=last.line, difference=last.difference, alarm=last.is_alarm
    )
