"""Making a scenario in the console, from its start to its last arm, and what each change tells of friends inside."""

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.models import AuditEntry, Role
from scheduler import library, scenario_edits, scenarios, segment_uses
from scheduler.enrolments import enrol
from scheduler.models import Delivery, Enrolment, EnrolmentState, Reentry, Scenario, Step, StepKind
from scheduler.scenario_flow import Flow
from scheduler.step_settings import of_step
from segments import saved
from segments.conditions import parse
from segments.models import Friend
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW

PAGE = "/console/scenarios/"


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    with visitor.services.database.begin() as session:
        library.install(session, NOW)
    return visitor.log_in()


def newest(owner: Visitor) -> int:
    with owner.services.database.reading() as session:
        return max(session.scalars(select(Scenario.id)))


def steps(owner: Visitor, scenario_id: int) -> list[tuple[str, str, str]]:
    """Return number, kind and name of each step in force."""
    with owner.services.database.reading() as session:
        placed = Flow(scenario_edits.load(session, scenario_id).steps).placed()
        return [(each.number, each.step.kind.value, each.step.name) for each in placed]


def add(owner: Visitor, scenario_id: int, spot: str, kind: StepKind, **fields: Any) -> int:
    path = f"{PAGE}{scenario_id}/steps/new?kind={kind.value}{spot}"
    answer = owner.post(path, fields)
    assert answer.status_code == 302, answer.text
    with owner.services.database.reading() as session:
        return max(session.scalars(select(Step.id)))


def of_stage(stage: str) -> dict[str, Any]:
    """Return the fields of the builder for friends of a stage."""
    return {"whom.is": "all", "whom.0.is": "stage", "whom.0.stages": [stage]}


def made(owner: Visitor) -> int:
    fields = {"name": "秋のご案内", "start": "event:followed", "reentry": "never", "leave": "1", "limit": "3"}
    assert owner.post(f"{PAGE}new", fields).status_code == 302
    return newest(owner)


def inside(owner: Visitor, scenario_id: int, count: int = 2) -> None:
    with owner.services.database.begin() as session:
        scenario = session.get_one(Scenario, scenario_id)
        scenario.active = True
        for _ in range(count):
            assert enrol(session, scenario, a_friend(session).id, "test", {}, NOW)


