"""What each kind of job does in this process."""

from functools import partial

import structlog

from bot import export_jobs, nightly, policy_trials, tagging_jobs
from bot.line import menu_linking, token_life
from bot.line.ports import RichMenuGateway
from bot.line.richmenus import ensure_default_menu
from bot.services import Services
from scheduler import broadcast_results, kept_forecast, releasing, scenario_starts
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import GatewayError
from scheduler.jobs import Job, JobArgument, Jobs
from scheduler.plan import plan_broadcast
from scheduler.tick import ask_quota, tick
from segments import analyses_asked, bulk_indexes, coupon_giving, day_counts
from segments.imports import uploaded

log = structlog.get_logger(__name__)


def jobs_of(services: Services, dispatcher: Dispatcher) -> Jobs:
    """Return what each kind of job does in this process."""
    return {
        Job.SEND_CHUNK: partial(send_chunks, dispatcher),
        Job.SEND_MAIL: partial(send_chunks, dispatcher),
        Job.PLAN_BROADCAST: partial(plan_broadcast, services.database, services.queue, services.clock),
        Job.TICK: partial(_tick, services, dispatcher),
        Job.LINK_MENUS: partial(_link_menus, services),
        Job.REFRESH: partial(_refresh, services, dispatcher),
        Job.NIGHTLY: partial(nightly.run, services),
        Job.EXPORT: partial(export_jobs.run, services.database, services.clock),
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
    token_life.look(services)
    broadcast_results.refresh(services.database, services.clock.now())
    day_counts.refresh(services.database, services.clock.now())
    # A rebuild that was killed, here or on the command line, leaves them away.
    if mended := bulk_indexes.mend(services.database):
        log.info("indexes_made_again", indexes=len(mended))
    gateway = services.gateway
    if not isinstance(gateway, RichMenuGateway):
        return
    try:
        ensure_default_menu(services.database, gateway, services.clock.now())
    except GatewayError as error:
        log.warning("rich_menu_not_made", error=type(error).__name__, status=error.status)
