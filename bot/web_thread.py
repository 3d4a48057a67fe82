"""The web in a thread of a process that does other things too, on waitress."""

from collections.abc import Callable
from threading import Thread
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.trigger import trigger

LONGEST_CLOSING = 5.0
"""Seconds for which callers may still take in what they were answered."""


def serve_in_thread(app: Flask, *, threads: int, **listening: Any) -> Callable[[], None]:
    """Answer requests from a thread; return what ends that, after which nobody listens any more.

    `listening` is what waitress takes for where: `host` and `port`, or `sockets`. Raises OSError when it cannot listen.
    """
    waited_at: dict[int, Any] = {}
    server = create_server(app, map=waited_at, threads=threads, ident=None, **listening)
    loop = Thread(target=server.run, name="kokyaku-web", daemon=True)
    loop.start()

    def close() -> None:
        # First the requests under way: an answer cannot be sent through a closed server.
        server.task_dispatcher.shutdown()
        # By the loop itself: it waits at the sockets, and breaks when others close them.
        bell: Any = next(each for each in waited_at.values() if isinstance(each, trigger))
        bell.pull_trigger(lambda: _close_all(waited_at))
        loop.join(LONGEST_CLOSING)

    return close


def _close_all(waited_at: dict[int, Any]) -> None:
    """Close what listens at once, and connections when all that was written to them has left."""
    for each in list(waited_at.values()):
        if isinstance(each, HTTPChannel):
            each.close_when_flushed = True
        else:
            each.close()