def test_a_scenario_is_made_step_by_step_and_started(owner: Visitor) -> None:
    number = made(owner)
    page = owner.get(f"{PAGE}{number}").text
    assert "まだステップがありません" in page
    assert "シナリオを始める" not in page
    hello = add(
        owner,
        number,
        "",
        StepKind.MESSAGE,
        name="ごあいさつ",
        text_ja="こんにちは",
        purpose="care",
        valid_days="2",
    )
    fork = add(
        owner,
        number,
        f"&after={hello}",
        StepKind.BRANCH,
        name="常連か",
        **of_stage("regular"),
        delay_days="3",
    )
    add(owner, number, f"&parent={fork}&arm=yes", StepKind.ACTION, name="印", tag="秋")
    split = add(
        owner,
        number,
        f"&after={fork}",
        StepKind.SPLIT,
        name="言い方",
        arm_1="A",
        share_1="50",
        arm_2="B",
        share_2="50",
    )
    add(owner, number, f"&parent={split}&arm=B", StepKind.MESSAGE, name="B案", text_ja="やあ", best_hour="1")
    add(
        owner,
        number,
        f"&after={split}",
        StepKind.WAIT_UNTIL,
        name="待つ",
        **of_stage("trial"),
        latest_days="5",
        otherwise="leave",
    )
    assert steps(owner, number) == [
        ("1", "message", "ごあいさつ"),
        ("2", "branch", "常連か"),
        ("2-yes-1", "action", "印"),
        ("3", "split", "言い方"),
        ("3-B-1", "message", "B案"),
        ("4", "wait_until", "待つ"),
    ]
    page = owner.get(f"{PAGE}{number}").text
    for words in (
        "3日後",
        "友だちごとの反応の多い時間",
        "長くて5日待ち、だめならシナリオを終える",
        "A 50%、B 50%",
        "タグを付ける: 秋",
    ):
        assert words in page, words
    owner.post(f"{PAGE}{number}/resume")
    with owner.services.database.reading() as session:
        assert session.get_one(Scenario, number).active
        actions = session.scalars(select(AuditEntry.action)).all()
    assert actions[-2:] == ["step_added", "scenario_resumed"]


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(owner: Visitor) -> None:
    answer = owner.post(
        f"{PAGE}new", {"name": "", "start": "event:segment_entered", "reentry": "after_interval"}
    )
    assert answer.status_code == 422
    assert "セグメントを選んでください。" in answer.text
    number = made(owner)
    path = f"{PAGE}{number}/steps/new?kind="
    for kind, fields, words in (
        ("message", {"name": "空"}, "本文を入力してください。"),
        ("message", {"text_ja": "あ" * 5001}, "まだ保存されていません"),
        ("wait_until", of_stage("trial"), "長くて何日待つかを入力してください。"),
        ("branch", {}, "条件を選んでください。"),
        ("split", {"arm_1": "A", "share_1": "1", "arm_2": "A", "share_2": "1"}, "名前の違う分かれ道"),
        ("wait", {"delay_days": "9999"}, "0から3650までの数字"),
        ("wait", {"at_time": "25時"}, "時刻を 21:00 のように"),
        ("wait", {"before": "field"}, "日付の入った項目の名前を入力してください。"),
        ("wait", {"rides_hours": "5"}, "メッセージがないため、返信を待てません。"),
    ):
        refused = owner.post(path + kind, {"name": "残るはず"} | fields)
        assert (refused.status_code, words in refused.text) == (422, True), (kind, words)
        assert str(({"name": "残るはず"} | fields)["name"]) in refused.text
    assert steps(owner, number) == []
    assert owner.get(f"{path}comet").status_code == 404
    assert owner.get(f"{PAGE}99999").status_code == 404
    with owner.services.database.reading() as session:
        assert session.scalars(select(Scenario.name).where(Scenario.key.is_(None))).all() == ["秋のご案内"]


def test_each_change_says_what_it_means_for_friends_inside_before_it_is_made(owner: Visitor) -> None:
    number = made(owner)
    first = add(owner, number, "", StepKind.WAIT, name="待つ", delay_days="2")
    second = add(owner, number, f"&after={first}", StepKind.ACTION, name="印", tag="秋")
    inside(owner, number)
    assert (
        "いま2人がここで待っています。予定の日時に「印」へ進みます。"
        in owner.get(f"{PAGE}steps/{first}/remove").text
    )
    assert (
        "いま0人がここで待っています。予定の日時にシナリオを終えます。"
        in owner.get(f"{PAGE}steps/{second}/remove").text
    )
    assert "途中の2人は、いまのステップで待ちます" in owner.get(f"{PAGE}{number}/pause").text
    assert "いま2人がこのステップを待っています" in owner.get(f"{PAGE}steps/{first}/pause").text
    assert "いま2人がこのステップを待っています" in owner.get(f"{PAGE}steps/{first}/move/down").text
    assert "途中の2人は、ここで終わります" in owner.get(f"{PAGE}{number}/delete").text
    assert "いま途中の2人は" in owner.get(f"{PAGE}{number}/settings").text
    assert "待っている友だち 2人" in owner.get(f"{PAGE}{number}").text
    owner.post(f"{PAGE}steps/{first}/move/down")
    assert [name for _, _, name in steps(owner, number)] == ["印", "待つ"]
    owner.post(f"{PAGE}steps/{second}/remove")
    assert [name for _, _, name in steps(owner, number)] == ["待つ"]
    assert owner.post(f"{PAGE}steps/{second}/remove").status_code == 404
    owner.post(f"{PAGE}{number}/delete")
    assert owner.get(f"{PAGE}{number}").status_code == 404
    with owner.services.database.reading() as session:
        assert session.scalars(select(Enrolment).where(Enrolment.scenario_id == number)).all() == []


