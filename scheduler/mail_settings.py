"""What the law wants in every mail of a shop: who sends it, where they are, and where complaints go.

特定電子メール法 article 4 and its ordinance: the sender's name, that one may refuse and where, the postal address,
and a telephone number, mail address or page for questions and complaints.
"""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy.orm import Session

from segments.errors import Invalid
from segments.models import Setting

SETTING = "mail"
LONGEST = 200


@dataclass(frozen=True)
class MailSettings:
    """What stands below every mail."""

    name: str = ""
    """The shop, or the company behind it."""
    postal_address: str = ""
    contact: str = ""
    """A telephone number, an address or a page."""

    @property
    def is_complete(self) -> bool:
        """Whether mail may leave."""
        return bool(self.name and self.postal_address and self.contact)


def load(session: Session) -> MailSettings:
    """Return the settings; empty ones until an operator has set them."""
    setting = session.get(Setting, SETTING)
    return MailSettings(**setting.value) if setting else MailSettings()


def save(session: Session, settings: MailSettings, now: datetime) -> None:
    """Store the settings. Raises Invalid (mail_setting_missing, mail_setting_too_long) with its field."""
    for field in fields(settings):
        value = str(getattr(settings, field.name))
        if not value.strip() or not value.isprintable():
            raise Invalid("mail_setting_missing", field=field.name)
        if len(value) > LONGEST:
            raise Invalid("mail_setting_too_long", field=field.name, limit=LONGEST)
    session.merge(Setting(name=SETTING, value=asdict(settings), updated_at=now))
    session.flush()
