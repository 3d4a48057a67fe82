"""`kokyaku broadcast`: drafting, sending, stopping, and what is said to what makes no sense."""

from pathlib import Path

import pytest
from sqlalchemy import select

from scheduler import mail_settings
from scheduler.mail_settings import MailSettings
from scheduler.models import Broadcast, BroadcastState, Delivery, MessageVersion
from segments.db import Database
from segments.models import Segment
from tests.bot.cli.terminal import Terminal
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY

EVERYONE = ("--condition", '{"is": "everyone"}')
TEXT = ("--text", "こんにちは")


@pytest.fixture
def terminal(sqlite: Database, tmp_path: Path) -> Terminal:
    return Terminal(sqlite, tmp_path)


def drafts(database: Database) -> list[Broadcast]:
    with database.reading() as session:
        return list(session.scalars(select(Broadcast)))


def test_a_broadcast_is_drafted_scheduled_paused_resumed_and_cancelled(
    database: Database, tmp_path: Path
) -> None:
    terminal = Terminal(database, tmp_path)
    with database.begin() as session:
        a_friend(session)
        a_friend(session, line_user_id=None)
    created = terminal.run("broadcast", "create", "--name", "秋", *EVERYONE, *TEXT)
    assert created.exit_code == 0, created.output
    number = created.stdout.strip()
    assert "配信対象 2人のうち 1人に届きます" in created.stderr
    sent = terminal.run("broadcast", "send", number, "--at", "2100-01-01 10:00:00")
    assert (sent.exit_code, sent.stdout) == (0, "scheduled 0: \n")
    paused = terminal.run("broadcast", "pause", number)
    assert paused.stdout == "paused 0: \n運用担当者が一時停止しました。\n"
    assert terminal.run("broadcast", "resume", number).stdout == "scheduled 0: \n"
    assert terminal.run("broadcast", "cancel", number).stdout == "cancelled 0: \n"
    assert terminal.run("broadcast", "status", number).stdout == "cancelled 0: \n"
    assert terminal.refusal("broadcast", "send", number).startswith("配信の状態が変わった")
    (broadcast,) = drafts(database)
    assert broadcast.state is BroadcastState.CANCELLED


def test_who_gets_it_by_mail_is_told_when_it_is_drafted(terminal: Terminal, sqlite: Database) -> None:
    with sqlite.begin() as session:
        mail_settings.save(session, MailSettings("みどり茶舗", "東京都", "03-0000-0000"), A_SATURDAY)
        a_friend(session)
        a_friend(session, email="hanako@example.com", email_consent_at=days_ago(5), blocked_at=days_ago(1))
    created = terminal.run("broadcast", "create", "--name", "秋", *EVERYONE, *TEXT, "--mail")
    assert "2人のうち 2人に届きます（うちメール1人）。" in created.stderr


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("{", "条件をJSONとして読めません"),
        ("[" * 100_000, "条件をJSONとして読めません"),
        ("5", "配信先の条件に誤りがあります"),
        ("null", "配信先の条件に誤りがあります"),
        ("[[1, 2]]", "配信先の条件に誤りがあります"),
        ('{"is": "rich"}', "条件「rich」は使えません"),
        ('{"is": "stage", "stages": ["nobody"]}', "stage.stages.0"),
        ('{"is": "everyone", "version": 9}', "新しい版"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_in_words(
    terminal: Terminal, sqlite: Database, condition: str, words: str
) -> None:
    said = terminal.refusal("broadcast", "create", "--name", "x", "--condition", condition, *TEXT)
    assert words in said
    assert drafts(sqlite) == []


def test_refusals_are_english_where_the_operator_reads_english(sqlite: Database, tmp_path: Path) -> None:
    terminal = Terminal(sqlite, tmp_path, "en")
    create = ("broadcast", "create", "--name", "x")
    assert "JSON" in terminal.refusal(*create, "--condition", "{", *TEXT)
    assert "cannot be given together" in terminal.refusal(*create, *EVERYONE, "--segment", "1", *TEXT)
    assert "may have 5000 characters; it has 10000" in terminal.refusal(
        *create, *EVERYONE, "--text", "あ" * 10_000
    )
    for words in (("status", "7"), ("send", "7"), ("pause", "7"), ("resume", "7"), ("cancel", "7")):
        assert terminal.refusal("broadcast", *words) == "There is no such broadcast."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*EVERYONE,), "本文を入力してください。"),
        ((*TEXT,), "配信先を選んでください。"),
        ((*TEXT, "--segment", "だれか"), "このセグメントは見つかりません。"),
        ((*TEXT, "--segment", "²"), "このセグメントは見つかりません。"),
        ((*TEXT, "--segment", "9" * 30), "このセグメントは見つかりません。"),
        ((*EVERYONE, "--message", "nothing"), "このメッセージは見つかりません。"),
        ((*EVERYONE, *TEXT, "--message", "hello"), "--text --message は同時に指定できません。"),
        ((*EVERYONE, "--text", "あ" * 10_000), "本文は5000文字までです（現在10000文字）。"),
        ((*EVERYONE, "--text", "{{ 7*"), "ja[0].text: 波かっこ"),
        ((*EVERYONE, "--text", "{{ wallet }}"), "「wallet」という差し込みはありません。"),
        ((*EVERYONE, "--text", "壊れた\udcff"), "文字として読めない"),
        (("--csv", "/", *TEXT), "Is a directory"),
        (("--csv", "/nowhere.csv", *TEXT), "No such file"),
    ],
)
def test_a_draft_that_cannot_be_sent_is_refused_in_words(
    terminal: Terminal, sqlite: Database, words: tuple[str, ...], said: str
) -> None:
    assert said in terminal.refusal("broadcast", "create", "--name", "x", *words)
    assert drafts(sqlite) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "ファイルが空です"),
        ("番号\n1\n".encode(), "会員番号"),
        ("会員番号\nM9\n".encode(), "誰も見つかりませんでした"),
        ("会員番号\nM9\n".encode("utf-16"), "CSVファイルとして読めませんでした"),
    ],
)
def test_a_file_of_recipients_that_will_not_do_is_refused_in_words(
    terminal: Terminal, sqlite: Database, data: bytes, said: str
) -> None:
    path = terminal.folder / "friends.csv"
    path.write_bytes(data)
    assert said in terminal.refusal("broadcast", "create", "--name", "x", "--csv", str(path), *TEXT)
    assert drafts(sqlite) == []


