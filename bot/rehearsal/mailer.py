"""The mail server of a rehearsal: takes every mail and forgets it."""

from scheduler.mail import Mail, MailAnswer, MailVerdict


class PatientMailer:
    """Implements scheduler.mail.MailGateway."""

    def send(self, mail: Mail) -> MailAnswer:
        """Take it."""
        return MailAnswer(MailVerdict.TAKEN, 250, message_id=str(mail.key))

    def rest(self) -> None:
        """Nothing to hang up."""
