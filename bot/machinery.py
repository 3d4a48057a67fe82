"""What a worker process runs: the job engine, the webhook inbox, the bell, and the watch over dead workers."""

from datetime import timedelta
from functools import partial
from threading import Event, Thread

import structlog

from bot import exporting, policy_trials, tagging_jobs
from bot.line import menu_linking
from bot.line.inbox import Inbox, described
from bot.line.ports import RichMenuGateway
from bot.line.richmenus import ensure_default_menu
from bot.services import Services
from bot.wiring import dispatcher_of, executor_id
from scheduler import (
    broadcast_results,
    campaign_days,
    heartbeats,
    kept_forecast,
    quota,
    reconciling,
    releasing,
    scenario_starts,
)
from scheduler.delivery import Dispatcher, send_chunks
from scheduler.engine import DbosQueue, DbosWorker
from scheduler.gateway import GatewayError
from scheduler.jobs import Job, JobArgument, Jobs
from scheduler.leadership import SessionLock, is_free
from scheduler.plan import plan_broadcast
from scheduler.tick import ask_quota, tick
from scheduler.ticker import Ticker
from segments import (
    analyses_asked,
    analyses_nightly,
    coupon_giving,
    cycle_refit,
    day_counts,
    segment_sizes,
    tagging_many,
)
from segments.imports import uploaded

log = structlog.get_logger(__name__)

BEAT_SECONDS = 2.0
RECORDS_KEPT = timedelta(days=2)


