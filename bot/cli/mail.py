"""`kokyaku mail`: the shop's imprint, a test, and who agreed to get mail."""

from datetime import datetime
from uuid import uuid4

import click

from bot.cli.context import NUMBER, Program
from bot.mail.wiring import mailer_of, missing
from bot.wiring import secret_key
from scheduler import mail_settings
from scheduler.mail import Mail, MailVerdict
from scheduler.mail_content import Block, BlockKind, MailContent
from scheduler.mail_settings import MailSettings
from segments import mail_consent


@click.group()
def mail() -> None:
    """Mail for friends whom LINE cannot reach."""


@mail.command("set")
@click.option("--name", required=True, help="Who sends: the shop or the company behind it.")
@click.option("--address", required=True, help="The postal address.")
@click.option("--contact", required=True, help="Telephone number, mail address or page for questions.")
@click.pass_obj
def set_(program: Program, name: str, address: str, contact: str) -> None:
    """Store what the law wants below every mail."""
    with program.database.begin() as session:
        mail_settings.save(session, MailSettings(name, address, contact), program.services.clock.now())
    click.echo(program.words("保存しました。", "Stored."))


@mail.command()
@click.pass_obj
def show(program: Program) -> None:
    """Print what stands below every mail."""
    with program.database.reading() as session:
        stored = mail_settings.load(session)
    for line in (stored.name, stored.postal_address, stored.contact):
        click.echo(line or "-")


@mail.command()
@click.argument("address")
@click.pass_obj
def test(program: Program, address: str) -> None:
    """Send one mail to ADDRESS: your own."""
    services, to = program.services, mail_consent.checked(address)
    secret = secret_key(program.settings)
    mailer = mailer_of(program.settings, program.database, services.clock, secret)
    with program.database.reading() as session:
        complete = mail_settings.load(session).is_complete
    if mailer is None or not complete:
        lacking = missing(program.settings)
        raise click.ClickException(
            program.words(
                f"メールの設定が足りません（{lacking or 'kokyaku mail set'}）。kokyaku check で確かめてください。",
                f"Mail is not set up ({lacking or 'kokyaku mail set'}): see kokyaku check.",
            )
        )
    words = program.words("固客からのテストメールです。", "A test mail from Kokyaku.")
    content = MailContent(words, (Block(BlockKind.TEXT, words),))
    # No friend has the number 0: its address to refuse at refuses for nobody.
    answer = mailer.send(Mail(-(uuid4().int % 10**9), 0, to, program.settings.language, content))
    mailer.rest()
    if answer.verdict is not MailVerdict.TAKEN:
        why = f"{answer.verdict.value} {answer.status or ''} {answer.words}".strip()
        raise click.ClickException(program.words(f"送れませんでした: {why}", f"Not sent: {why}"))
    click.echo(program.words("メールサーバーに渡しました。", "The mail server took it."))


@mail.command()
@click.argument("friend_id", type=NUMBER)
@click.option("--address", required=True, help="The friend's mail address.")
@click.option(
    "--agreed-at", type=click.DateTime(), help="When they agreed, in the shop's zone; now if left out."
)
@click.pass_obj
def agree(program: Program, friend_id: int, address: str, agreed_at: datetime | None) -> None:
    """Note that a friend agreed to get mail; an agreement from before a refusal changes nothing."""
    at = (
        program.services.clock.now() if agreed_at is None else agreed_at.replace(tzinfo=program.settings.zone)
    )
    with program.database.begin() as session:
        mail_consent.set_address(session, friend_id, address, at)
        reached = mail_consent.addresses(session, [friend_id])
    click.echo(
        program.words("メールを送れます。", "Mail may go there.")
        if reached
        else program.words(
            "登録しましたが、その後に配信停止を希望されているため、メールは送りません。",
            "Stored, but the friend refused mail since: none is sent.",
        )
    )


@mail.command()
@click.argument("friend_id", type=NUMBER)
@click.pass_obj
def refuse(program: Program, friend_id: int) -> None:
    """Send a friend no more mail."""
    with program.database.begin() as session:
        mail_consent.refuse(session, friend_id, program.services.clock.now())
    click.echo(program.words("メールの配信を停止しました。", "No more mail goes there."))


@mail.command()
@click.argument("friend_id", type=NUMBER)
@click.pass_obj
def erase(program: Program, friend_id: int) -> None:
    """Forget a friend's mail address and agreement."""
    with program.database.begin() as session:
        mail_consent.erase(session, friend_id)
    click.echo(program.words("メールアドレスを消去しました。", "The mail address is erased."))
