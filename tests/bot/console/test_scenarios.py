"""Scenarios and their steps in the console."""

from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.models import AuditEntry, Role
from scheduler import library, step_changes
from scheduler.gateway import RefusedByLine, TemporaryGatewayError
from scheduler.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Message,
    MessageVersion,
    Purpose,
    Scenario,
    Step,
)
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import A_SATURDAY
from tests.fakes.gateway import FakeGateway

PAGE = "/console/scenarios/"


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    with visitor.services.database.begin() as session:
        library.install(session, A_SATURDAY)
    return visitor.log_in()


def step_saying(owner: Visitor, key: str) -> int:
    with owner.services.database.reading() as session:
        said = select(Step.id).join(Message, Message.id == Step.message_id).where(Message.key == key)
        return session.scalars(said).one()


def newest(owner: Visitor, step_id: int) -> MessageVersion:
    with owner.services.database.reading() as session:
        return step_changes.newest(session, step_changes.step_of(session, step_id).message_id or 0)


def form_of(owner: Visitor, path: str) -> dict[str, Any]:
    """Return the fields of the step's form, as a browser would send them back."""
    found = next(form for form in owner.forms(path) if "delay_days" in form.fields)
    return {name: values[0] for name, values in found.fields.items() if name != "csrf_token"}


def gateway(owner: Visitor) -> FakeGateway:
    found = owner.services.gateway
    assert isinstance(found, FakeGateway)
    return found


def test_every_ready_scenario_is_told_in_words(owner: Visitor) -> None:
    page = owner.get(PAGE).text
    for words in (
        "お買い上げ後のフォロー",
        "購入（2回目から）（1人1回だけ）",
        "紹介の特典（ご紹介で来られた方）",
        "1日後の12:00",
        "1時間後",
        "次の11:00",
        "無料プレゼントの受け取り",
    ):
        assert words in page, words
    owner.post("/console/language", {"language": "en"})
    page = owner.get(PAGE).text
    assert "After a purchase" in page
    assert "Purchases (from no. 2 on)" in page


def test_friends_and_deliveries_are_counted_where_they_stand(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        session.execute(update(Scenario).values(active=False))
        scenario = a_scenario(session, {}, name="数える")
        for state in (EnrolmentState.ACTIVE, EnrolmentState.ACTIVE, EnrolmentState.LEFT):
            friend = a_friend(session)
            given = {"scenario_id": scenario.id, "friend_id": friend.id, "cause": "test"}
            enrolment = Enrolment(**given, entered_at=A_SATURDAY, state=state)
            session.add(enrolment)
            session.flush()
            done = DeliveryState.SKIPPED if state is EnrolmentState.LEFT else DeliveryState.ACCEPTED
            session.add(
                Delivery(
                    friend_id=friend.id,
                    kind=DeliveryKind.STEP,
                    purpose=Purpose.CARE,
                    enrolment_id=enrolment.id,
                    step_id=scenario.steps[0].id,
                    state=done,
                    created_at=A_SATURDAY,
                )
            )
    told = "途中 2人、最後まで 0人、目標を達成 0人、途中で離れた 1人"
    assert told in owner.get(PAGE).text
    page = owner.get(f"{PAGE}{scenario.id}").text
    for words in (told, "受付済み 2通", "見送り 1通"):
        assert words in page, words


def test_a_scenario_and_a_step_are_paused_and_resumed(owner: Visitor) -> None:
    number = step_saying(owner, "satisfaction")
    for path, kind in ((f"{PAGE}1", Scenario), (f"{PAGE}steps/{number}", Step)):
        row_id = 1 if kind is Scenario else number
        for button, active in (("pause", False), ("resume", True)):
            assert owner.post(f"{path}/{button}").status_code == 302
            with owner.services.database.reading() as session:
                assert session.get_one(kind, row_id).active is active
            assert ("一時停止中" in owner.get(PAGE).text) is not active
    with owner.services.database.reading() as session:
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.actor == "operator:1")).all()
    assert noted == ["scenario_paused", "scenario_resumed", "step_paused", "step_resumed"]
    assert owner.post(f"{PAGE}99/pause").status_code == 404
    assert owner.post(f"{PAGE}steps/99/resume").status_code == 404
    assert owner.get(f"{PAGE}steps/99").status_code == 404


def test_saving_a_step_as_it_is_changes_nothing(owner: Visitor) -> None:
    with owner.services.database.reading() as session:
        steps = session.scalars(select(Step.id)).all()
    for number in steps:
        path = f"{PAGE}steps/{number}"
        answer = owner.submit(path, form_of(owner, path))
        assert answer.status_code == 302, answer.text
    with owner.services.database.reading() as session:
        assert session.scalars(select(MessageVersion.version).distinct()).all() == [1]
        assert session.scalars(select(AuditEntry).where(AuditEntry.actor == "operator:1")).all() == []
    assert gateway(owner).calls == []


def test_time_and_words_of_a_step_are_changed_and_line_is_asked_first(owner: Visitor) -> None:
    number = step_saying(owner, "trial_reminder")
    path = f"{PAGE}steps/{number}"
    given = form_of(owner, path)
    headline = next(name for name, text in given.items() if name.startswith("ja[") and "期限" in text)
    typed = given | {headline: "{お名前}、\r\nもうすぐ {期限} です"}
    answer = owner.submit(
        path, typed | {"delay_days": "4", "delay_hours": "6", "at_time": "", "valid_days": ""}
    )
    assert answer.location == path
    saved = newest(owner, number)
    assert saved.version == 2
    assert "{{ name_sama }}、\\nもうすぐ {期限} です" in str(saved.content)
    with owner.services.database.reading() as session:
        step = session.get_one(Step, number)
        assert (step.delay, step.at_time, step.valid_for) == (timedelta(days=4, hours=6), None, None)
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.actor == "operator:1")).all()
    assert noted == ["step_retimed", "message_reworded"]
    assert [endpoint for endpoint, _given in gateway(owner).calls] == ["validate/push", "validate/push"]
    said = str(gateway(owner).calls[0][1])
    assert "山田 花子様、\\nもうすぐ {期限} です" in said
    assert "4日 6時間後" in owner.get(PAGE).text


