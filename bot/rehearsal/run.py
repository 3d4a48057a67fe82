"""Lives through the coming days on a copy: the real tick, plan and send code, and a clock that jumps from one due moment to the next."""

import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from bot.line.gateway import open_gateway
from bot.machinery import jobs_of
from bot.mail.wiring import missing
from bot.rehearsal import due, figures
from bot.rehearsal.clock import JumpingClock
from bot.rehearsal.copying import a_copy
from bot.rehearsal.customers import Customers
from bot.rehearsal.figures import Figures
from bot.rehearsal.line import RehearsedLine, a_line, populate, settings_for
from bot.rehearsal.mailer import PatientMailer
from bot.rehearsal.queue import MemoryQueue
from bot.rehearsal.setting_aside import lift_kill_switch, month_of, set_aside
from bot.services import Services
from bot.settings import Settings
from bot.wiring import tracking_of
from scheduler import quota, scenario_starts
from scheduler.delivery import Dispatcher
from scheduler.eligibility import quiet_hours
from scheduler.pacing import Unpaced
from scheduler.tick import ask_quota, tick
from scheduler.timing import QuietHours, next_allowed
from segments import analyses_nightly, shop
from segments.db import Database
from segments.errors import Invalid
from segments.models import Setting

log = structlog.get_logger(__name__)

LONGEST = 366
"""Days that can be rehearsed: beyond a year everything said about customers would be made up."""
GRAIN = timedelta(minutes=10)
"""Steps and messages that fall due within so long are taken up together, at its end; the real bell rings every two seconds."""
REVIEW = timedelta(hours=2)
"""The same for ladders, reminders and points, which sends may follow from; in quiet hours, their end."""
BELL = timedelta(hours=6)
"""How often the tick looks also when no date says that there is anything to do."""
NIGHT = time(3, 30)
"""When the nightly jobs run, by the shop's clock, as scheduler.ticker has it."""
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


def rehearse(
    settings: Settings,
    database: Database,
    wish: Wish,
    now: datetime,
    progress: Progress = lambda _days: None,
) -> Figures:
    """Live through `wish.days` from `now` on a copy of `database` and return what happened.

    The database itself is only read, and nothing reaches LINE. Raises Invalid (rehearsal_days) or
    Conflict (rehearsal_no_room).
    """
    if not 1 <= wish.days <= LONGEST:
        raise Invalid("rehearsal_days", given=wish.days, limit=LONGEST)
    with a_copy(database, settings.data) as copy, a_line(wish.seed) as line, _problems() as problems:
        with _a_life(settings, copy, line, wish, now) as life:
            life.live(progress)
        return figures.collect(copy, life.record(problems))


@contextmanager
def _a_life(
    settings: Settings, copy: Database, line: RehearsedLine, wish: Wish, now: datetime
) -> Generator["Life"]:
    clock = JumpingClock(now)
    queue = MemoryQueue(clock)
    own = settings_for(settings, line.url)
    gateway = open_gateway(own, copy, clock)
    services = Services(settings=own, database=copy, clock=clock, gateway=gateway, queue=queue)
    try:
        yield Life(services, line, clock, queue, wish)
    finally:
        gateway.close()


@contextmanager
def _problems() -> Generator[Counter[str]]:
    """Count what goes wrong instead of logging it: the days rehearsed have not happened."""
    found: Counter[str] = Counter()

    def count(_logger: object, method: str, fields: structlog.types.EventDict) -> structlog.types.EventDict:
        if method in {"error", "critical", "exception"}:
            kind = sys.exc_info()[0]
            what = fields.get("part") or fields["event"]
            found[f"{what}: {kind.__name__}" if kind else str(what)] += 1
        raise structlog.DropEvent

    # In place, as structlog.testing does it: loggers that are in use keep this very list.
    processors = structlog.get_config()["processors"]
    before = processors.copy()
    processors[:] = [count]
    try:
        yield found
    finally:
        processors[:] = before


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
            # Its seconds are real ones, in which days pass here.
            look_again=timedelta(),
        )
        self._jobs = jobs_of(services, self._dispatcher)
        self._customers = Customers(self._zone, self.wish.seed, self.began) if self.wish.purchases else None
        self._quiet: QuietHours | None = None
        self._bell = self.began
        self._night = _next_night(self.began, self._zone)

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
            *(_ceiling(each) for each in (found.send, customer) if each),
            *(self._review(each) for each in (found.review,) if each),
            *(each for each in (self.queue.next_at(),) if each),
        ]
        return max(now, min(moments))

    def _review(self, moment: datetime) -> datetime:
        """Return when a review is taken up: what follows from it in quiet hours leaves at their end anyway."""
        return next_allowed(_ceiling(moment, REVIEW), self._quiet, self._zone)

    def _jump(self, moment: datetime) -> None:
        self.jumps += 1
        self._move_to(moment)
        if self._customers:
            self._customers.look_ahead(self.services.database, moment)
            self._customers.buy(self.services.database, moment)
        if moment >= self._bell:
            self._ring_hourly(moment)
        if moment >= self._night:
            self._prepare_analyses(moment)
        self._settle()

    def _move_to(self, moment: datetime) -> None:
        if month_of(moment) != month_of(self.clock.now()):
            self.used[month_of(self.clock.now())] = self.line.used()
        self.clock.jump(moment)
        self.line.move_to(moment)

    def _ring_hourly(self, moment: datetime) -> None:
        self._bell = _ceiling(moment + timedelta(microseconds=1), BELL)
        database = self.services.database
        ask_quota(self._dispatcher)
        with database.begin() as session:
            scenario_starts.keep_watched(session, moment)
            set_aside(session, moment, self.end)

    def _prepare_analyses(self, moment: datetime) -> None:
        analyses_nightly.prepare(self.services.database, moment, _not_prepared)
        self._night += ANALYSES

    def _settle(self) -> None:
        """Tick and run jobs until nothing of now is left."""
        for _ in range(ROUNDS):
            done = tick(self._dispatcher)
            ran = self.queue.run_due(self._jobs)
            if not ran and not any(done.values()):
                return
            with self.services.database.reading() as session:
                if due.is_at_rest(session, self.clock.now()):
                    return
            self.clock.jump(self.clock.now() + ROUND)


def _next_night(now: datetime, zone: ZoneInfo) -> datetime:
    local = now.astimezone(zone)
    night = local.replace(hour=NIGHT.hour, minute=NIGHT.minute, second=0, microsecond=0)
    return (night if night > local else night + timedelta(days=1)).astimezone(UTC)


def _not_prepared(part: str, error: Exception) -> None:
    log.error("analysis_not_prepared", part=part, error=type(error).__name__)


def _quota(session: Session, now: datetime) -> tuple[int | None, int]:
    """Return LINE's limit, as last told or as the plan has it, and what is used this month."""
    plan, told = quota.plan_of(session), session.get(Setting, quota.USE)
    if told is None:
        return (None if plan.extra else plan.included), 0
    return told.value["limit"], quota.used_this_month(session, now)


def _ceiling(moment: datetime, grain: timedelta = GRAIN) -> datetime:
    """Return the end of the grain that `moment` lies in; its very end is itself."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -((midnight - moment) // grain) * grain
