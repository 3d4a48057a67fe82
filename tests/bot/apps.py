"""Web applications for tests: made once in a process and lent to one test after another, or made anew without compiling templates anew."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from flask import Flask
from flask_limiter import Limiter
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from prometheus_client import Histogram

from bot import metrics
from bot.app import WEBHOOK, create_app
from bot.line.webhook import STORE
from bot.services import Services, attach


class _Compiled(BytecodeCache):
    """Keeps what templates were compiled to, by their names and their text, for as long as the process runs."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is kept; the bucket drops it when the template's text is another."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


def new_app(services: Services) -> Flask:
    """Make an application of its own, for tests about settings or many applications at once."""
    made = create_app(services)
    made.jinja_env.bytecode_cache = COMPILED
    return made


class Lender:
    """Lends one application: its 350 routes take longer to make than most tests take."""

    def __init__(self) -> None:
        self._app: Flask | None = None

    @contextmanager
    def lend(self, services: Services) -> Generator[Flask]:
        """Hand out the application as if it were new and had these services; their settings are as ever."""
        app = self._app = self._app or new_app(services)
        kept = cast("dict[str, Any]", app.config)
        config, views, webhook = dict(kept), dict(app.view_functions), app.extensions[WEBHOOK]
        attach(app, services)
        attach(webhook, services)
        try:
            yield app
        finally:
            kept.clear()
            kept.update(config)
            app.view_functions.clear()
            app.view_functions.update(views)
            _forget(app, webhook)


def _forget(app: Flask, webhook: Flask) -> None:
    """Let nothing that one test's requests left be there for the next."""
    store = webhook.extensions.pop(STORE, None)
    if store is not None:
        store.close()
    limiters: set[Limiter] = app.extensions["limiter"]
    for limiter in limiters:
        limiter.reset()
    seconds: Histogram = app.extensions[metrics.SECONDS]
    seconds.clear()