def test_how_long_a_message_waits_for_a_reply_is_changed_beside_its_words(owner: Visitor) -> None:
    number = step_saying(owner, "thank_you")
    path = f"{PAGE}steps/{number}"
    for typed, stored in (("24", timedelta(days=1)), ("36", timedelta(hours=36)), ("", None)):
        assert owner.submit(path, form_of(owner, path) | {"rides_hours": typed}).location == path
        with owner.services.database.reading() as session:
            assert session.get_one(Step, number).rides_for == stored
        assert form_of(owner, path)["rides_hours"] == typed
        page = owner.get(path).text
        assert "すでに返信を待っているメッセージは、前の予定のままです。" in page
        assert ("、返信を待つ時間 1日 12時間" in page) is (typed == "36")
    with owner.services.database.reading() as session:
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.actor == "operator:1")).all()
    assert noted == ["step_retimed"] * 3


def test_what_line_refuses_is_told_and_not_saved(owner: Visitor) -> None:
    number = step_saying(owner, "thank_you")
    path = f"{PAGE}steps/{number}"
    typed = form_of(owner, path)
    typed |= {name: "あたらしい文" for name in typed if name.startswith("ja[0].altText")}
    details = (("messages[0].altText", "too bad"),)
    gateway(owner).fail("validate/push", RefusedByLine("no", details=details, status=400))
    answer = owner.submit(path, typed)
    assert answer.status_code == 422
    assert "LINEに受け付けられない内容です: messages[0].altText: too bad" in answer.text
    assert "あたらしい文" in answer.text
    assert newest(owner, number).version == 1


def test_when_line_cannot_be_reached_the_step_is_saved_with_a_note(owner: Visitor) -> None:
    number = step_saying(owner, "thank_you")
    path = f"{PAGE}steps/{number}"
    typed = form_of(owner, path)
    typed |= {name: "あたらしい文" for name in typed if name.startswith("ja[0].altText")}
    gateway(owner).fail("validate/push", TemporaryGatewayError("down"))
    assert owner.submit(path, typed).status_code == 302
    assert "LINEで確かめることはできませんでした" in owner.get(path).text
    assert newest(owner, number).version == 2


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("delay_days", "三", "0から3650までの数字で入力してください。"),
        ("delay_hours", "24", "0から23までの数字で入力してください。"),
        ("at_time", "26:00", "時刻を 21:00 のように入力してください。"),
        ("text", " ", "空欄にはできません。"),
        ("text", "{{ nobody }}", "「nobody」という差し込みはありません。"),
        ("text", "{% if %}", "波かっこ「{ }」の使い方に誤りがあります。"),
        ("text", "あ" * 5001, "本文は5000文字までです"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    owner: Visitor, field: str, value: str, words: str
) -> None:
    with owner.services.database.begin() as session:
        number = a_scenario(session, {"message_id": a_message(session, "もとの文").id}).steps[0].id
    path = f"{PAGE}steps/{number}"
    name = "ja[0].text" if field == "text" else field
    answer = owner.submit(path, form_of(owner, path) | {"en[0].text": "Kept", name: value})
    assert answer.status_code == 422
    place = answer.text.index(f'id="{"text-ja-0--text" if field == "text" else field}-error"')
    assert words in answer.text[place : place + 300]
    assert value.strip() in answer.text
    assert "Kept" in answer.text
    assert newest(owner, number).version == 1


def test_a_plain_message_gets_a_second_language_and_loses_it_again(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        step = {"message_id": a_message(session, "もとの文").id, "at_time": time(9, 0)}
        number = a_scenario(session, step).steps[0].id
    path = f"{PAGE}steps/{number}"
    owner.submit(path, form_of(owner, path) | {"en[0].text": "In English"})
    both = {"ja": [{"type": "text", "text": "もとの文"}], "en": [{"type": "text", "text": "In English"}]}
    assert newest(owner, number).content == both
    owner.submit(path, form_of(owner, path) | {"en[0].text": ""})
    assert newest(owner, number).content == {"ja": both["ja"]}
    assert newest(owner, number).version == 3


def test_two_who_edit_at_once_do_not_overwrite_each_other(owner: Visitor) -> None:
    number = step_saying(owner, "thank_you")
    path = f"{PAGE}steps/{number}"
    mine = form_of(owner, path)
    alt = next(name for name in mine if name.startswith("ja[0].altText"))
    owner.submit(path, mine | {alt: "ほかの人の文"})
    answer = owner.submit(path, mine | {alt: "わたしの文"})
    assert answer.status_code == 422
    assert "ほかの人が文面を変えました" in answer.text
    assert "わたしの文" in answer.text
    assert newest(owner, number).version == 2


def test_a_viewer_reads_a_step_and_has_nothing_to_press(visitor: Visitor) -> None:
    with visitor.services.database.begin() as session:
        library.install(session, A_SATURDAY)
    visitor.log_in(Role.VIEWER)
    page = visitor.get(f"{PAGE}steps/1").text
    assert "<fieldset disabled>" in page
    assert "保存する" not in page
    assert "一時停止する" not in visitor.get(PAGE).text
