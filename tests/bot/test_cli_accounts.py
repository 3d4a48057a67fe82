"""`kokyaku operator` and `kokyaku apikey`."""

from dataclasses import dataclass

import pytest
from click.testing import CliRunner, Result

from bot import api_keys, operators
from bot.cli.apikeys import apikey
from bot.cli.operators import operator
from bot.models import Operator, Role
from bot.services import Services


@dataclass
class Program:
    """What a command is handed, with the services of the test."""

    services: Services

    def words(self, japanese: str, english: str) -> str:
        """Return what is said in Japanese."""
        return japanese


@pytest.fixture
def program(services: Services) -> Program:
    return Program(services)


def run(command: object, program: Program, *words: str) -> Result:
    return CliRunner().invoke(command, words, obj=program, catch_exceptions=False)  # type: ignore[arg-type]


def test_an_operator_is_added_and_logs_in_with_the_password_that_was_printed(program: Program) -> None:
    said = run(operator, program, "add", "taro", "--role", "viewer", "--name", "太郎").output
    password = said.split("1回かぎりのパスワード: ")[1].split("（")[0]
    services = program.services
    outcome = operators.authenticate(services.database, "taro", password, "192.0.2.1", services.clock.now())
    assert isinstance(outcome, Operator)
    assert (outcome.role, outcome.must_change_password) == (Role.VIEWER, True)
    assert "taro\tviewer\t太郎" in run(operator, program, "list").output


def test_a_forgotten_password_is_replaced(program: Program) -> None:
    run(operator, program, "add", "taro")
    said = run(operator, program, "reset-password", "taro").output
    password = said.split("1回かぎりのパスワード: ")[1].split("（")[0]
    services = program.services
    outcome = operators.authenticate(services.database, "taro", password, "192.0.2.1", services.clock.now())
    assert isinstance(outcome, Operator)


def test_a_key_is_printed_once_listed_without_itself_and_revoked(program: Program) -> None:
    key = run(apikey, program, "add", "レジ").stdout.strip()
    with program.services.database.reading() as session:
        assert api_keys.find(session, key) is not None
    listed = run(apikey, program, "list").output
    assert "1\tレジ\t有効" in listed
    assert key not in listed
    run(apikey, program, "revoke", "1")
    with program.services.database.reading() as session:
        assert api_keys.find(session, key) is None
