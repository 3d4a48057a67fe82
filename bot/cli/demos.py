"""`kokyaku demo`: fills an empty simulator with sample data."""

from urllib.error import URLError

import click

from bot.cli.context import Program
from bot.demo.seeding import seed


@click.command()
@click.pass_obj
def demo(program: Program) -> None:
    """Add sample friends and purchases through the running simulator; a shop that has friends is left alone."""
    url = f"http://127.0.0.1:{program.settings.simulator_port}"
    try:
        seed(program.services, url, click.echo)
    except URLError as error:
        raise click.ClickException(
            program.words(
                f"シミュレーター（{url}）が動いていません。先に kokyaku serve を起動してください。",
                f"The simulator ({url}) is not running. Start kokyaku serve first.",
            )
        ) from error
