"""Makes the way to the mail server out of the settings, and says what is missing."""

from enum import StrEnum

from bot import picture_addresses
from bot.mail.composing import Composer, Unsubscribing
from bot.mail.server import BadServerAddress, Server
from bot.mail.smtp import SmtpGateway
from bot.settings import Settings
from scheduler import mail_settings
from scheduler.mail_settings import MailSettings
from segments import mail_consent
from segments.clock import Clock
from segments.db import Database
from segments.errors import Invalid


class Missing(StrEnum):
    """Why no mail can leave."""

    SERVER = "server"
    """KOKYAKU_SMTP_URL is not set: the shop uses no mail."""
    SERVER_UNREADABLE = "server_unreadable"
    SENDER = "sender"
    """KOKYAKU_MAIL_FROM is no address."""
    PUBLIC_URL = "public_url"
    """Without KOKYAKU_PUBLIC_URL nobody could refuse further mail, which the law asks for; RFC 8058 asks for https."""


def missing(settings: Settings) -> Missing | None:
    """Return what has to be set before mail can leave; None when nothing is missing."""
    if not settings.smtp_url.get_secret_value():
        return Missing.SERVER
    try:
        Server.from_url(settings.smtp_url.get_secret_value())
    except BadServerAddress:
        return Missing.SERVER_UNREADABLE
    try:
        mail_consent.checked(settings.mail_from)
    except Invalid:
        return Missing.SENDER
    return None if settings.public_url.lower().startswith("https://") else Missing.PUBLIC_URL


def mailer_of(settings: Settings, database: Database, clock: Clock, secret: str) -> SmtpGateway | None:
    """Return the way to the mail server; None while something is missing. Nothing connects before the first mail."""
    if missing(settings) is not None:
        return None

    def imprint() -> MailSettings:
        with database.reading() as session:
            return mail_settings.load(session)

    server = Server.from_url(settings.smtp_url.get_secret_value())
    refusing, pictures_at = Unsubscribing(settings.public_url, secret), picture_addresses.place(settings)
    composer = Composer(settings.mail_from.strip(), refusing, clock, pictures_at)
    return SmtpGateway(server, composer, imprint)
