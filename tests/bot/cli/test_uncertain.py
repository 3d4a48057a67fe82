"""`kokyaku uncertain`: what nobody knows the end of, listed and decided from the terminal."""

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.models import AuditEntry
from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryState
from segments.clock import SystemClock
from segments.db import Database
from tests.bot.cli.terminal import Terminal
from tests.bot.console.lost_deliveries import some_lost

LOST, QUEUED, ACCEPTED = DeliveryState.UNCERTAIN, DeliveryState.QUEUED, DeliveryState.ACCEPTED


@pytest.fixture
def lost(database: Database) -> list[int]:
    with database.begin() as session:
        ids = some_lost(session)
        # The terminal goes by the real clock.
        for each in session.scalars(select(Delivery)):
            each.ended_at = SystemClock().now()
        return ids


@pytest.fixture
def terminal(database: Database, tmp_path: Path, lost: list[int]) -> Terminal:
    return Terminal(database, tmp_path)


def states(terminal: Terminal) -> list[DeliveryState]:
    with terminal.database.reading() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def sale(terminal: Terminal) -> Broadcast:
    with terminal.database.reading() as session:
        return session.scalars(select(Broadcast)).one()


def test_they_are_listed_and_those_of_one_broadcast_sent_again(terminal: Terminal) -> None:
    number = str(sale(terminal).id)
    listed = terminal.run("uncertain", "list").stdout.splitlines()
    assert [line.split("  ")[2] for line in listed] == ["山田花子", "鈴木一郎", "佐藤次郎"]
    assert "はじめてのお客様 – お礼" in listed[2]
    assert len(terminal.run("uncertain", "list", "--broadcast", number).stdout.splitlines()) == 2
    sent = terminal.run("uncertain", "again", "--all", "--broadcast", number, "--yes")
    assert (sent.exit_code, sent.stdout) == (0, "2通をもう一度送ります。\n")
    assert states(terminal) == [QUEUED, QUEUED, LOST]
    assert sale(terminal).state is BroadcastState.SENDING
    with terminal.database.reading() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["uncertain_sent_again"]


def test_without_a_yes_nothing_is_done(terminal: Terminal) -> None:
    for which in ("again", "arrived"):
        asked = terminal.run("uncertain", which, "--all")
        assert asked.exit_code == 1
        assert "3通を" in asked.stdout
    assert states(terminal) == [LOST] * 3


def test_one_is_taken_as_arrived_and_a_second_time_refused(terminal: Terminal, lost: list[int]) -> None:
    words = ("uncertain", "arrived", str(lost[2]), "--yes")
    assert terminal.run(*words).stdout == "1通を届いたことにしました。\n"
    assert states(terminal) == [LOST, LOST, ACCEPTED]
    assert terminal.refusal(*words).startswith("この配信は、すでに判断されています。")


def test_what_cannot_be_sent_again_is_told_and_left_out(terminal: Terminal, lost: list[int]) -> None:
    with terminal.database.begin() as session:
        session.get_one(Broadcast, sale(terminal).id).state = BroadcastState.CANCELLED
    sent = terminal.run("uncertain", "again", "--all", "--yes")
    assert "2通: 元の配信が取り消されたか" in sent.stderr
    assert states(terminal) == [LOST, LOST, QUEUED]
    assert terminal.refusal("uncertain", "again", str(lost[0]), "--yes").startswith(
        "元の配信が取り消されたか"
    )


@pytest.mark.parametrize("words", [(), ("1", "--all"), ("1", "--broadcast", "1"), ("--broadcast", "1")])
def test_which_ones_has_to_be_said(terminal: Terminal, words: tuple[str, ...]) -> None:
    for which in ("again", "arrived"):
        assert "--all のどちらか" in terminal.refusal("uncertain", which, *words, "--yes")
    assert states(terminal) == [LOST] * 3
