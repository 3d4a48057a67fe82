"""Accounts: made, proved, slowed down, changed."""

from datetime import timedelta

import pytest

from bot import operators
from bot.models import AuditEntry, LoginAttempt, Operator, Role
from bot.operators import LoginRefused
from segments.db import Database
from segments.errors import Conflict, Invalid
from tests.fakes.clock import FakeClock

PASSWORD = "ringo mikan budou"
HOME = "192.0.2.1"


@pytest.fixture
def hanako(database: Database, clock: FakeClock) -> Operator:
    with database.begin() as session:
        operators.create(session, "Hanako", "花子", Role.OPERATOR, PASSWORD, clock.now())
        found = operators.by_login(session, "hanako")
    assert found is not None
    return found


def test_the_right_password_logs_in_whatever_the_case_of_the_login(
    database: Database, clock: FakeClock, hanako: Operator
) -> None:
    outcome = operators.authenticate(database, " HANAKO ", PASSWORD, HOME, clock.now())
    assert isinstance(outcome, Operator)
    assert outcome.id == hanako.id


def test_a_login_can_be_given_once(database: Database, clock: FakeClock, hanako: Operator) -> None:
    with database.begin() as session, pytest.raises(Conflict) as refused:
        operators.create(session, hanako.login, "", Role.VIEWER, None, clock.now())
    assert refused.value.code == "login_taken"


def test_the_first_operator_is_made_once_with_a_password_to_change(
    database: Database, clock: FakeClock
) -> None:
    with database.begin() as session:
        made = operators.first_operator(session, clock.now())
    assert made is not None
    outcome = operators.authenticate(database, *made, HOME, clock.now())
    assert isinstance(outcome, Operator)
    assert (outcome.role, outcome.must_change_password) == (Role.OWNER, True)
    with database.begin() as session:
        assert operators.first_operator(session, clock.now()) is None


@pytest.mark.usefixtures("hanako")
def test_five_failures_make_a_login_wait_and_then_even_the_right_password_waits(
    database: Database, clock: FakeClock
) -> None:
    for number in range(5):
        address = f"192.0.2.{number}"
        assert operators.authenticate(database, "hanako", "wrong", address, clock.now()) == LoginRefused()
        clock.advance(timedelta(minutes=1))
    outcome = operators.authenticate(database, "hanako", PASSWORD, HOME, clock.now())
    assert outcome == LoginRefused(wait=timedelta(minutes=10))
    clock.advance(timedelta(minutes=10))
    assert isinstance(operators.authenticate(database, "hanako", PASSWORD, HOME, clock.now()), Operator)


@pytest.mark.usefixtures("hanako")
def test_twenty_failures_of_one_address_make_it_wait_whatever_the_login(
    database: Database, clock: FakeClock
) -> None:
    with database.begin() as session:
        session.add_all(
            LoginAttempt(login=f"guess{number}", address=HOME, at=clock.now()) for number in range(20)
        )
    assert operators.authenticate(database, "hanako", PASSWORD, HOME, clock.now()) == LoginRefused(
        wait=timedelta(minutes=15)
    )
    elsewhere = operators.authenticate(database, "hanako", PASSWORD, "192.0.2.2", clock.now())
    assert isinstance(elsewhere, Operator)


def test_an_unknown_login_is_refused_like_a_wrong_password_and_counted(
    database: Database, clock: FakeClock
) -> None:
    for _ in range(5):
        assert operators.authenticate(database, "nobody", PASSWORD, HOME, clock.now()) == LoginRefused()
    assert operators.authenticate(database, "nobody", PASSWORD, HOME, clock.now()) == LoginRefused(
        wait=timedelta(minutes=15)
    )


@pytest.mark.usefixtures("hanako")
def test_logging_in_forgets_the_failures_before_it(database: Database, clock: FakeClock) -> None:
    for _ in range(4):
        operators.authenticate(database, "hanako", "wrong", HOME, clock.now())
    assert isinstance(operators.authenticate(database, "hanako", PASSWORD, HOME, clock.now()), Operator)
    with database.reading() as session:
        assert session.query(LoginAttempt).count() == 0


def test_changing_the_password_ends_every_other_session(
    database: Database, clock: FakeClock, hanako: Operator
) -> None:
    with database.begin() as session:
        version = operators.change_password(session, hanako.id, PASSWORD, "suika momo nashi", clock.now())
    with database.reading() as session:
        assert operators.by_session(session, hanako.id, hanako.session_version) is None
        assert operators.by_session(session, hanako.id, version) is not None
    assert operators.authenticate(database, "hanako", PASSWORD, HOME, clock.now()) == LoginRefused()


def test_the_old_password_is_asked_for_before_it_is_changed(
    database: Database, clock: FakeClock, hanako: Operator
) -> None:
    with database.begin() as session, pytest.raises(Invalid) as refused:
        operators.change_password(session, hanako.id, "wrong", "suika momo nashi", clock.now())
    assert refused.value.code == "password_wrong"


@pytest.mark.usefixtures("hanako")
def test_a_reset_gives_a_password_to_change_and_no_log_line_or_audit_entry_holds_it(
    database: Database, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.begin() as session:
        password = operators.reset_password(session, "hanako", "cli", clock.now())
    outcome = operators.authenticate(database, "hanako", password, HOME, clock.now())
    assert isinstance(outcome, Operator)
    assert outcome.must_change_password
    with database.reading() as session:
        kept = "".join(f"{each.subject}{each.details}" for each in session.query(AuditEntry))
    assert password not in kept + capsys.readouterr().err


def test_a_login_that_no_database_could_hold_is_refused_like_any_other(
    database: Database, clock: FakeClock
) -> None:
    assert operators.authenticate(database, "a\x00b", PASSWORD, HOME, clock.now()) == LoginRefused()
