"""A mail server in memory: takes mail, or answers as a test tells it to."""

from collections import deque
from collections.abc import Callable

from scheduler.mail import Mail, MailAnswer, MailVerdict


class FakeMailer:
    """Implements scheduler.mail.MailGateway."""

    def __init__(self) -> None:
        self.tried: list[Mail] = []
        self.taken: list[Mail] = []
        self.answers: deque[MailVerdict] = deque()
        """What becomes of the next mails; all others are taken."""
        self.before: Callable[[], None] = lambda: None
        """Called when a mail arrives, before it is answered."""

    def send(self, mail: Mail) -> MailAnswer:
        """Take a mail, or not."""
        self.before()
        self.tried.append(mail)
        verdict = self.answers.popleft() if self.answers else MailVerdict.TAKEN
        if verdict in {MailVerdict.TAKEN, MailVerdict.UNCERTAIN}:
            self.taken.append(mail)
        return MailAnswer(verdict, None, f"said of {mail.to}", str(mail.key))

    def rest(self) -> None:
        """Nothing to hang up."""

    def sent_to(self, address: str) -> list[str]:
        """Return the subjects of the mails an address got."""
        return [mail.content.subject for mail in self.taken if mail.to == address]
