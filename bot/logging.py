"""Logs: events with fields, as JSON on stderr or in colours on a terminal; never a secret, never what was said."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_NAMES = re.compile(r"token|secret|password|authorization|cookie|api_?key|credential", re.IGNORECASE)
WORDS_OF_PEOPLE = frozenset({"text", "body", "messages", "message_text", "content", "raw", "payload"})
SECRET_VALUES = re.compile(r"(Bearer\s+)[\w.~+/=-]+|\bkk_[\w-]{16,}", re.IGNORECASE)
HIDDEN = "[hidden]"
NOISY = ("apscheduler", "dbos", "waitress.queue", "urllib3", "aiohttp.access", "werkzeug", "alembic")

Fields = MutableMapping[str, Any]


def configure(level: int = logging.INFO) -> None:
    """Set up logging of this process, ours and the libraries'."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_ending(sys.stderr.isatty()))
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _ending(terminal: bool) -> list[structlog.types.Processor]:
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if terminal:
        return [
            drop,
            hide_values,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    return [
        drop,
        structlog.processors.format_exc_info,
        hide_values,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def redact(_logger: object, _method: str, fields: Fields) -> Fields:
    """Blank fields whose name says that they hold a secret or somebody's words."""
    for name in fields:
        if SECRET_NAMES.search(name) or name in WORDS_OF_PEOPLE:
            fields[name] = HIDDEN
    return hide_values(_logger, _method, fields)


def hide_values(_logger: object, _method: str, fields: Fields) -> Fields:
    """Blank keys and bearer tokens wherever they stand in a text, a traceback among them."""
    for name, value in fields.items():
        if isinstance(value, str):
            fields[name] = SECRET_VALUES.sub(lambda found: (found[1] or "") + HIDDEN, value)
    return fields
