"""Every command ends in one sentence where something outside of it is wrong."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.cli.errors import words_of
from scheduler.message_checks import check
from segments.db import Database
from segments.errors import Invalid
from segments.models import Segment
from tests.bot.cli.terminal import Terminal
from tests.builders import a_friend
from tests.databases import SmallDisk
from tests.fakes.clock import A_SATURDAY


@pytest.fixture
def terminal(sqlite: Database, tmp_path: Path) -> Terminal:
    return Terminal(sqlite, tmp_path)


def test_the_tables_are_made_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    empty = Terminal(Database(f"sqlite:///{tmp_path / 'new.sqlite'}"), tmp_path)
    for _ in range(2):
        result = empty.run("db", "upgrade")
        assert (result.exit_code, result.output) == (0, "データベースは最新です。\n")
    assert empty.run("db", "upgrade", KOKYAKU_LANGUAGE="en").output == "The database is up to date.\n"


def test_segments_are_listed_counted_and_previewed(database: Database, tmp_path: Path) -> None:
    terminal = Terminal(database, tmp_path)
    name = "👑 \u202eمرحبا\u202c"
    with database.begin() as session:
        a_friend(session, display_name="山田 👨‍👩‍👧", member_number="M1")
        session.add(
            Segment(
                id=3, name=name, condition={"is": "everyone"}, created_at=A_SATURDAY, updated_at=A_SATURDAY
            )
        )
    assert "👑" in terminal.run("segments", "list").output
    assert terminal.run("segments", "count", "3").output == "1\n"
    assert terminal.run("segments", "preview", "3").output.endswith("\tM1\t山田 👨‍👩‍👧\n")
    for words in (("count", "9"), ("preview", "9")):
        assert terminal.refusal("segments", *words) == "このセグメントは見つかりません。"
        assert terminal.refusal("segments", *words, KOKYAKU_LANGUAGE="en") == "There is no such segment."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("operator", "add", "BAD LOGIN"), "ログイン名は半角の英小文字"),
        (("operator", "reset-password", "nobody"), "運用担当者が見つかりません。"),
        (("apikey", "add", " "), "名前を入力してください。"),
        (("apikey", "revoke", "99"), "APIキーが見つかりません。"),
        (("import", "purchases", "/nowhere.csv"), "ファイル「/nowhere.csv」が見つかりません。"),
    ],
)
def test_accounts_keys_and_files_that_do_not_exist_are_refused_in_words(
    terminal: Terminal, words: tuple[str, ...], said: str
) -> None:
    assert terminal.refusal(*words).startswith(said)


def test_a_login_that_is_taken_is_refused_and_keeps_its_password(terminal: Terminal) -> None:
    assert terminal.run("operator", "add", "taro").exit_code == 0
    assert terminal.refusal("operator", "add", "taro") == "ログイン名「taro」はすでに使われています。"
    listed = terminal.run("operator", "list").output
    assert listed.count("taro") == 1


def test_the_demo_without_a_simulator_says_so_as_often_as_one_tries(terminal: Terminal) -> None:
    for _ in range(2):
        said = terminal.refusal("demo", KOKYAKU_SIMULATOR_PORT="9")
        assert said.endswith("先に kokyaku serve を起動してください。")


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("KOKYAKU_TIMEZONE", "Mars/North", "A setting is wrong (KOKYAKU_TIMEZONE=Mars/North"),
        ("KOKYAKU_TIMEZONE", "Asia", "A setting is wrong (KOKYAKU_TIMEZONE=Asia"),
        ("KOKYAKU_PORT", "abc", "A setting is wrong (KOKYAKU_PORT=abc"),
        ("KOKYAKU_DATABASE_URL", "nonsense", "KOKYAKU_DATABASE_URL を接続先として読めません。"),
        ("KOKYAKU_DATABASE_URL", "oracel://x/y", "KOKYAKU_DATABASE_URL を接続先として読めません。"),
        ("KOKYAKU_DATA", "/dev/null/var", "ファイルまたは通信の問題です"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    terminal: Terminal, setting: str, value: str, said: str
) -> None:
    assert said in terminal.refusal("segments", "list", **{setting: value})


def test_a_file_that_is_no_database_is_told_and_left_as_it_is(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(b"\xff\xd8" * 5_000)
    said = terminal.refusal("segments", "list", KOKYAKU_DATABASE_URL=f"sqlite:///{path}")
    assert said == "データベースの問題です: file is not a database"
    assert path.read_bytes() == b"\xff\xd8" * 5_000


@pytest.mark.parametrize(
    ("language", "said"), [("ja", "ディスクに空きがありません"), ("en", "The disk is full")]
)
def test_a_full_disk_is_told_in_words(sqlite: Database, language: str, said: str) -> None:
    SmallDisk(sqlite).fill()
    with pytest.raises(DBAPIError) as caught, sqlite.begin() as session:
        session.execute(text("CREATE TABLE big AS SELECT zeroblob(1000000)"))
    assert words_of(caught.value, language).startswith(said)
    assert said in words_of(OSError(28, "No space left on device"), language)


def test_a_card_over_thirty_kilobytes_is_refused_in_words() -> None:
    bubble = {"type": "bubble", "hero": {"type": "image", "url": "https://example.com/" + "x" * 31_000}}
    problems = check({"ja": [{"type": "flex", "altText": "カード", "contents": bubble}]})
    assert "ja[0].contents: メッセージ全体が大きすぎます" in words_of(
        Invalid("message_invalid", problems=problems), "ja"
    )
