"""`kokyaku serve`, `web` and `worker`: the long-running processes."""

import signal
from collections.abc import Callable
from threading import Event, Thread
from types import FrameType

import click
from waitress.server import create_server

from bot import operators, ready_made
from bot.app import create_app
from bot.cli.context import Program
from bot.demo.seeding import seed
from bot.logging import configure
from bot.machinery import Machinery
from bot.services import Services
from bot.stand_in import StandIn

WEB_THREADS = 16


@click.command()
@click.option("--demo/--no-demo", default=True, help="Fill an empty simulator with sample data.")
@click.pass_obj
def serve(program: Program, demo: bool) -> None:
    """Run everything in one process: web, scheduler and worker, and the simulator when LINE is not set up."""
    configure()
    stand_in = None if program.settings.has_line_credentials else StandIn(program.settings)
    try:
        if stand_in is not None:
            program.settings.data.mkdir(parents=True, exist_ok=True)
            stand_in.start()
            program.settings = stand_in.settings()
        _serve(program, stand_in, demo=demo)
    finally:
        if stand_in is not None:
            stand_in.stop()


def _serve(program: Program, stand_in: StandIn | None, *, demo: bool) -> None:
    services = program.services
    _first_start(program, services)
    machinery = Machinery(services)
    machinery.start()
    close_web = _start_web(services)
    try:
        if stand_in is not None and demo:
            seed(services, stand_in.url, click.echo)
        _say_ready(program, stand_in)
        _until_told_to_stop()
    finally:
        close_web()
        machinery.stop()
        services.close()


def _first_start(program: Program, services: Services) -> None:
    with services.database.begin() as session:
        ready_made.install(session, services.clock.now())
        first = operators.first_operator(session, services.clock.now())
    if first is not None:
        login, password = first
        click.echo(
            program.words(
                f"最初のログイン名: {login}   一度だけ使えるパスワード: {password}",
                f"First login: {login}   one-time password: {password}",
            )
        )


def _start_web(services: Services) -> Callable[[], None]:
    settings = services.settings
    server = create_server(
        create_app(services), host=settings.host, port=settings.port, threads=WEB_THREADS, ident=None
    )
    thread = Thread(target=server.run, name="kokyaku-web", daemon=True)
    thread.start()
    return server.close


def _say_ready(program: Program, stand_in: StandIn | None) -> None:
    console = f"{program.settings.base_url}/console/"
    click.echo(program.words(f"管理画面: {console}", f"Console: {console}"))
    if stand_in is not None:
        click.echo(
            program.words(
                f"シミュレーターのスマホ画面: {stand_in.url}/",
                f"Phone page of the simulator: {stand_in.url}/",
            )
        )
    click.echo(program.words("準備ができました。終了は Ctrl+C です。", "Ready. Ctrl+C ends it."))


def _until_told_to_stop() -> None:
    told = Event()

    def tell(_signal: int, _frame: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    told.wait()


@click.command()
@click.pass_obj
def web(program: Program) -> None:
    """Run the web alone: webhook, console, API. Workers run beside it."""
    configure()
    services = program.services
    _first_start(program, services)
    close_web = _start_web(services)
    _say_ready(program, None)
    _until_told_to_stop()
    close_web()
    services.close()


@click.command()
@click.pass_obj
def worker(program: Program) -> None:
    """Run a worker alone: sends, webhook events, the clock. Start as many as you like on PostgreSQL."""
    configure()
    services = program.services
    machinery = Machinery(services)
    machinery.start()
    click.echo(program.words("ワーカーが動いています。", "The worker is running."))
    _until_told_to_stop()
    machinery.stop()
    services.close()