class Machinery:
    """Everything that works behind the web, started and stopped together."""

    def __init__(self, services: Services) -> None:
        """Prepare; nothing runs before `start`."""
        self._services = services
        self._name = executor_id(services.database)
        self._dispatcher = dispatcher_of(services)
        self._worker = DbosWorker(services.database, self._name)
        self._alive = SessionLock(services.database, self._name)
        self.inbox = Inbox(services)
        self.ticker = Ticker(services.database, services.queue, services.clock, services.settings.zone)
        self._seem_to_run: set[str] = set()
        self._stop = Event()
        self._watch = Thread(target=self._beat_and_watch, name="kokyaku-watch", daemon=True)

    def start(self, *, rings: bool = True) -> None:
        """Take up what was left, then listen for jobs, webhooks and the clock; without `rings` somebody else rings."""
        self._alive.hold()
        self._worker.start(jobs_of(self._services, self._dispatcher))
        self.inbox.start()
        if rings:
            self.ticker.start()
        self._watch.start()

    def stop(self) -> None:
        """Stop ringing, finish what runs, let go."""
        self.ticker.stop()
        self.inbox.stop()
        self._dispatcher.ending.set()
        self._worker.stop()
        self._stop.set()
        if self._watch.is_alive():
            self._watch.join(timeout=5)
        self._alive.release()

    def _beat_and_watch(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            try:
                self._beat()
                self._take_over_from_the_dead()
            except Exception as error:  # noqa: BLE001 — logged without its text, which may hold an address
                # Whatever broke, the next beat is due: without this thread dead workers keep their jobs.
                log.warning("heartbeat_failed", error=described(error))

    def _beat(self) -> None:
        self._alive.hold()
        with self._services.database.begin() as session:
            heartbeats.beat(session, self._name, "worker", self._services.clock.now())

    def _take_over_from_the_dead(self) -> None:
        queue = self._services.queue
        if not isinstance(queue, DbosQueue):
            return
        for owner, job_ids in queue.running_by_executor().items():
            if owner == self._name:
                self._take_up_what_only_seems_to_run(queue, job_ids)
            elif is_free(self._services.database, owner):
                log.warning("worker_died", worker=owner, jobs=len(job_ids))
                queue.take_over(job_ids)

    def _take_up_what_only_seems_to_run(self, queue: DbosQueue, job_ids: list[str]) -> None:
        """Run again what ended here while its end could not be written down: a full disk, a lost connection."""
        ended = {job_id for job_id in job_ids if not self._worker.runs(job_id)}
        # Seen twice in a row: a job that was claimed a moment ago has not begun yet.
        lost = sorted(ended & self._seem_to_run)
        self._seem_to_run = ended - set(lost)
        if lost:
            log.warning("jobs_taken_up_again", jobs=len(lost))
            queue.take_over(lost)


def jobs_of(services: Services, dispatcher: Dispatcher) -> Jobs:
    """Return what each kind of job does in this process."""
    return {
        Job.SEND_CHUNK: partial(send_chunks, dispatcher),
        Job.PLAN_BROADCAST: partial(plan_broadcast, services.database, services.queue, services.clock),
        Job.TICK: partial(_tick, services, dispatcher),
        Job.LINK_MENUS: partial(_link_menus, services),
        Job.REFRESH: partial(_refresh, services, dispatcher),
        Job.NIGHTLY: partial(_nightly, services),
        Job.EXPORT: partial(exporting.run, services.database, services.clock),
        Job.TAG_FRIENDS: partial(tagging_jobs.run, services.database, services.clock),
        Job.IMPORT: partial(uploaded.work, services.database, services.clock),
        Job.ANALYSE: partial(analyses_asked.work, services.database, services.clock),
        Job.GIVE_COUPONS: partial(coupon_giving.work, services.database, services.clock),
        Job.TRY_POLICY: partial(policy_trials.run, services.database, services.clock),
    }


def _tick(services: Services, dispatcher: Dispatcher) -> None:
    tick(dispatcher)
    with services.database.begin() as session:
        menu_linking.notice(session, services.queue, services.clock.now())


def _link_menus(services: Services, since: JobArgument) -> None:
    gateway = services.gateway
    if isinstance(gateway, RichMenuGateway):
        moves = int(since) if since is not None else None
        linked = menu_linking.link_due(services.database, gateway, services.clock, moves)
        log.info("rich_menus_linked", friends=linked)


def _refresh(services: Services, dispatcher: Dispatcher) -> None:
    ask_quota(dispatcher)
    with services.database.begin() as session:
        releasing.keep_for_care(session, services.clock.now())
        kept_forecast.keep(session, services.clock.now())
        scenario_starts.keep_watched(session, services.clock.now())
        menu_linking.look_again(session, services.queue, services.clock.now())
    broadcast_results.refresh(services.database, services.clock.now())
    day_counts.refresh(services.database, services.clock.now())
    gateway = services.gateway
    if not isinstance(gateway, RichMenuGateway):
        return
    try:
        ensure_default_menu(services.database, gateway, services.clock.now())
    except GatewayError as error:
        log.warning("rich_menu_not_made", error=type(error).__name__, status=error.status)


def _nightly(services: Services) -> None:
    """Do what is due once a night; a part that fails is logged and stops no other."""
    # Analyses before segments are counted: some ask for deciles.
    for part in (
        _forget_records,
        _forget_chores,
        _prepare_analyses,
        _count_campaigns,
        _refit_cycles,
        _count_segments,
        _compare_quota,
        _compare_menus,
    ):
        try:
            part(services)
        except Exception as error:  # noqa: BLE001 — logged without its text, which may quote what is stored
            log.error("nightly_part_failed", part=part.__name__.strip("_"), error=described(error))  # noqa: TRY400


def _compare_menus(services: Services) -> None:
    with services.database.begin() as session:
        if menu_linking.is_used(session):
            menu_linking.compare_all(session, services.queue, services.clock.now())


def _forget_chores(services: Services) -> None:
    with services.database.begin() as session:
        exporting.drop_expired(session, services.clock.now())
        tagging_many.forget(session, services.clock.now())


def _forget_records(services: Services) -> None:
    before = services.clock.now() - RECORDS_KEPT
    with services.database.begin() as session:
        heartbeats.forget(session, before)
    queue = services.queue
    if isinstance(queue, DbosQueue):
        while queue.forget(before):
            pass


def _prepare_analyses(services: Services) -> None:
    prepared = analyses_nightly.prepare(services.database, services.clock.now(), _not_prepared)
    log.info("analyses_prepared", parts=prepared)


def _count_campaigns(services: Services) -> None:
    days = campaign_days.count(services.database, services.clock.now())
    log.info("campaigns_counted", days=days)


def _refit_cycles(services: Services) -> None:
    if cycle_refit.nightly(services.database, services.clock.now()):
        log.info("cycle_dates_refreshed")


def _count_segments(services: Services) -> None:
    counted = segment_sizes.count_all(services.database, services.clock.now())
    log.info("segments_counted", segments=counted)


def _compare_quota(services: Services) -> None:
    answer = services.gateway.quota()
    with services.database.begin() as session:
        quota.note_use(session, answer, services.clock.now())
        reconciling.reconcile(session, answer, services.clock.now())


def _not_prepared(part: str, error: Exception) -> None:
    log.warning("analysis_not_prepared", part=part, error=described(error))
