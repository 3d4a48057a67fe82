"""`kokyaku tag` and `kokyaku segments growth`."""

from pathlib import Path

import pytest

from segments import members_filling, segment_sizes, tags
from segments.db import Database
from tests.bot.cli.terminal import Terminal
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.watched_world import add_segment


@pytest.fixture
def terminal(sqlite: Database, tmp_path: Path) -> Terminal:
    return Terminal(sqlite, tmp_path)


def test_tags_are_put_on_listed_and_taken_off(terminal: Terminal, sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend_id = str(a_friend(session).id)
    assert "タグを付けました" in terminal.run("tag", "add", friend_id, "VIP").output
    assert "すでに付いています" in terminal.run("tag", "add", friend_id, "VIP").output
    assert "VIP" in terminal.run("tag", "list").output
    assert "command line" in terminal.run("tag", "list", "--friend", friend_id).output
    assert "タグを外しました" in terminal.run("tag", "remove", friend_id, "VIP").output
    assert "このタグは付いていません" in terminal.run("tag", "remove", friend_id, "VIP").output


def test_a_rule_is_set_and_dropped(terminal: Terminal, sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend_id = str(a_friend(session).id)
        segment_id = str(add_segment(session, "全員", {"is": "everyone"}))
        tags.ensure(session, "all", NOW)
    assert terminal.run("tag", "rule", "all", segment_id).exit_code == 0
    with sqlite.begin() as session:
        members_filling.fill(session, NOW)
    assert "全員" in terminal.run("tag", "list").output
    assert "ルールで付いています" in terminal.refusal("tag", "remove", friend_id, "all")
    assert terminal.run("tag", "rule", "all", "--drop").exit_code == 0
    assert terminal.run("tag", "remove", friend_id, "all").exit_code == 0


def test_what_cannot_be_is_refused_in_words(terminal: Terminal, sqlite: Database) -> None:
    with sqlite.begin() as session:
        tags.ensure(session, "a", NOW)
        circle = str(add_segment(session, "輪", {"is": "tag", "names": ["a"]}))
    assert "このタグ自身を条件にしています" in terminal.refusal("tag", "rule", "a", circle)
    assert "セグメント" in terminal.refusal("tag", "rule", "a", "99")
    assert "見つかりません" in terminal.refusal("tag", "rule", "nobody", "--drop")
    assert "友だち" in terminal.refusal("tag", "add", "99", "a")
    assert terminal.run("tag", "rule", "a").exit_code == 2


def test_growth_is_shown_night_by_night(terminal: Terminal, sqlite: Database) -> None:
    with sqlite.begin() as session:
        segment_id = str(add_segment(session, "全員", {"is": "everyone"}))
        a_friend(session)
    assert "まだ集計がありません" in terminal.run("segments", "growth", segment_id).output
    segment_sizes.count_all(sqlite, NOW)
    told = terminal.run("segments", "growth", segment_id, "--days", "3660").output
    assert "2026-11-21" in told, told
    assert "セグメント" in terminal.refusal("segments", "growth", "99")


def test_names_are_shown_as_they_are_also_in_brackets(terminal: Terminal, sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend_id = str(a_friend(session).id)
        add_segment(session, "常連[vip][/b]", {"is": "everyone"})
        tags.ensure(session, "[new]", NOW)
    assert "常連[vip][/b]" in terminal.run("segments", "list", COLUMNS="200").output
    assert "[new]" in terminal.run("tag", "list", COLUMNS="200").output
    terminal.run("tag", "add", friend_id, "[/b]")
    assert "[/b]" in terminal.run("tag", "list", "--friend", friend_id, COLUMNS="200").output
