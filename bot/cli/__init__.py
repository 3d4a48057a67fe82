"""The command line: one file a command, loaded when it is asked for."""

from importlib import import_module
from typing import Any

import click

from bot.cli.context import Program
from bot.cli.errors import TROUBLE, words_of
from bot.settings import Settings

COMMANDS = {
    "analyse": "bot.cli.analyses:analyse",
    "apikey": "bot.cli.apikeys:apikey",
    "broadcast": "bot.cli.broadcasts:broadcast",
    "check": "bot.cli.checks:check",
    "contact": "bot.cli.contact:contact",
    "db": "bot.cli.databases:db",
    "demo": "bot.cli.demos:demo",
    "export": "bot.cli.exports:export",
    "forecast": "bot.cli.forecasts:forecast",
    "friend": "bot.cli.friends:friend",
    "import": "bot.cli.imports:imports",
    "link": "bot.cli.links:link",
    "mail": "bot.cli.mail:mail",
    "operator": "bot.cli.operators:operator",
    "points": "bot.cli.points:points",
    "policy": "bot.cli.policies:policy",
    "rehearse": "bot.cli.rehearse:rehearse",
    "quota": "bot.cli.quota:commands",
    "scenario": "bot.cli.scenarios:scenario",
    "savings": "bot.cli.savings:commands",
    "segments": "bot.cli.segments:segments",
    "serve": "bot.cli.serving:serve",
    "shop": "bot.cli.shops:shop",
    "simulator": "bot.cli.simulators:simulator",
    "start": "bot.cli.kill_switch:start",
    "stop": "bot.cli.kill_switch:stop",
    "stops": "bot.cli.kill_switch:stops",
    "tag": "bot.cli.tags:tag",
    "trust": "bot.cli.trust:trust_group",
    "uncertain": "bot.cli.uncertain:uncertain",
    "web": "bot.cli.serving:web",
    "why": "bot.cli.why:why",
    "worker": "bot.cli.serving:worker",
}
"""Where each command lives. A worker need not load the console, nor a help text the job engine."""


class Commands(click.Group):
    """Finds commands by name, and tells a refusal or trouble as one sentence in the operator's language."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal, or trouble outside of the program, ends it with status 1 and its reason."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # `kokyaku … | head` is no trouble: click ends quietly.
        except TROUBLE as error:
            raise click.ClickException(_said(ctx, error)) from error


def _said(ctx: click.Context, error: Exception) -> str:
    if isinstance(ctx.obj, Program):
        return words_of(error, ctx.obj.settings.language)
    # The settings themselves cannot be read: nobody knows the operator's language yet.
    return " / ".join(words_of(error, language) for language in ("ja", "en"))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """固客 Kokyaku: a LINE bot with segment campaigns that a shop runs itself."""
    program = Program(Settings())  # pyright: ignore[reportCallIssue] — values come from the environment
    context.obj = program
    context.call_on_close(program.close)
