"""`kokyaku segments`."""

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.models import AuditEntry
from bot.segment_export import safe
from scheduler.models import Broadcast
from scheduler.scenario_starts import on_entering
from segments import condition_leaves as leaf
from segments import rule_tags, saved
from segments.db import Database
from segments.models import Tag
from tests.bot.cli.terminal import Terminal
from tests.builders import a_friend, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.watched_world import add_segment, unanswerable


@pytest.fixture
def terminal(sqlite: Database, tmp_path: Path) -> Terminal:
    return Terminal(sqlite, tmp_path)


def test_a_segment_lives_from_create_to_delete(terminal: Terminal, tmp_path: Path) -> None:
    with terminal.database.begin() as session:
        friend = a_friend(session, facts={"purchase_count": 1})
    file = tmp_path / "twice.json"
    file.write_text(json.dumps({"is": "purchase_count", "at_least": 2}))
    assert "1" in terminal.run("segments", "create", "2回以上", str(file)).output
    assert terminal.run("segments", "create", "全員", '{"is": "everyone"}').exit_code == 0
    assert terminal.run("segments", "count", "2").output == "1\n"
    assert terminal.run("segments", "preview", "2").output.split("\t")[0] == str(friend.id)
    shown = terminal.run("segments", "show", "1").output
    assert "2回以上購入" in shown
    assert '"at_least": 2' in shown
    told = terminal.run("segments", "explain", str(friend.id), "1").output
    assert told == "対象外です。理由：「2回以上購入」にあてはまりません（1回購入しています）\n"
    assert terminal.run("segments", "delete", "1").output == "削除しました。\n"
    assert "見つかりません" in terminal.refusal("segments", "show", "1")


def test_a_list_shows_the_others_when_one_names_what_is_gone(terminal: Terminal) -> None:
    with terminal.database.begin() as session:
        a_friend(session)
        tag = Tag(name="VIP", created_at=NOW)
        session.add(tag)
        session.flush()
        saved.create(session, "VIP", leaf.Tagged(names=["VIP"]), "test", NOW)
        saved.create(session, "全員", leaf.Everyone(), "test", NOW)
        session.delete(tag)
    shown = terminal.run("segments", "list", COLUMNS="200").output
    assert "VIP" in shown
    assert "見つかりません" in shown
    assert "全員" in shown
    assert "VIP" in terminal.refusal("segments", "count", "1")


def test_an_export_opens_in_a_spreadsheet_and_runs_nothing(terminal: Terminal, tmp_path: Path) -> None:
    with terminal.database.begin() as session:
        facts = {
            "stage": "trial",
            "purchase_count": 2,
            "spend_yen": 3000,
            "last_purchase_at": days_ago(1),
            "points": 5,
        }
        friend = a_friend(session, display_name='=HYPERLINK("http://x")', member_number="+81", facts=facts)
        a_friend(session, display_name="改行\nあり, カンマ")
        saved.create(session, "全員", leaf.Everyone(), "test", NOW)
    out = tmp_path / "all.csv"
    assert "2人" in terminal.run("segments", "export", "1", "--out", str(out)).output
    lines = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert lines[0][:3] == ["友だちID", "会員番号", "名前"]
    assert lines[1] == [
        *(str(friend.id), "'+81", '\'=HYPERLINK("http://x")', "ja", "", "2026-11-11"),
        *("トライアル", "", "2", "3000", "2026-11-20", "5"),
    ]
    assert lines[2][2] == "改行\nあり, カンマ"
    assert terminal.run("segments", "export", "1").output.startswith("友だちID,")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"])
def test_a_cell_that_begins_a_formula_is_neutralised(text: str) -> None:
    assert safe(text) == f"'{text}"
    assert safe(f"a{text}") == f"a{text}"


def test_an_export_of_nobody_has_its_headings(terminal: Terminal) -> None:
    with terminal.database.begin() as session:
        saved.create(session, "全員", leaf.Everyone(), "test", NOW)
    assert terminal.run("segments", "export", "1").output.startswith("友だちID,")


def test_what_is_no_condition_is_refused(terminal: Terminal) -> None:
    assert "JSON" in terminal.refusal("segments", "create", "x", "{")
    assert terminal.refusal("segments", "create", "x", "no such file")
    assert "zodiac" in terminal.refusal("segments", "create", "x", '{"is": "zodiac"}')


def test_an_export_that_is_refused_leaves_the_file_as_it_was(terminal: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "kept.csv"
    out.write_text("kept", encoding="utf-8")
    assert "見つかりません" in terminal.refusal("segments", "export", "99", "--out", str(out))
    assert out.read_text(encoding="utf-8") == "kept"


def test_a_list_shows_the_others_when_the_database_refuses_one(database: Database, tmp_path: Path) -> None:
    terminal = Terminal(database, tmp_path)
    with database.begin() as session:
        a_friend(session)
        add_segment(session, "重い", unanswerable(session))
        saved.create(session, "全員", leaf.Everyone(), "test", NOW)
    listed = terminal.run("segments", "list", COLUMNS="200")
    assert listed.exit_code == 0
    assert "この条件は、データベースで調べられませんでした" in listed.output
    assert "全員" in listed.output.splitlines()[-2]
    assert "1 " in listed.output.splitlines()[-2]


def test_what_scenarios_and_broadcasts_use_is_shown_and_not_deleted(terminal: Terminal) -> None:
    with terminal.database.begin() as session:
        wanted = saved.create(session, "全員", leaf.Everyone(), "test", NOW)
        rule_tags.set_rule(session, "みんな", wanted.id, NOW)
        a_scenario(session, trigger=on_entering(wanted.id), name="ようこそ")
        asks = {"is": "segment", "segment_id": wanted.id}
        session.add(Broadcast(name="春の配信", condition=asks, created_at=NOW))
    number = str(wanted.id)
    used = terminal.run("segments", "show", number).output.splitlines()[-3:]
    assert used == ["使用中: タグ みんな", "使用中: シナリオ ようこそ", "使用中: 一斉配信 春の配信"]
    english = terminal.run("segments", "show", number, KOKYAKU_LANGUAGE="en").output
    assert "used by: scenario ようこそ" in english
    assert "（みんな、ようこそ、春の配信）" in terminal.refusal("segments", "delete", number)
    assert terminal.run("segments", "count", number).exit_code == 0


def test_who_made_and_deleted_a_segment_is_written_down(terminal: Terminal) -> None:
    assert terminal.run("segments", "create", "全員", '{"is": "everyone"}').exit_code == 0
    assert terminal.run("segments", "delete", "1").exit_code == 0
    with terminal.database.reading() as session:
        notes = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(note.actor, note.action, note.subject) for note in notes] == [
        ("command line", "segment_created", "1"),
        ("command line", "segment_deleted", "1"),
    ]
