"""Figures for Prometheus at /metrics; no label names a friend, an operator or what was said."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from ipaddress import ip_address
from time import perf_counter
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot import api_keys
from bot.models import InboundEvent, InboundState
from bot.pulse import pulse_of
from bot.services import current_services
from scheduler import reports
from scheduler.models import Chunk, ChunkState, DeliveryState

blueprint = Blueprint("metrics", __name__)
REGISTRY = "kokyaku_metrics"
SECONDS = "kokyaku_request_seconds"
DAY = timedelta(hours=24)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@blueprint.get("/metrics")
def show() -> Response:
    """Answer in Prometheus's text format: to this machine, elsewhere only with an API key."""
    if not (_from_this_machine() or _with_key()):
        abort(HTTPStatus.FORBIDDEN)
    registry: CollectorRegistry = current_app.extensions[REGISTRY]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _from_this_machine() -> bool:
    # A proxy on this machine makes everybody look local: who came through one is asked for a key.
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    try:
        return not proxied and ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _with_key() -> bool:
    scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    with current_services().database.reading() as session:
        return api_keys.find(session, key) is not None


class DatabaseFigures(Collector):
    """Reads the figures from the database at each scrape; nothing in them names a friend."""

    def collect(self) -> Iterable[Metric]:
        """Return the gauges."""
        services = current_services()
        now = services.clock.now()
        with services.database.reading() as session:
            yield self._deliveries(session, now)
            yield self._inbound(session)
            waiting = reports.waiting(session)
            chunks = _count(session, Chunk.state, (ChunkState.QUEUED, ChunkState.SENDING, ChunkState.PARKED))
            pulse = pulse_of(session)
        yield GaugeMetricFamily(
            "kokyaku_deliveries_waiting", "Deliveries that belong to no chunk yet.", waiting
        )
        yield _labelled("kokyaku_chunks", "Chunks that are not done, by state.", "state", chunks)
        if pulse.tick is not None:
            age = (now - pulse.tick).total_seconds()
            yield GaugeMetricFamily("kokyaku_last_tick_age_seconds", "Seconds since the bell last rang.", age)

    def _deliveries(self, session: Session, now: datetime) -> Metric:
        counts = {state.value: 0 for state in DeliveryState}
        counts |= {
            state.value: count for state, count in reports.deliveries_since(session, now - DAY).items()
        }
        return _labelled("kokyaku_deliveries_last_day", "Deliveries of 24 hours by state.", "state", counts)

    def _inbound(self, session: Session) -> Metric:
        # Only what is open: counting what is done would grow with every event ever received.
        states = (InboundState.PENDING, InboundState.PARKED)
        counts = _count(session, InboundEvent.state, states)
        return _labelled("kokyaku_inbound_events", "Webhook events that wait or are parked.", "state", counts)


def _count(
    session: Session, column: InstrumentedAttribute[Any], states: tuple[StrEnum, ...]
) -> dict[str, int]:
    counted = select(column, func.count()).where(column.in_(states)).group_by(column)
    return {str(state): 0 for state in states} | {
        str(state): count for state, count in session.execute(counted)
    }


def _labelled(name: str, told: str, label: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def register(app: Flask) -> None:
    """Add /metrics, and time every request by its route."""
    registry = CollectorRegistry()
    registry.register(DatabaseFigures())
    labels = ("method", "endpoint", "status")
    seconds = Histogram("kokyaku_http_request_seconds", "Time to answer.", labels, registry=registry)
    app.extensions[REGISTRY], app.extensions[SECONDS] = registry, seconds
    _time_requests(app, seconds)
    app.register_blueprint(blueprint)


def time_too(app: Flask, beside: Flask) -> None:
    """Time the requests of `app` among those of `beside`, which shows them."""
    _time_requests(app, beside.extensions[SECONDS])


def _time_requests(app: Flask, seconds: Histogram) -> None:
    def start() -> None:
        g.request_started = perf_counter()

    def stop(response: Response) -> Response:
        # The endpoint, not the path: a path would make a new series for every friend.
        took = perf_counter() - g.get("request_started", perf_counter())
        # A method may be any word a stranger makes up: each would stay in memory as a series of its own.
        method = request.method if request.method in METHODS else "other"
        seconds.labels(method, request.endpoint or "none", response.status_code).observe(took)
        return response

    app.before_request(start)
    app.after_request(stop)