def test_settings_are_shown_again_as_they_were_saved(owner: Visitor) -> None:
    number = made(owner)
    fields = {
        "before": "birthday",
        "before_days": "3",
        "at_time": "11:00",
        "best_hour": "1",
        "valid_days": "1",
    }
    step = add(owner, number, "", StepKind.MESSAGE, text_ja="おめでとう", weekdays=["0", "4"], **fields)
    path = f"{PAGE}steps/{step}/settings"
    form = next(form for form in owner.forms(path) if "delay_days" in form.fields)
    again = {
        name: values if name == "weekdays" else values[0]
        for name, values in form.fields.items()
        if name not in {"csrf_token", "selected"}
    } | {"before": "birthday", "purpose": "care"}
    with owner.services.database.reading() as session:
        before = of_step(session.get_one(Step, step))
    assert owner.post(path, again).status_code == 302
    with owner.services.database.reading() as session:
        assert of_step(session.get_one(Step, step)) == before
        assert (before.when.weekdays, before.when.best_hour) == ([0, 4], True)
        assert before.when.before is not None
        assert before.when.before.days == 3
    form = next(form for form in owner.forms(f"{PAGE}{number}/settings") if "start_days" in form.fields)
    again = {name: values[0] for name, values in form.fields.items() if name != "csrf_token"}
    changed = again | {
        "start": "date:birthday",
        "start_days": "7",
        "reentry": "after_interval",
        "reentry_days": "300",
    }
    assert owner.post(f"{PAGE}{number}/settings", changed).status_code == 302
    with owner.services.database.reading() as session:
        scenario = session.get_one(Scenario, number)
        assert scenario.trigger == {"date": "birthday", "days_before": 7}
        assert (scenario.reentry, scenario.reentry_interval) == (Reentry.AFTER_INTERVAL, timedelta(days=300))
    refused = owner.post(f"{PAGE}{number}/settings", changed)
    assert refused.status_code == 422
    assert "ほかの人がこのシナリオを変えました" in refused.text
    assert "誕生日の7日前" in owner.get(f"{PAGE}{number}").text


def waiting_time(owner: Visitor, step: int) -> timedelta | None:
    with owner.services.database.reading() as session:
        return session.get_one(Step, step).rides_for


def sent_back(owner: Visitor, path: str) -> dict[str, Any]:
    """Return what a browser would send of a step's settings."""
    form = next(form for form in owner.forms(path) if "delay_days" in form.fields)
    return {
        name: values[0] for name, values in form.fields.items() if name not in {"csrf_token", "selected"}
    } | {"purpose": "care"}


def test_how_long_a_message_waits_for_a_reply_is_set_changed_and_taken_off(owner: Visitor) -> None:
    number = made(owner)
    step = add(owner, number, "", StepKind.MESSAGE, name="お加減", text_ja="いかがですか", rides_hours="30")
    path = f"{PAGE}steps/{step}/settings"
    assert waiting_time(owner, step) == timedelta(hours=30)
    page = owner.get(f"{PAGE}{number}").text
    assert "返信を待つ時間: 最長1日 6時間。連絡があれば無料の返信に添え、なければそのとき送ります" in page
    assert sent_back(owner, path)["rides_hours"] == "30"
    assert owner.post(path, sent_back(owner, path) | {"rides_hours": "5"}).status_code == 302
    assert waiting_time(owner, step) == timedelta(hours=5)
    owner.post("/console/language", {"language": "en"})
    words = "Waits up to 5 hours for the friend to write and goes with the free reply"
    assert words in owner.get(f"{PAGE}{number}").text
    for nothing in ("0", ""):
        assert owner.post(path, sent_back(owner, path) | {"rides_hours": "7"}).status_code == 302
        assert waiting_time(owner, step) == timedelta(hours=7)
        assert owner.post(path, sent_back(owner, path) | {"rides_hours": nothing}).status_code == 302
        assert waiting_time(owner, step) is None
    assert "for the friend to write" not in owner.get(f"{PAGE}{number}").text
    with owner.services.database.reading() as session:
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == str(step))).all()
    assert [each for each in noted if each == "step_changed"] == ["step_changed"] * 5


