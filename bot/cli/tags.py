"""`kokyaku tag`: tags on friends, and the segments they follow, from the terminal."""

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import operators
from bot.cli.context import NUMBER, Program
from segments import rule_tags, tags
from segments.errors import NotFound
from segments.models import Friend

BY = "command line"


@click.group()
def tag() -> None:
    """Show tags, put them on friends, take them off, and have them follow segments."""


@tag.command("list")
@click.option("--friend", "friend_id", type=NUMBER, help="Only this friend's, with who put them on and when.")
@click.pass_obj
def list_tags(program: Program, friend_id: int | None) -> None:
    """Show every tag with the segment it follows and how many friends carry it."""
    with program.database.reading() as session:
        table = (
            _everything(program, session) if friend_id is None else _of_friend(program, session, friend_id)
        )
    Console(markup=False, highlight=False).print(table)


@tag.command()
@click.argument("friend_id", type=NUMBER)
@click.argument("name")
@click.pass_obj
def add(program: Program, friend_id: int, name: str) -> None:
    """Put a tag on a friend."""
    now = program.services.clock.now()
    with program.services.database.begin() as session:
        _known(session, friend_id)
        new = tags.tag(session, friend_id, name, now, BY)
        operators.note(session, BY, "tag_added", f"{friend_id}: {name}", now)
    click.echo(
        program.words("タグを付けました。", "Tagged.")
        if new
        else program.words("すでに付いています。", "It was there already.")
    )


@tag.command()
@click.argument("friend_id", type=NUMBER)
@click.argument("name")
@click.pass_obj
def remove(program: Program, friend_id: int, name: str) -> None:
    """Take a tag off a friend; one that a rule keeps on stays."""
    now = program.services.clock.now()
    with program.services.database.begin() as session:
        _known(session, friend_id)
        gone = tags.untag(session, friend_id, name)
        operators.note(session, BY, "tag_removed", f"{friend_id}: {name}", now)
    click.echo(
        program.words("タグを外しました。", "Untagged.")
        if gone
        else program.words("このタグは付いていません。", "It was not there.")
    )


@tag.command()
@click.argument("name")
@click.argument("segment_id", type=NUMBER, required=False)
@click.option("--drop", is_flag=True, help="Follow no segment any more; who carries the tag keeps it.")
@click.pass_obj
def rule(program: Program, name: str, segment_id: int | None, drop: bool) -> None:
    """Have a tag follow a segment: put on whoever enters it, taken off whoever leaves it."""
    if drop == (segment_id is not None):
        raise click.UsageError(
            program.words(
                "SEGMENT_ID か --drop のどちらか一方を指定してください。", "Give either SEGMENT_ID or --drop."
            )
        )
    now = program.services.clock.now()
    with program.services.database.begin() as session:
        if segment_id is None:
            rule_tags.drop_rule(session, name)
        else:
            rule_tags.set_rule(session, name, segment_id, now)
        operators.note(session, BY, "tag_rule", f"{name}: {segment_id or '-'}", now)
    click.echo(program.words("保存しました。", "Saved."))


def _known(session: Session, friend_id: int) -> None:
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)


def _everything(program: Program, session: Session) -> Table:
    table = Table(
        program.words("タグ", "Tag"), program.words("人数", "Friends"), program.words("ルール", "Rule")
    )
    for each in tags.everything(session):
        rule_words = "" if each.segment_id is None else f"{each.segment_id} {each.segment_name}"
        table.add_row(each.name, f"{each.friends:,}", rule_words)
    return table


def _of_friend(program: Program, session: Session, friend_id: int) -> Table:
    _known(session, friend_id)
    zone = program.settings.zone
    table = Table(
        program.words("タグ", "Tag"), program.words("付けた人・もの", "Set by"), program.words("日時", "When"),
        program.words("ルール", "Rule"),
    )  # fmt: skip
    for each in tags.of_friend(session, friend_id):
        when = each.set_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        table.add_row(each.name, each.set_by, when, each.kept_by or "")
    return table
