"""Signs of life: whether the database answers, the bell rings and the workers breathe."""

from datetime import datetime, timedelta
from http import HTTPStatus

import structlog
from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.pulse import pulse_of
from bot.services import current_services

log = structlog.get_logger(__name__)
blueprint = Blueprint("health", __name__)
TICK_MAY_TAKE = timedelta(minutes=3)
WORKER_MAY_REST = timedelta(minutes=1)


@blueprint.get("/healthz")
def healthz() -> tuple[Response, int]:
    """Answer 200 while the database answers and the bell rings; 503 otherwise."""
    services = current_services()
    now = services.clock.now()
    try:
        with services.database.reading() as session:
            pulse = pulse_of(session)
    except SQLAlchemyError:
        log.exception("database_unreachable")
        return jsonify(status="failing", database="unreachable"), HTTPStatus.SERVICE_UNAVAILABLE
    # Right after the first start no bell has rung yet: that alone is no fault.
    late = pulse.tick is not None and now - pulse.tick > TICK_MAY_TAKE
    body = jsonify(
        status="failing" if late else "ok",
        database="ok",
        scheduler="late" if late else ("ok" if pulse.tick else "not started"),
        last_tick_seconds_ago=_seconds(now, pulse.tick),
        workers_alive=sum(now - at <= WORKER_MAY_REST for at in pulse.workers),
        last_worker_seconds_ago=_seconds(now, max(pulse.workers, default=None)),
    )
    return body, HTTPStatus.SERVICE_UNAVAILABLE if late else HTTPStatus.OK


def _seconds(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else round((now - at).total_seconds(), 1)


def register(app: Flask) -> None:
    """Add /healthz and /metrics."""
    app.register_blueprint(blueprint)
    metrics.register(app)
