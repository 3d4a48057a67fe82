"""`kokyaku serve`, `web` and `worker`: the long-running processes."""

import signal
from collections.abc import Callable
from errno import EADDRINUSE
from threading import Event
from types import FrameType

import click

from bot import operators, ready_made, web_server
from bot.app import create_app
from bot.cli.context import Program
from bot.demo.seeding import seed
from bot.logging import configure
from bot.machinery import Machinery
from bot.process_manners import collect_seldom, share_arenas, stand_back
from bot.services import Services
from bot.stand_in import SimulatorNotStarted, StandIn
from bot.web_thread import serve_in_thread

WEB_THREADS = 16


@click.command()
@click.option("--demo/--no-demo", default=True, help="Fill an empty simulator with sample data.")
@click.pass_obj
def serve(program: Program, demo: bool) -> None:
    """Run everything in one process: web, scheduler and worker, and the simulator when LINE is not set up."""
    configure()
    share_arenas()
    _listen_for_stop(program.stop)
    stand_in = None if program.settings.has_line_credentials else StandIn(program.settings)
    try:
        if stand_in is not None:
            program.settings.data.mkdir(parents=True, exist_ok=True)
            _start_simulator(program, stand_in)
            program.settings = stand_in.settings()
        _serve(program, stand_in, demo=demo)
    finally:
        if stand_in is not None:
            stand_in.stop()


def _start_simulator(program: Program, stand_in: StandIn) -> None:
    try:
        stand_in.start()
    except SimulatorNotStarted as error:
        raise click.ClickException(
            program.words(
                f"シミュレーターを {stand_in.url} で始められません。ほかのプログラムが使っている場合は、KOKYAKU_SIMULATOR_PORT で別の番号を指定してください。",
                f"The simulator cannot start on {stand_in.url}. If another program uses it, choose another KOKYAKU_SIMULATOR_PORT.",
            )
        ) from error


def _serve(program: Program, stand_in: StandIn | None, *, demo: bool) -> None:
    services = program.services
    _first_start(program, services)
    close_web = _start_web(program)
    machinery = Machinery(services)
    try:
        machinery.start()
        if stand_in is not None and demo:
            seed(services, stand_in.url, click.echo)
        collect_seldom()
        _say_ready(program, stand_in)
        program.stop.wait()
    finally:
        close_web()
        machinery.stop()
        program.close()


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


def _start_web(program: Program) -> Callable[[], None]:
    settings = program.settings
    app = create_app(program.services)
    try:
        return serve_in_thread(app, threads=WEB_THREADS, host=settings.host, port=settings.port)
    except OSError as error:
        raise click.ClickException(_not_listening(program, error)) from error


def _not_listening(program: Program, error: OSError) -> str:
    address = f"{program.settings.host}:{program.settings.port}"
    if error.errno == EADDRINUSE:
        return program.words(
            f"{address} は、ほかのプログラムが使っています。KOKYAKU_PORT で別の番号を指定してください。",
            f"Another program uses {address}. Choose another KOKYAKU_PORT.",
        )
    return program.words(
        f"{address} で待ち受けできません（{error.strerror}）。KOKYAKU_HOST と KOKYAKU_PORT を確かめてください。",
        f"{address} cannot be listened on ({error.strerror}). Check KOKYAKU_HOST and KOKYAKU_PORT.",
    )


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


def _listen_for_stop(stop: Event) -> None:
    """Let SIGTERM and Ctrl+C set `stop`, from the first moment on; the second one ends us at once."""
    usual = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def tell(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, usual[signal.Signals(number)])

    for number in usual:
        signal.signal(number, tell)


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Web processes.")
@click.option(
    "--threads", type=click.IntRange(1, 64), default=WEB_THREADS, show_default=True, help="Threads of each."
)
@click.pass_obj
def web(program: Program, processes: int, threads: int) -> None:
    """Run the web alone: webhook, console, API. Workers run beside it."""
    configure()
    _listen_for_stop(program.stop)
    _first_start(program, program.services)
    # The web's processes open connections of their own: none may be inherited.
    program.close()
    try:
        web_server.run(program.settings, processes, threads, lambda: _say_ready(program, None))
    except OSError as error:
        raise click.ClickException(_not_listening(program, error)) from error


@click.command()
@click.pass_obj
def worker(program: Program) -> None:
    """Run a worker alone: sends, webhook events, the clock. Start as many as you like on PostgreSQL."""
    configure()
    stand_back()
    share_arenas()
    _listen_for_stop(program.stop)
    services = program.services
    machinery = Machinery(services)
    machinery.start()
    collect_seldom()
    click.echo(program.words("ワーカーが動いています。", "The worker is running."))
    program.stop.wait()
    machinery.stop()
    program.close()
