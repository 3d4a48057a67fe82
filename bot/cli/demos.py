"""`kokyaku demo`: fills an empty simulator with sample data."""

import click

from bot.cli.context import Program
from bot.demo.seeding import seed


@click.command()
@click.pass_obj
def demo(program: Program) -> None:
    """Add sample friends and purchases through the running simulator; a shop that has friends is left alone."""
    seed(program.services, f"http://127.0.0.1:{program.settings.simulator_port}", click.echo)