def test_minutes_that_a_file_says_are_kept_until_other_hours_are_typed(owner: Visitor) -> None:
    number = made(owner)
    step = add(owner, number, "", StepKind.MESSAGE, text_ja="いかがですか")
    stored = timedelta(hours=1, minutes=30)
    for path in (f"{PAGE}steps/{step}/settings", f"{PAGE}steps/{step}"):
        with owner.services.database.begin() as session:
            session.get_one(Step, step).rides_for = stored
        assert sent_back(owner, path)["rides_hours"] == "2"
        assert owner.post(path, sent_back(owner, path)).status_code == 302
        assert waiting_time(owner, step) == stored
        assert owner.post(path, sent_back(owner, path) | {"rides_hours": "3"}).status_code == 302
        assert waiting_time(owner, step) == timedelta(hours=3)


@pytest.mark.parametrize("typed", ["721", "一日", "-1"])
def test_a_wrong_time_to_wait_for_a_reply_is_told_beside_its_field_and_kept(
    owner: Visitor, typed: str
) -> None:
    number = made(owner)
    step = add(owner, number, "", StepKind.MESSAGE, text_ja="いかがですか", rides_hours="5")
    for path in (f"{PAGE}steps/{step}/settings", f"{PAGE}steps/{step}"):
        answer = owner.post(path, sent_back(owner, path) | {"rides_hours": typed})
        assert answer.status_code == 422
        place = answer.text.index('id="rides_hours-error"')
        assert "0から720までの数字" in answer.text[place : place + 200]
        assert f'value="{typed}"' in answer.text
        assert waiting_time(owner, step) == timedelta(hours=5)


def test_only_a_step_with_a_message_is_asked_how_long_it_waits_for_a_reply(owner: Visitor) -> None:
    number = made(owner)
    for kind in StepKind:
        page = owner.get(f"{PAGE}{number}/steps/new?kind={kind.value}").text
        assert ('name="rides_hours"' in page) is (kind is StepKind.MESSAGE)
    wait = add(owner, number, "", StepKind.WAIT, name="待つ")
    for path in (f"{PAGE}steps/{wait}", f"{PAGE}steps/{wait}/settings"):
        assert "rides_hours" not in owner.get(path).text
        refused = owner.post(path, sent_back(owner, path) | {"rides_hours": "5"})
        assert refused.status_code == 422
        assert "メッセージがないため、返信を待てません。" in refused.text
    assert waiting_time(owner, wait) is None


def test_a_scenario_goes_to_a_file_and_back(owner: Visitor) -> None:
    number = made(owner)
    add(owner, number, "", StepKind.MESSAGE, name="ごあいさつ", text_ja="こんにちは")
    text = owner.get(f"{PAGE}{number}/export").get_data(as_text=True)
    assert json.loads(text)["steps"][0]["message"]["content"]["ja"][0]["text"] == "こんにちは"
    answer = owner.post(f"{PAGE}import", {"file": (io.BytesIO(text.encode()), "s.json")})
    assert answer.status_code == 302
    assert newest(owner) == number + 1
    broken = text.replace('"message"', '"massage"', 1)
    refused = owner.post(f"{PAGE}import", {"file": (io.BytesIO(broken.encode()), "s.json")})
    assert refused.status_code == 422
    assert "steps.0" in refused.text
    assert "行目" in refused.text
    assert newest(owner) == number + 1


