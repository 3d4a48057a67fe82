"""`kokyaku friend`: a friend's personal data from the terminal."""

from dataclasses import asdict

import click

from bot import erasing
from bot.cli.context import NUMBER, Program
from segments.errors import NotFound
from segments.models import Friend

BY = "command line"


@click.group()
def friend() -> None:
    """Look at what is kept of a friend, and erase it."""


@friend.command()
@click.argument("friend_id", type=NUMBER)
@click.option("--name", help="The friend's name, to be sure; asked for when left out.")
@click.pass_obj
def erase(program: Program, friend_id: int, name: str | None) -> None:
    """Erase a friend's personal data for good; purchases stay without a person. It cannot be undone."""
    with program.database.reading() as session:
        found = session.get(Friend, friend_id)
        if found is None:
            raise NotFound("friend_unknown", friend_id=friend_id)
        word, kept = erasing.word_to_type(found), asdict(erasing.holdings(session, friend_id))
    if name is None:
        for what, count in kept.items():
            click.echo(f"{what}: {count:,}")
        prompt = program.words(
            f"消去するには「{word}」と入力してください", f"Type {word!r} to erase this friend"
        )
        name = str(click.prompt(prompt))
    now = program.services.clock.now()
    with program.services.database.begin() as session:
        erasing.confirm(session, friend_id, name)
        left = erasing.erase(session, friend_id, BY, now)
    click.echo(
        program.words(
            f"消去しました。購入{left:,}件は、だれのものかわからない形で残ります。",
            f"Erased. {left:,} purchases stay without a person.",
        )
    )
