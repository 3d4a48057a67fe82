"""A shop's coming days: the real tick, plan and send code, and a clock that jumps from one due moment to the next."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.jobs import jobs_of
from bot.mail.wiring import missing
from bot.rehearsal import due, figures
from bot.rehearsal.clock import JumpingClock
from bot.rehearsal.customers import Customers
from bot.rehearsal.line import RehearsedLine, populate
from bot.rehearsal.mailer import PatientMailer
from bot.rehearsal.moments import ceiling, next_night, taken_up
from bot.rehearsal.queue import MemoryQueue
from bot.rehearsal.setting_aside import lift_kill_switch, month_of, set_aside
from bot.rehearsal.turns import Turns
from bot.services import Services
from bot.wiring import tracking_of
from scheduler import plans, quota, scenario_starts
from scheduler.dispatcher import Dispatcher
from scheduler.eligibility import quiet_hours
from scheduler.pacing import Unpaced
from scheduler.tick import ask_quota, tick
from scheduler.timing import QuietHours, next_allowed
from segments import analyses_nightly, shop
from segments.models import Setting

log = structlog.get_logger(__name__)
REVIEW = timedelta(hours=2)
"""The same for ladders, reminders and points, which sends may follow from; in quiet hours, their end."""
BELL = timedelta(hours=6)
"""How often the tick looks also when no date says that there is anything to do."""
ANALYSES = timedelta(days=7)
"""How often the nightly analyses are prepared: scores move little in days on which few or none buy."""
ROUND = timedelta(seconds=2)
ROUNDS = 50

Progress = Callable[[int], None]
"""Told the number of days lived through."""


@dataclass(frozen=True)
class Wish:
    """What to rehearse."""

    days: int = 90
    purchases: bool = False
    """Whether friends buy on the day they are due; otherwise nobody does anything."""
    seed: int = 1


@dataclass
class Life:
    """A shop's coming days."""

    services: Services
    line: RehearsedLine
    clock: JumpingClock
    queue: MemoryQueue
    wish: Wish
    used: dict[str, int] = field(default_factory=dict[str, int])
    """Messages that the simulator counted, by month."""
    used_before: int = 0
    reachable: int = 0
    jumps: int = 0
    lifted: bool = False

    def __post_init__(self) -> None:
        services = self.services
        self.began = self.clock.now()
        self.end = self.began + timedelta(days=self.wish.days)
        self._zone = services.settings.zone
        self._dispatcher = Dispatcher(
            database=services.database,
            queue=self.queue,
            gateway=services.gateway,
            pacer=Unpaced(),
            clock=self.clock,
            zone=self._zone,
            tracking=tracking_of(services.settings),
            mailer=None if missing(services.settings) else PatientMailer(),
            # Real seconds tell nothing here, where days pass in them: it looks once a moment.
            look_again=timedelta(microseconds=1),
            seconds=lambda: self.clock.now().timestamp(),
        )
        self._jobs = jobs_of(services, self._dispatcher)
        self._customers = Customers(self._zone, self.wish.seed, self.began) if self.wish.purchases else None
        self._quiet: QuietHours | None = None
        self._bell = self.began
        self._night = next_night(self.began, self._zone)

    def live(self, progress: Progress) -> None:
        """Jump from moment to moment until the end, then look once more."""
        self._begin()
        while (moment := self._next()) < self.end:
            self._jump(moment)
            progress((moment - self.began).days)
        self._jump(self.end)
        self.used[month_of(self.end)] = self.line.used()
        progress(self.wish.days)

    def record(self, problems: Counter[str]) -> figures.Lived:
        """Return what the figures need to know beside the copy itself."""
        return figures.Lived(
            began=self.began,
            end=self.end,
            zone=self._zone,
            used=self.used,
            used_before=self.used_before,
            reachable=self.reachable,
            jumps=self.jumps,
            purchases=self._customers.bought if self._customers else None,
            kill_switch_lifted=self.lifted,
            problems=problems,
        )

    def _begin(self) -> None:
        database = self.services.database
        self.reachable = populate(database, self.line)
        self.line.move_to(self.began)
        with database.begin() as session:
            self.lifted = lift_kill_switch(session)
            limit, self.used_before = _quota(session, self.began)
            self._quiet = quiet_hours(shop.load(session))
        self.line.allow(limit, self.used_before)
        self._jump(self.began)

    def _next(self) -> datetime:
        """Return the next moment at which anything may happen."""
        now = self.clock.now()
        with self.services.database.reading() as session:
            found = due.next_due(session, now)
        customer = self._customers.next_at() if self._customers else None
        moments = [
            self._bell,
            self._night,
            *(taken_up(each, self._quiet, self._zone) for each in (found.send, customer) if each),
            *(self._review(each) for each in (found.review,) if each),
            *(each for each in (self.queue.next_at(),) if each),
        ]
        return max(now, min(moments))

    def _review(self, moment: datetime) -> datetime:
        """Return when a review is taken up: what follows from it in quiet hours leaves at their end anyway."""
        return next_allowed(ceiling(moment, REVIEW), self._quiet, self._zone)

    def _jump(self, moment: datetime) -> None:
        self.jumps += 1
        self._move_to(moment)
        if self._customers:
            self._customers.look_ahead(self.services.database, moment)
            self._customers.buy(self.services.database, moment)
        rings = moment >= self._bell
        if rings:
            self._ring(moment)
        if moment >= self._night:
            self._prepare_analyses(moment)
        self._settle(at_bell=rings)

    def _move_to(self, moment: datetime) -> None:
        if month_of(moment) != month_of(self.clock.now()):
            self.used[month_of(self.clock.now())] = self.line.used()
        self.clock.jump(moment)
        self.line.move_to(moment)

    def _ring(self, moment: datetime) -> None:
        self._bell = ceiling(moment + timedelta(microseconds=1), BELL)
        database = self.services.database
        ask_quota(self._dispatcher)
        with database.begin() as session:
            scenario_starts.keep_watched(session, moment)
            set_aside(session, moment, self.end)

    def _prepare_analyses(self, moment: datetime) -> None:
        analyses_nightly.prepare(self.services.database, moment, _not_prepared)
        self._night += ANALYSES

    def _settle(self, *, at_bell: bool) -> None:
        """Tick and run jobs until nothing of now is left."""
        for _ in range(ROUNDS):
            turns = [] if at_bell else [Turns(self.services.database, self.clock.now())]
            done = tick(self._dispatcher, *turns)
            ran = self.queue.run_due(self._jobs)
            if not ran and not any(done.values()):
                return
            with self.services.database.reading() as session:
                if due.is_at_rest(session, self.clock.now()):
                    return
            self.clock.jump(self.clock.now() + ROUND)


def _not_prepared(part: str, error: Exception) -> None:
    log.error("analysis_not_prepared", part=part, error=type(error).__name__)


def _quota(session: Session, now: datetime) -> tuple[int | None, int]:
    """Return LINE's limit and what is used this month.

    Of a shop that never asked LINE it is the most that its plan sells.
    """
    told = session.get(Setting, quota.USE)
    if told is None:
        return plans.most_messages(quota.plan_of(session)), 0
    return told.value["limit"], quota.used_this_month(session, now)
