"""What is done once a night: records forgotten, analyses prepared, campaigns and segments counted, LINE compared with."""

from datetime import timedelta

import structlog

from bot import exporting
from bot.line import menu_linking
from bot.line.inbox import described
from bot.services import Services
from scheduler import campaign_days, heartbeats, quota, reconciling, step_passes
from scheduler.engine import DbosQueue
from segments import analyses_nightly, cycle_refit, segment_sizes, shop, tagging_many

log = structlog.get_logger(__name__)


RECORDS_KEPT = timedelta(days=2)


def run(services: Services) -> None:
    """Do what is due once a night; a part that fails is logged and stops no other."""
    # Analyses before segments are counted: some ask for deciles.
    for part in (
        _forget_records,
        _forget_chores,
        _fold_passes,
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


def _fold_passes(services: Services) -> None:
    with services.database.begin() as session:
        today = shop.load(session).today(services.clock.now())
        step_passes.fold(session, today)


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
