"""The command line: one file a command, put together here."""

import click

from bot.cli.apikeys import apikey
from bot.cli.broadcasts import broadcast
from bot.cli.checks import check
from bot.cli.context import Program
from bot.cli.databases import db
from bot.cli.demos import demo
from bot.cli.errors import TellingGroup
from bot.cli.imports import imports
from bot.cli.operators import operator
from bot.cli.segments import segments
from bot.cli.serving import serve, web, worker
from bot.cli.simulators import simulator
from bot.settings import Settings


@click.group(cls=TellingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """固客 Kokyaku: a LINE bot with segment campaigns that a shop runs itself."""
    context.obj = Program(Settings())  # pyright: ignore[reportCallIssue] — values come from the environment


for command in (
    apikey,
    broadcast,
    check,
    db,
    demo,
    imports,
    operator,
    segments,
    serve,
    simulator,
    web,
    worker,
):
    main.add_command(command)
