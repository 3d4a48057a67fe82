"""Handing mail to a real server, and knowing how far it came."""

import pytest

from bot.mail.composing import Composer, Unsubscribing
from bot.mail.server import BadServerAddress, Security, Server
from bot.mail.smtp import SmtpGateway
from scheduler.mail import Mail, MailVerdict
from scheduler.mail_content import Block, BlockKind, MailContent
from scheduler.mail_settings import MailSettings
from tests.bot.mail.postbox import Postbox, a_postbox
from tests.fakes.clock import FakeClock

IMPRINT = MailSettings("みどり茶舗", "東京都千代田区1-1", "03-0000-0000")
WORDS = "新茶が入りました。\n.点で始まる行\n<b>&"


def a_mail(number: int = 1, to: str = "hanako@example.com", subject: str = "新茶のご案内") -> Mail:
    """Return a mail of a paragraph and a link."""
    link = Block(BlockKind.LINK, "くわしく見る", "https://shop.example/?a=1&b=2")
    return Mail(number, 7, to, "ja", MailContent(subject, (Block(BlockKind.TEXT, WORDS), link)))


def gateway_to(box: Postbox, user: str = "") -> SmtpGateway:
    """Return a gateway that hands mail to a postbox."""
    composer = Composer("shop@tea.example", Unsubscribing("https://tea.example", "secret"), FakeClock())
    server = Server.from_url(f"smtp://{user}127.0.0.1:{box.port}")
    return SmtpGateway(server, composer, lambda: IMPRINT)


def test_a_mail_arrives_with_both_forms_the_imprint_and_a_way_to_refuse() -> None:
    with a_postbox() as box:
        gateway = gateway_to(box)
        answer = gateway.send(a_mail())
        gateway.rest()

    assert answer.verdict is MailVerdict.TAKEN
    [mail] = box.mails
    assert mail["Subject"] == "新茶のご案内"
    assert mail["From"] == "みどり茶舗 <shop@tea.example>"
    assert mail["To"] == "hanako@example.com"
    assert mail["Message-ID"] == f"<{answer.message_id}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>")
    assert address.startswith("https://tea.example/m/unsubscribe/7.")
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    plain, markup = text.get_content(), html.get_content()
    assert WORDS in plain.replace("\r\n", "\n")
    assert "&lt;b&gt;&amp;" in markup
    assert 'href="https://shop.example/?a=1&amp;b=2"' in markup
    for part in (plain, markup):
        for needed in (IMPRINT.name, IMPRINT.postal_address, IMPRINT.contact, address):
            assert needed in part


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("550 5.1.1 no such user", MailVerdict.BAD_ADDRESS),
        ("553 no such mailbox", MailVerdict.BAD_ADDRESS),
        ("550 5.7.1 not from you", MailVerdict.REFUSED),
        ("552 5.2.2 mailbox full", MailVerdict.REFUSED),
        ("450 4.2.0 greylisted", MailVerdict.LATER),
    ],
)
def test_what_a_server_says_of_a_recipient_is_understood(answer: str, verdict: MailVerdict) -> None:
    with a_postbox() as box:
        box.refused["bad@example.com"] = answer
        gateway = gateway_to(box)
        told = gateway.send(a_mail(to="bad@example.com"))
        after = gateway.send(a_mail(2))
        gateway.rest()

    assert (told.verdict, told.status) == (verdict, int(answer[:3]))
    assert after.verdict is MailVerdict.TAKEN
    assert box.recipients == ["hanako@example.com"]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("554 5.7.1 looks like spam", MailVerdict.REFUSED),
        ("451 4.3.0 try later", MailVerdict.LATER),
        ("lost", MailVerdict.UNCERTAIN),
        ("cut", MailVerdict.UNCERTAIN),
    ],
)
def test_what_becomes_of_a_mail_that_was_handed_over_is_told_apart(answer: str, verdict: MailVerdict) -> None:
    with a_postbox() as box:
        box.answers.append(answer)
        gateway = gateway_to(box)
        told = gateway.send(a_mail())
        after = gateway.send(a_mail(2))
        gateway.rest()

    assert told.verdict is verdict
    assert after.verdict is MailVerdict.TAKEN


def test_a_server_that_is_away_or_lets_nobody_in_is_told_without_our_password() -> None:
    with a_postbox(log_in=True) as box:
        wrong, right = gateway_to(box, "shop:wr0ng@"), gateway_to(box, "shop:right@")
        refused, taken = wrong.send(a_mail()), right.send(a_mail())
        assert right.knock().verdict is MailVerdict.TAKEN
        right.rest()
    away = gateway_to(box).send(a_mail())

    assert refused.verdict is away.verdict is MailVerdict.NO_SERVER
    assert taken.verdict is MailVerdict.TAKEN
    assert "wr0ng" not in refused.words
    assert "wr0ng" not in repr(Server.from_url("smtps://shop:wr0ng@mail.example"))


def test_a_subject_cannot_smuggle_headers_in() -> None:
    with a_postbox() as box:
        gateway = gateway_to(box)
        gateway.send(a_mail(subject="新茶\r\nBcc: all@example.com"))
        gateway.rest()

    assert box.mails[0]["Subject"] == "新茶 Bcc: all@example.com"
    assert box.mails[0]["Bcc"] is None


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtps://u:p@mail.example", 465, Security.TLS),
        ("smtp://u:p@mail.example", 587, Security.STARTTLS),
        ("smtp://localhost:25", 25, Security.NONE),
    ],
)
def test_passwords_travel_in_the_open_on_this_machine_alone(url: str, port: int, security: Security) -> None:
    server = Server.from_url(url)

    assert (server.port, server.security) == (port, security)


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://a:b:c@x:y"])
def test_an_address_that_is_no_mail_servers_is_refused(url: str) -> None:
    with pytest.raises(BadServerAddress):
        Server.from_url(url)
