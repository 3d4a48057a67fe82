"""`kokyaku scenario`: scenarios as files, from the terminal."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from scheduler.enrolments import enrol
from scheduler.models import Delivery, DeliveryState, Enrolment, Scenario
from segments.db import Database
from tests.bot.cli.terminal import Terminal
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.scheduler.scenario_walks import advance, enter, made, say

FILE: dict[str, Any] = {
    "kokyaku": "scenario",
    "name": "秋のご案内",
    "starts": {"event": "purchased"},
    "steps": [
        {"do": "wait", "name": "ひと休み", "after": {"days": 2}},
        {
            "do": "branch",
            "name": "常連か",
            "if": {"is": "stage", "stages": ["regular"]},
            "no": [{"do": "action", "name": "印", "effects": {"tag": "秋"}}],
        },
    ],
}


@pytest.fixture
def terminal(sqlite: Database, tmp_path: Path) -> Terminal:
    return Terminal(sqlite, tmp_path)


def written(terminal: Terminal, data: dict[str, Any]) -> str:
    path = terminal.folder / "scenario.json"
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    return str(path)


def test_a_scenario_comes_from_a_file_and_goes_back_to_one(terminal: Terminal) -> None:
    made = terminal.run("scenario", "import", written(terminal, FILE))
    assert made.exit_code == 0, made.output
    assert "まだ止まっています" in made.output
    shown = terminal.run("scenario", "show", "1").output
    for words in (
        "1. 2日後: 時間を待つ ひと休み",
        "2-no-1. すぐ: タグやクーポンを付ける 印",
        "（待っている友だち 0人）",
    ):
        assert words in shown
    with terminal.database.begin() as session:
        friend_id = a_friend(session).id
    tried = terminal.run("scenario", "try", "1", str(friend_id)).output
    assert "常連か: こちらへ進みます（いいえ）" in tried
    assert "最後まで進みます。" in tried
    exported = json.loads(terminal.run("scenario", "export", "1").output)
    assert exported["steps"][1]["no"][0]["effects"] == {"tag": "秋"}
    with terminal.database.reading() as session:
        assert session.scalars(select(Enrolment)).all() == []
        assert not session.get_one(Scenario, 1).active


def test_changing_one_says_what_becomes_of_those_inside_and_asks(terminal: Terminal) -> None:
    terminal.run("scenario", "import", written(terminal, FILE))
    assert terminal.run("scenario", "resume", "1").exit_code == 0
    with terminal.database.begin() as session:
        scenario = session.get_one(Scenario, 1)
        for _ in range(3):
            assert enrol(session, scenario, a_friend(session).id, "test", {}, NOW)
    data = json.loads(terminal.run("scenario", "export", "1").output)
    shorter = data | {"steps": data["steps"][1:]}
    # Nobody answers: nothing is changed.
    asked = terminal.run("scenario", "import", written(terminal, shorter), "--over", "1")
    assert "「ひと休み」で待つ3人は、予定の日時に「常連か」へ進みます。" in asked.output
    assert asked.exit_code == 1
    assert json.loads(terminal.run("scenario", "export", "1").output) == data
    assert (
        terminal.run("scenario", "import", written(terminal, shorter), "--over", "1", "--yes").exit_code == 0
    )
    assert json.loads(terminal.run("scenario", "export", "1").output) == shorter
    assert "途中の3人はここで終わります" in terminal.run("scenario", "delete", "1").output
    assert terminal.run("scenario", "delete", "1", "--yes").exit_code == 0
    assert "このシナリオは見つかりません。" in terminal.refusal("scenario", "show", "1")


def test_changing_one_says_how_many_waiting_messages_it_cancels_and_asks(terminal: Terminal) -> None:
    with terminal.database.begin() as session:
        scenario = made(session, say("伺い", rides_for={"hours": 20}))
        for _ in range(2):
            enter(session, scenario)  # It is their last step: nobody waits at any.
        advance(session, NOW)
        number = str(scenario.id)
    data = json.loads(terminal.run("scenario", "export", number).output)
    empty = written(terminal, data | {"steps": FILE["steps"][:1]})
    asked = terminal.run("scenario", "import", empty, "--over", number)
    assert "「伺い」で送信待ちの2通は取り消します。" in asked.output
    assert asked.exit_code == 1
    with terminal.database.reading() as session:
        assert session.scalars(select(Delivery.state)).all() == [DeliveryState.QUEUED] * 2
    assert terminal.run("scenario", "import", empty, "--over", number, "--yes").exit_code == 0
    with terminal.database.reading() as session:
        assert session.scalars(select(Delivery.state)).all() == [DeliveryState.CANCELLED] * 2


def test_a_wrong_file_names_line_and_field_in_the_operators_language(terminal: Terminal) -> None:
    wrong = written(terminal, FILE | {"steps": [{"do": "wait", "after": {"days": "two"}}, {"do": "fly"}]})
    told = terminal.run("scenario", "import", wrong).output
    assert "何も保存していません。" in told
    assert "steps.0.after.days: 整数で書いてください" in told
    assert "steps.1.do: 使えるのは" in told
    english = (
        Terminal(terminal.database, terminal.folder, language="en").run("scenario", "import", wrong).output
    )
    assert "steps.0.after.days: must be a whole number" in english
    assert "Nothing was stored." in english
