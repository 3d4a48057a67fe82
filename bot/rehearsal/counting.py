"""Counts on the copy what a rehearsal sent, to whom and at what price."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.rehearsal.figures import Campaign, CampaignFigures, Figures, Listener, Lived, Month
from scheduler import meter, quota
from scheduler.models import Broadcast, Delivery, DeliveryState, Enrolment, Scenario
from segments.db import Database
from segments.models import Friend

MOST_SHOWN = 20
WEEK = timedelta(days=7)


def collect(database: Database, lived: Lived) -> Figures:
    """Read the report off the copy on which the days were lived."""
    with database.reading() as session:
        sends = _sends(session, lived)
        plan = quota.plan_of(session)
        return Figures(
            lived=lived,
            campaigns=_campaigns(session, lived, sends),
            months=_months(lived, plan, meter.cap(session).messages),
            listeners=_listeners(session, sends),
            heard=len({send.friend_id for send in sends}),
            plan_name=plan.name,
            plan_name_en=plan.name_en,
        )


class _Send(NamedTuple):
    friend_id: int
    broadcast_id: int | None
    scenario_id: int | None
    at: datetime


def _sends(session: Session, lived: Lived) -> list[_Send]:
    rows = session.execute(
        select(Delivery.friend_id, Delivery.broadcast_id, Enrolment.scenario_id, Delivery.ended_at)
        .outerjoin(Enrolment, Enrolment.id == Delivery.enrolment_id)
        .where(Delivery.state == DeliveryState.ACCEPTED, Delivery.ended_at >= lived.began)
    )
    return [_Send(*row) for row in rows]


def _campaigns(session: Session, lived: Lived, sends: Sequence[_Send]) -> list[CampaignFigures]:
    found: defaultdict[tuple[int | None, int | None], CampaignFigures] = defaultdict(
        lambda: CampaignFigures(Campaign("other", None, "", ""))
    )
    for send in sends:
        day = send.at.astimezone(lived.zone).date()
        found[send.broadcast_id, send.scenario_id].by_day[day] += 1
    for broadcast_id, scenario_id, state, reason, count in _others(session, lived):
        one = found[broadcast_id, scenario_id]
        (one.waiting if state is DeliveryState.QUEUED else one.skipped)[reason or state.value] += count
    _name(session, found)
    return sorted(found.values(), key=lambda each: (-each.sent, each.campaign.kind, each.campaign.id or 0))


def _others(session: Session, lived: Lived) -> Sequence[Any]:
    """Return by campaign how many were not sent since the rehearsal began, or wait still, and why."""
    ended = Delivery.state.not_in([DeliveryState.ACCEPTED, DeliveryState.QUEUED])
    which = (Delivery.state == DeliveryState.QUEUED) | (ended & (Delivery.ended_at >= lived.began))
    what = (Delivery.broadcast_id, Enrolment.scenario_id, Delivery.state, Delivery.reason)
    query = select(*what, func.count()).outerjoin(Enrolment, Enrolment.id == Delivery.enrolment_id)
    return session.execute(query.where(which).group_by(*what)).all()


def _name(session: Session, found: Mapping[tuple[int | None, int | None], CampaignFigures]) -> None:
    broadcasts = {
        id_: (name, state)
        for id_, name, state in session.execute(select(Broadcast.id, Broadcast.name, Broadcast.state))
    }
    scenarios = {
        id_: (name, english)
        for id_, name, english in session.execute(select(Scenario.id, Scenario.name, Scenario.name_en))
    }
    for (broadcast_id, scenario_id), one in found.items():
        if broadcast_id is not None:
            name, state = broadcasts[broadcast_id]
            one.campaign, one.state = Campaign("broadcast", broadcast_id, name, name), state.value
        elif scenario_id is not None:
            name, english = scenarios[scenario_id]
            one.campaign = Campaign("scenario", scenario_id, name, english or name)


def _months(lived: Lived, plan: quota.Plan, cap: int | None) -> list[Month]:
    """Price each month; the first one's messages include what was used before the rehearsal."""
    return [
        Month(name, messages, plan.included, cap, plan.monthly_yen, round(quota.extra_cost(plan, messages)))
        for name, messages in sorted(lived.used.items())
    ]


def _listeners(session: Session, sends: Sequence[_Send]) -> list[Listener]:
    times: defaultdict[int, list[datetime]] = defaultdict(list)
    for send in sends:
        times[send.friend_id].append(send.at)
    most = sorted(times, key=lambda friend_id: (-len(times[friend_id]), friend_id))[:MOST_SHOWN]
    names = dict(session.execute(select(Friend.id, Friend.display_name).where(Friend.id.in_(most))).all())
    return [Listener(id_, names[id_], len(times[id_]), _busiest_week(times[id_])) for id_ in most]


def _busiest_week(times: Sequence[datetime]) -> int:
    """Return the most messages that fall into any seven days."""
    ordered, first, most = sorted(times), 0, 0
    for place, at in enumerate(ordered):
        while at - ordered[first] >= WEEK:
            first += 1
        most = max(most, place - first + 1)
    return most
