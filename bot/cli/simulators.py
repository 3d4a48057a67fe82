"""`kokyaku simulator`: the stand-in for the LINE platform."""

from pathlib import Path

import click

from bot.cli.context import Program
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import serve


@click.command()
@click.option("--port", type=int, help="Port on 127.0.0.1 (KOKYAKU_SIMULATOR_PORT, 8100).")
@click.option("--data", type=click.Path(path_type=Path), help="File that keeps friends and messages.")
@click.option("--webhook", help="Address that gets the webhooks.")
@click.option("--secret", default=SimulatorConfig.channel_secret, help="Channel secret.")
@click.option("--token", default=SimulatorConfig().channel_access_tokens[0], help="Channel access token.")
@click.option("--quota", type=int, default=30_000, show_default=True, help="Messages a month.")
@click.pass_obj
def simulator(
    program: Program,
    port: int | None,
    data: Path | None,
    webhook: str | None,
    secret: str,
    token: str,
    quota: int,
) -> None:
    """Run the simulator of the LINE platform, with a phone page in the browser."""
    config = SimulatorConfig(
        channel_secret=secret,
        channel_access_tokens=(token,),
        webhook_url=webhook,
        monthly_quota=quota,
        state_file=data,
        redelivery=True,
    )
    serve(config, port=port or program.settings.simulator_port)
