"""`kokyaku link` and `kokyaku points`."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.models import AuditEntry
from segments import links
from segments.db import Database
from segments.link_tokens import Tapped
from segments.models import Facts, Friend
from tests.bot.cli.terminal import Terminal
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY

URL = "https://example.com/spring"


@pytest.fixture
def terminal(sqlite: Database, tmp_path: Path) -> Terminal:
    return Terminal(sqlite, tmp_path)


@pytest.fixture
def friend(sqlite: Database) -> Friend:
    with sqlite.begin() as session:
        return a_friend(session)


def test_a_link_is_added_listed_and_its_taps_are_told(terminal: Terminal, friend: Friend) -> None:
    public = {"KOKYAKU_PUBLIC_URL": "https://shop.example"}
    added = terminal.run("link", "add", "春", URL, **public)
    assert (added.exit_code, added.stdout, added.stderr) == (0, f"「春」→ {URL}\n", "")
    with terminal.database.begin() as session:
        link_id = links.targets(session)["春"].id
        for seconds in (0, 60):
            links.tap(session, Tapped(link_id, friend.id, 7), A_SATURDAY + timedelta(seconds=seconds))
    assert terminal.run("link", "list", **public).stdout == f"春\t{URL}\t2回（1人）\t2026-11-21 14:31:00\n"
    assert terminal.run("link", "taps", "春", **public).stdout.splitlines() == [
        f"2026-11-21 14:31:00\t{friend.id}\t7",
        f"2026-11-21 14:30:00\t{friend.id}\t7",
    ]


def test_without_a_public_address_the_operator_is_told_that_taps_are_not_known(terminal: Terminal) -> None:
    added = terminal.run("link", "add", "春", URL)
    assert added.exit_code == 0
    assert "KOKYAKU_PUBLIC_URL" in added.stderr
    assert "taps cannot be known" in terminal.run("link", "list", KOKYAKU_LANGUAGE="en").stderr


def test_another_address_for_a_name_needs_to_be_meant(terminal: Terminal) -> None:
    terminal.run("link", "add", "春", URL)
    assert "--change" in terminal.refusal("link", "add", "春", "https://example.com/2")
    assert terminal.run("link", "add", "春", "https://example.com/2", "--change").exit_code == 0
    assert "http://" in terminal.refusal("link", "add", "夏", "javascript:alert(1)")
    assert "夏" in terminal.refusal("link", "taps", "夏")


def test_points_are_given_taken_and_shown(terminal: Terminal, friend: Friend) -> None:
    number = str(friend.id)
    assert terminal.run("points", "rule").output == "購入ではポイントは付きません。\n"
    rule = terminal.run("points", "rule", "--yen-per-point", "100", "--expire-days", "365")
    assert rule.output == "100円ごとに1ポイント（365日間有効）\n"
    assert terminal.run("points", "adjust", number, "1,200", "--cause", "a").output == "残高 1,200ポイント\n"
    assert terminal.run("points", "adjust", number, "1200", "--cause", "a").output == "残高 1,200ポイント\n"
    assert terminal.run("points", "adjust", number, "-200").output == "残高 1,000ポイント\n"
    shown = terminal.run("points", "show", number).output.splitlines()
    assert shown[0] == "残高 1,000ポイント"
    assert shown[1].endswith("まで 1,000ポイント")
    assert [line.split("\t")[1] for line in shown[2:]] == ["-200", "+1,200"]
    with terminal.database.reading() as session:
        assert session.get_one(Facts, friend.id).points == 1000
        notes = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    # Who looked, and who said the same again, changed nothing.
    assert [(note.actor, note.action, note.subject, note.details) for note in notes] == [
        (
            "command line",
            "points_rule_changed",
            "",
            {"yen_per_point": 100, "expire_days": 365, "point_yen": 1},
        ),
        ("command line", "points_adjusted", number, {"points": 1200}),
        ("command line", "points_adjusted", number, {"points": -200}),
    ]


def test_what_cannot_be_is_refused_in_a_sentence(terminal: Terminal, friend: Friend) -> None:
    number = str(friend.id)
    assert "足りません" in terminal.refusal("points", "adjust", number, "-1")
    assert "整数" in terminal.refusal("points", "adjust", number, "many")
    assert "友だちが見つかりません" in terminal.refusal("points", "adjust", "999", "1")
    assert "友だちが見つかりません" in terminal.refusal("points", "show", "999")
    assert "yen_per_point" in terminal.refusal("points", "rule", "--yen-per-point", "-1")
