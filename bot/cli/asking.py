"""Has LINE check what a command is about to store, before its transaction begins."""

from datetime import datetime
from typing import Any

import click

from bot.cli.context import Program
from bot.words import error_words
from scheduler import message_checks, scenario_wordings
from scheduler.message_asking import ask_line
from segments import links, shop
from segments.errors import Invalid

OPTIONS = {"ja": "--text", "en": "--text-en"}


def of_content(program: Program, content: dict[str, Any], now: datetime) -> None:
    """Ask about the texts of one message, a refusal with its option; what our own check refuses is left to it."""
    with program.database.reading() as session:
        settings = shop.load(session)
        if message_checks.check(content, known_links=lambda: links.targets(session)):
            return
    try:
        confirmed = ask_line(program.services.gateway, content, settings, now)
    except Invalid as error:
        words = error_words(error, program.settings.language)
        raise click.ClickException(f"{OPTIONS[str(error.params['language'])]}: {words}") from error
    _warn(program, confirmed=confirmed)


def of_file(program: Program, text: str, now: datetime) -> None:
    """Ask about the messages of a scenario's file; raises Invalid (scenario_file_invalid)."""
    with program.database.reading() as session:
        settings = shop.load(session)
    asked = scenario_wordings.ask_line_of(program.services.gateway, text, settings, now)
    _warn(program, confirmed=asked)


def _warn(program: Program, *, confirmed: bool) -> None:
    if confirmed:
        return
    words = program.words(
        "LINEに接続できなかったため、文面をLINEで確かめることはできませんでした。",
        "LINE could not be reached, so it has not checked the message.",
    )
    click.echo(words, err=True)