def test_unknown_lines_of_a_file_are_named_and_the_others_taken(terminal: Terminal, sqlite: Database) -> None:
    with sqlite.begin() as session:
        a_friend(session, line_user_id="U1", member_number="M1")
    path = terminal.folder / "friends.csv"
    path.write_bytes("会員番号\nM1\nM9\n".encode("cp932"))
    result = terminal.run("broadcast", "create", "--name", "x", "--csv", str(path), *TEXT)
    assert result.exit_code == 0, result.output
    assert "3: M9 は見つかりません。" in result.stderr
    assert "配信対象 1人のうち 1人" in result.stderr


def test_a_saved_segment_is_an_audience_by_name_and_by_number(terminal: Terminal, sqlite: Database) -> None:
    with sqlite.begin() as session:
        session.add(
            Segment(
                id=3, name="全員", condition={"is": "everyone"}, created_at=A_SATURDAY, updated_at=A_SATURDAY
            )
        )
    for name in ("全員", "3"):
        assert terminal.run("broadcast", "create", "--name", "x", "--segment", name, *TEXT).exit_code == 0
    assert [each.condition for each in drafts(sqlite)] == [{"is": "everyone"}] * 2


def test_a_time_that_has_passed_is_refused_and_nothing_is_sent(terminal: Terminal, sqlite: Database) -> None:
    number = terminal.run("broadcast", "create", "--name", "x", *EVERYONE, *TEXT).stdout.strip()
    said = terminal.refusal("broadcast", "send", number, "--at", "2020-01-01 10:00:00")
    assert said == "過去の日時です。これからの日時を選んでください。"
    with sqlite.reading() as session:
        assert session.scalars(select(Delivery)).all() == []
    assert drafts(sqlite)[0].state is BroadcastState.DRAFT


def test_words_are_stored_as_they_were_given_whatever_they_are(terminal: Terminal, sqlite: Database) -> None:
    text = "👨‍👩‍👧 \u200b\u202eمرحبا\u202c <b>&"
    assert terminal.run("broadcast", "create", "--name", text, *EVERYONE, "--text", text).exit_code == 0
    with sqlite.reading() as session:
        content = session.scalars(select(MessageVersion.content)).one()
    assert content == {"ja": [{"type": "text", "text": text}]}
    assert drafts(sqlite)[0].name == text


@pytest.mark.parametrize("number", ["x", "-1", "0", "9" * 30, "²"])
def test_what_is_no_number_is_a_misuse_told_in_words(terminal: Terminal, number: str) -> None:
    result = terminal.run("broadcast", "status", "--", number)
    assert (result.exit_code, "番号ではありません" in result.stderr) == (2, True)
