"""What every surface is handed: the services of one running process."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from bot.settings import Settings
from scheduler.gateway import MessageGateway
from scheduler.jobs import JobQueue
from segments.clock import Clock
from segments.db import Database

EXTENSION = "kokyaku"


def _nothing() -> None:
    """Close nothing: tests look after their own."""


@dataclass(frozen=True)
class Services:
    """The ports and adapters of one process, wired together in bot.wiring."""

    settings: Settings
    database: Database
    clock: Clock
    gateway: MessageGateway
    queue: JobQueue
    close: Callable[[], None] = _nothing
    """Lets go of connections and writes what is still in memory."""


def attach(app: Flask, services: Services) -> None:
    """Give a Flask app its services."""
    app.extensions[EXTENSION] = services


def current_services() -> Services:
    """Return the services of the app that handles the present request."""
    services = current_app.extensions[EXTENSION]
    assert isinstance(services, Services)
    return services
