"""Words saved from the terminal: LINE is asked over HTTP, its refusal told and nothing stored, its absence told."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from scheduler.models import Broadcast, MessageVersion, Scenario
from segments.db import Database
from tests.bot.cli.terminal import Terminal
from tests.builders import a_friend, many_friends
from tests.processes import SECRET, TOKEN

CREATE = ("broadcast", "create", "--name", "秋", "--condition", '{"is": "everyone"}')
NUMBER = "会員番号は{{ member_number }}です"
FAILING = "ためしに選んだ3人のうち2人には、次の理由で送れません: 差し込む情報がありません（会員番号） 2人。"
AWAY = "文面をLINEで確かめることはできませんでした"


@pytest.fixture
def terminal(sqlite: Database, tmp_path: Path) -> Generator[Terminal]:
    with sqlite.begin() as session:
        many_friends(session, 2)
        a_friend(session, member_number="M1")
    with start(SimulatorConfig(channel_secret=SECRET, channel_access_tokens=(TOKEN,))) as line:
        yield Terminal(sqlite, tmp_path, line_url=line.url)


def a_file(terminal: Terminal, *objects: dict[str, Any]) -> str:
    said = {"content": {"ja": list(objects)}}
    steps = [{"do": "wait"}, {"do": "message", "name": "番号", "message": said}]
    given = {"kokyaku": "scenario", "name": "秋", "starts": {"event": "purchased"}, "steps": steps}
    path = terminal.folder / "scenario.json"
    path.write_text(json.dumps(given, ensure_ascii=False, indent=1), encoding="utf-8")
    return str(path)


def counted(terminal: Terminal) -> list[int | None]:
    with terminal.database.reading() as session:
        tables = (Broadcast, Scenario, MessageVersion)
        return [session.scalar(select(func.count()).select_from(each)) for each in tables]


def test_a_draft_that_is_fine_is_made_and_tried_on_its_audience(terminal: Terminal) -> None:
    made = terminal.run(*CREATE, "--text", NUMBER)
    assert made.exit_code == 0, made.output
    assert FAILING in made.stderr
    assert AWAY not in made.stderr
    assert made.stdout.strip().isdecimal()
    english = terminal.run(*CREATE, "--text", NUMBER, KOKYAKU_LANGUAGE="en")
    assert "2 of the 3 friends it was tried on would not get it" in english.stderr
    assert "ためしに" not in terminal.run(*CREATE, "--text", "こんにちは、{{ name_sama }}").stderr


def test_a_draft_that_cannot_be_made_for_anybody_names_its_option(terminal: Terminal) -> None:
    before = counted(terminal)
    words = ("--text", "こんにちは", "--text-en", "{{ cause.nothing }}")
    assert terminal.refusal(*CREATE, *words) == (
        "--text-en: 見本の友だちでは文面を作れませんでした: 差し込む情報がありません（nothing）"
    )
    said = terminal.refusal(*CREATE, *words, KOKYAKU_LANGUAGE="en")
    assert said.startswith("--text-en: ")
    assert "A fact to fill in is not known (nothing)" in said
    assert counted(terminal) == before


def test_a_draft_is_made_without_line_and_this_is_said(terminal: Terminal) -> None:
    alone = Terminal(terminal.database, terminal.folder)
    made = alone.run(*CREATE, "--text", NUMBER)
    assert made.exit_code == 0, made.output
    assert AWAY in made.stderr
    assert AWAY not in alone.run(*CREATE, "--message", "thank_you").stderr, "what is ready LINE knows"
    assert AWAY not in alone.run(*CREATE, "--text", "{{ broken").output, "our own check comes first"


def test_a_scenario_file_that_is_fine_is_stored_and_tried(terminal: Terminal) -> None:
    made = terminal.run("scenario", "import", a_file(terminal, {"type": "text", "text": NUMBER}))
    assert made.exit_code == 0, made.output
    assert f"steps.1 番号: {FAILING}" in made.stderr
    assert AWAY not in made.stderr


def test_a_scenario_file_that_line_refuses_names_the_step_and_stores_nothing(terminal: Terminal) -> None:
    before = counted(terminal)
    picture = {"type": "image", "originalContentUrl": "https://example.com/a.jpg"}
    told = terminal.run("scenario", "import", a_file(terminal, picture))
    assert told.exit_code == 1
    assert "何も保存していません。" in told.output
    assert (
        "steps.1.message.content.ja: LINEに受け付けられない内容です: messages[0].previewImageUrl"
        in told.output
    )
    assert counted(terminal) == before


def test_a_scenario_file_is_stored_without_line_and_this_is_said(terminal: Terminal) -> None:
    alone = Terminal(terminal.database, terminal.folder)
    made = alone.run("scenario", "import", a_file(alone, {"type": "text", "text": "こんにちは"}))
    assert made.exit_code == 0, made.output
    assert AWAY in made.stderr
