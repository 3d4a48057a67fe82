"""Records what the mail server answered: taken, refused, put off, or never known."""

from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from scheduler import contacting
from scheduler.ledger import Ledger, end
from scheduler.mail import Mail, MailAnswer, MailVerdict
from scheduler.models import Attempt, Delivery, DeliveryState
from scheduler.reasons import Reason
from segments import mail_consent

LONGEST_WAIT = timedelta(hours=4)
GIVEN_UP_AFTER = timedelta(days=3)
"""How long a server may put a mail off: RFC 5321, section 4.5.4.1, says four to five days, and news grows old."""


def record(ledger: Ledger, mail: Mail, answer: MailAnswer) -> None:
    """Write down what became of one mail; one that may be tried again waits for it."""
    session, now = ledger.session, ledger.now
    if answer.verdict is not MailVerdict.TAKEN:
        _keep_what_tells(session, mail, answer, now)
    match answer.verdict:
        case MailVerdict.TAKEN:
            _accept(ledger, mail.delivery_id, answer.message_id)
        case MailVerdict.UNCERTAIN:
            _end(session, mail, DeliveryState.UNCERTAIN, Reason.MAIL_INTERRUPTED, now)
        case MailVerdict.BAD_ADDRESS:
            mail_consent.note_bad(session, mail.friend_id, mail.to, now)
            _end(session, mail, DeliveryState.FAILED, Reason.MAIL_ADDRESS_BAD, now)
        case MailVerdict.REFUSED:
            _end(session, mail, DeliveryState.FAILED, Reason.MAIL_REFUSED, now)
        case MailVerdict.LATER:
            _put_off(session, mail, now)
        case MailVerdict.NO_SERVER:
            _put_back(session, mail, {})


def _accept(ledger: Ledger, delivery_id: int, message_id: str | None) -> None:
    """Write down that a mail server took a mail, which is a contact like any other and costs no LINE message."""
    news = contacting.news_of(ledger.session, [delivery_id])
    taken = {"state": DeliveryState.ACCEPTED, "reason": None, "request_id": (message_id or "")[:64]}
    end(ledger, Delivery.id == delivery_id, **taken)
    contacting.tell(ledger.session, [list(news.values())], ledger.now)


def _put_off(session: Session, mail: Mail, now: datetime) -> None:
    """Try again after twice the time each time; after some days give up."""
    tries, first = _tries(session, mail.delivery_id)
    if first is not None and now - first > GIVEN_UP_AFTER:
        _end(session, mail, DeliveryState.FAILED, Reason.MAIL_PUT_OFF, now)
        return
    wait = min(timedelta(minutes=2 ** min(tries, 10)), LONGEST_WAIT)
    _put_back(session, mail, {"reason": Reason.MAIL_PUT_OFF, "not_before": now + wait})


def _put_back(session: Session, mail: Mail, values: dict[str, object]) -> None:
    """Let a mail wait again; not one that another run has settled meanwhile, whose chunk may be closed."""
    waiting = update(Delivery).where(Delivery.id == mail.delivery_id, Delivery.state == DeliveryState.SENDING)
    values = {"state": DeliveryState.QUEUED, "first_attempt_at": None} | values
    session.execute(waiting.values(values).execution_options(synchronize_session=False))


def _tries(session: Session, delivery_id: int) -> tuple[int, datetime | None]:
    put_off = (Attempt.delivery_id == delivery_id, Attempt.outcome == MailVerdict.LATER.value)
    moments = session.scalars(select(Attempt.at).where(*put_off)).all()
    return len(moments), min(moments, default=None)


def _keep_what_tells(session: Session, mail: Mail, answer: MailAnswer, now: datetime) -> None:
    told = {"delivery_id": mail.delivery_id, "at": now, "outcome": answer.verdict.value}
    # A server quotes the address it refuses; whose it is the delivery says.
    words = answer.words.replace(mail.to, "…")[:500]
    session.execute(insert(Attempt), [told | {"status": answer.status, "error": words}])


def _end(session: Session, mail: Mail, state: DeliveryState, reason: Reason, now: datetime) -> None:
    set_delivery(session, mail.delivery_id, state=state, reason=reason, ended_at=now)


def set_delivery(session: Session, delivery_id: int, **values: object) -> None:
    """Write columns of one delivery."""
    changed = update(Delivery).where(Delivery.id == delivery_id).values(**values)
    session.execute(changed.execution_options(synchronize_session=False))
