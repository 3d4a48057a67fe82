"""Runs the web application on a port of this machine, for tests with a real browser."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

LOOKS_EVERY_SECONDS = 0.02
"""How often it looks whether it is to end."""


@contextmanager
def served(app: Flask) -> Generator[str]:
    """Serve `app` and return its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(LOOKS_EVERY_SECONDS,), name="served-app", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
