"""What the home page shows: the pyramid, what waits for a person, what left today and what is to leave."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.models import InboundEvent, InboundState
from scheduler import approvals, kept_forecast, outgoing, reports, savings
from scheduler.models import Delivery, DeliveryKind, DeliveryState
from scheduler.month_forecast import Forecast
from scheduler.outgoing import Outgoing
from segments import day_counts, standings
from segments.models import Facts, Question
from segments.stages import Stage
from segments.standings import Moved

TOP_FIRST = (Stage.REGULAR, Stage.EXISTING, Stage.TRIAL, Stage.PROSPECT, Stage.AWARE, Stage.EXIT)


@dataclass(frozen=True)
class Home:
    """The figures of the home page."""

    stages: list[tuple[Stage, int]]
    questions: int
    parked: int
    today: dict[DeliveryState, int]
    free_replies: int
    """Of today's accepted: answers to what friends said, which cost nothing."""
    quota: reports.QuotaUse
    forecast: Forecast
    forecast_at: datetime
    """When what is still to be sent this month was counted."""
    moved: Moved
    """This month's moves on the pyramid."""
    counted_at: datetime | None
    """When moves were last counted."""
    outgoing: Outgoing
    approvals: int
    """Broadcasts that wait for a second person's word."""
    saved: savings.Month
    """This month's, by messages that went together or on a free reply."""

    @property
    def held(self) -> int:
        """Messages that wait for a larger budget or the next month."""
        return self.forecast.reserved.held

    @property
    def friends(self) -> int:
        """How many friends stand anywhere in the pyramid."""
        return sum(count for _stage, count in self.stages)

    @property
    def largest(self) -> int:
        """The count the longest bar stands for."""
        return max((count for _stage, count in self.stages), default=0)


def home(session: Session, now: datetime, zone: ZoneInfo) -> Home:
    """Gather the home page's figures."""
    today, day = reports.start_of_day(now, zone), now.astimezone(zone).date()
    forecast, counted_at = kept_forecast.load(session, now)
    return Home(
        stages=_stages(session),
        questions=waiting_questions(session),
        parked=parked_events(session),
        today=reports.deliveries_since(session, today),
        free_replies=_free_replies(session, today),
        quota=reports.quota_use(session, now),
        forecast=forecast,
        forecast_at=counted_at,
        moved=standings.moved(session, "pyramid", day.replace(day=1), day),
        counted_at=day_counts.counted_at(session),
        outgoing=outgoing.outgoing(session, now, zone),
        approvals=approvals.waiting(session),
        saved=savings.of_month(session, now),
    )


def _stages(session: Session) -> list[tuple[Stage, int]]:
    """Count everybody on record by stage: blocked friends keep theirs, sends leave them out by themselves."""
    counted = select(Facts.stage, func.count()).group_by(Facts.stage)
    found = dict(session.execute(counted).all())
    return [(stage, found.get(stage.value, 0)) for stage in TOP_FIRST]


def _free_replies(session: Session, since: datetime) -> int:
    replies = (Delivery.kind == DeliveryKind.REPLY, Delivery.state == DeliveryState.ACCEPTED)
    counted = select(func.count()).select_from(Delivery).where(Delivery.created_at >= since, *replies)
    return session.scalar(counted) or 0


def waiting_questions(session: Session) -> int:
    """Count the questions nobody has answered."""
    waiting = select(func.count()).select_from(Question).where(Question.answered_at.is_(None))
    return session.scalar(waiting) or 0


def parked_events(session: Session) -> int:
    """Count the events whose handler failed every time."""
    parked = select(func.count()).select_from(InboundEvent).where(InboundEvent.state == InboundState.PARKED)
    return session.scalar(parked) or 0