def test_trying_a_friend_shows_what_would_come_and_keeps_nothing(owner: Visitor) -> None:
    number = made(owner)
    first = add(owner, number, "", StepKind.MESSAGE, name="ごあいさつ", text_ja="こんにちは", delay_hours="9")
    add(
        owner,
        number,
        f"&after={first}",
        StepKind.BRANCH,
        name="常連か",
        **of_stage("regular"),
        delay_days="1",
    )
    with owner.services.database.begin() as session:
        friend_id = a_friend(session).id
    page = owner.get(f"{PAGE}{number}/try?friend={friend_id}").text
    # 23:30 falls into quiet hours: it comes the next morning.
    assert "2026年11月22日（日） 09:00" in page
    assert "ごあいさつ: 送ります" in page
    assert "最後まで進みます。" in page
    assert "友だちが見つかりません。" in owner.get(f"{PAGE}{number}/try?friend=999").text
    with owner.services.database.reading() as session:
        assert session.scalars(select(Enrolment)).all() == []
        assert session.scalars(select(Delivery)).all() == []
        assert not session.get_one(Scenario, number).active


def test_a_step_that_paused_itself_is_told_on_the_first_page_until_it_is_resumed(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        scenario = a_scenario(session, {"name": "案内"}, name="秋")
        step = scenario.steps[0]
        step.active = False
        step.alarm = {
            "at": NOW.isoformat(),
            "accepted": 100,
            "blocked": 9,
            "limit_percent": 3.0,
            "within_days": 3,
        }
        number = step.id
    for path in ("/console/", PAGE, f"{PAGE}{scenario.id}"):
        assert "受付済み100通のうち9人（9.0%）が3日以内にブロックし" in owner.get(path).text, path
    owner.post(f"{PAGE}steps/{number}/resume")
    assert "自動で止めました" not in owner.get("/console/").text


def test_a_viewer_looks_and_tries_but_changes_nothing(visitor: Visitor) -> None:
    with visitor.services.database.begin() as session:
        number = a_scenario(session, {}).id
    visitor.log_in(Role.VIEWER)
    page = visitor.get(f"{PAGE}{number}").text
    assert "友だち1人で試す" in page
    assert "ステップを追加" not in page
    assert visitor.get(f"{PAGE}{number}/settings").status_code == 403


def test_friends_go_through_what_the_console_made(owner: Visitor) -> None:
    number = made(owner)
    first = add(owner, number, "", StepKind.MESSAGE, name="ごあいさつ", text_ja="こんにちは")
    add(owner, number, f"&after={first}", StepKind.ACTION, name="印", tag="秋")
    inside(owner, number)
    with owner.services.database.begin() as session:
        later = datetime.fromisoformat(NOW.isoformat()) + timedelta(minutes=1)
        while scenarios.advance(session, later):
            pass
        assert len(session.scalars(select(Delivery)).all()) == 2
        states = set(session.scalars(select(Enrolment.state)))
        assert states == {EnrolmentState.COMPLETED}
        assert session.scalars(select(Friend)).all()


def test_being_in_a_segment_can_be_the_goal_and_is_kept_as_a_condition(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        segment_id = saved.create(
            session, "会員", parse({"is": "purchase_count", "at_least": 2}), "test", NOW
        ).id
    number = made(owner)
    fields = {"name": "秋のご案内", "start": "event:followed", "reentry": "never", "leave": "1", "limit": "3"}
    fields["version"] = "1"
    edit = f"{PAGE}{number}/settings"
    missing = owner.submit(edit, fields | {"goal": "if:segment"})
    assert missing.status_code == 422
    answer = owner.submit(edit, fields | {"goal": "if:segment", "goal_segment": str(segment_id)})
    assert answer.status_code == 302, answer.text
    with owner.services.database.reading() as session:
        goal = session.get_one(Scenario, number).goal
        assert [use.name for use in segment_uses.elsewhere(session, segment_id)] == ["秋のご案内"]
    assert goal is not None
    assert (goal["if"]["is"], goal["if"]["segment_id"]) == ("segment", segment_id)
    page = owner.get(edit).text
    assert '<option value="if:segment" selected>' in page or 'selected value="if:segment"' in page
    assert f"セグメント{segment_id}に入っている友だち" in owner.get(f"{PAGE}{number}").text
