"""Every way of saving words in the console: LINE is asked, its refusal told and nothing stored, its absence told."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from scheduler.gateway import RefusedByLine, TemporaryGatewayError
from scheduler.models import Broadcast, Message, MessageVersion, Scenario, Step
from tests.bot.browsing import Visitor
from tests.bot.console.broadcast_drafts import NEW, TEXT, stored
from tests.builders import a_friend, a_message, a_scenario, many_friends
from tests.fakes.gateway import FakeGateway

PAGE = "/console/scenarios/"
WORDS = "会員番号は{{ member_number }}です"
FAILING = "ためしに選んだ5人のうち4人には、次の理由で送れません: 差し込む情報がありません（会員番号） 4人。"
HINT = "情報がないときに代わりに言う言葉"
AWAY = "文面をLINEで確かめることはできませんでした"
REFUSED = RefusedByLine("no", details=(("messages[0].text", "too odd"),), status=400)
TOLD = "LINEに受け付けられない内容です: messages[0].text: too odd"


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    with visitor.services.database.begin() as session:
        many_friends(session, 4)
        a_friend(session, member_number="M1")
        a_scenario(session)
    return visitor.log_in()


def gateway(owner: Visitor) -> FakeGateway:
    assert isinstance(owner.services.gateway, FakeGateway)
    return owner.services.gateway


def counted(owner: Visitor) -> list[int | None]:
    """Return how much of everything that may be saved there is."""
    with owner.services.database.reading() as session:
        return [
            session.scalar(select(func.count()).select_from(each))
            for each in (Broadcast, Message, MessageVersion, Scenario, Step)
        ]


def compose(owner: Visitor, words: str = WORDS) -> TestResponse:
    return owner.submit(NEW, TEXT | {"text_ja": words})


def add_step(owner: Visitor, words: str = WORDS, **fields: Any) -> TestResponse:
    return owner.post(f"{PAGE}1/steps/new?kind=message", {"name": "番号", "text_ja": words} | fields)


def import_file(owner: Visitor, words: str = WORDS) -> TestResponse:
    said = {"content": {"ja": [{"type": "text", "text": words}]}}
    file = {
        "kokyaku": "scenario",
        "name": "秋",
        "starts": {"event": "purchased"},
        "steps": [{"do": "wait"}, {"do": "message", "name": "番号", "message": said}],
    }
    upload = (io.BytesIO(json.dumps(file, ensure_ascii=False, indent=1).encode()), "s.json")
    return owner.post(f"{PAGE}import", {"file": upload})


Way = Callable[..., TestResponse]
WAYS = pytest.mark.parametrize("way", [compose, add_step, import_file])


@WAYS
def test_line_is_asked_before_anything_is_stored(owner: Visitor, way: Way) -> None:
    before = counted(owner)
    answer = way(owner)
    assert answer.status_code == 302, answer.text
    assert [endpoint for endpoint, _given in gateway(owner).calls] == ["validate/push"]
    assert counted(owner) != before
    assert AWAY not in owner.get(answer.location).text


@WAYS
def test_what_line_refuses_is_told_with_what_was_typed_and_nothing_is_stored(
    owner: Visitor, way: Way
) -> None:
    before = counted(owner)
    gateway(owner).fail("validate/push", REFUSED)
    answer = way(owner)
    assert answer.status_code == 422
    assert TOLD in answer.text
    assert counted(owner) == before


@WAYS
def test_without_line_it_is_saved_all_the_same_and_said(owner: Visitor, way: Way) -> None:
    before = counted(owner)
    gateway(owner).fail("validate/push", TemporaryGatewayError("down"))
    answer = way(owner)
    assert answer.status_code == 302
    assert AWAY in owner.get(answer.location).text
    assert counted(owner) != before


def test_a_refusal_stands_beside_its_text_and_what_else_is_wrong_is_told_too(owner: Visitor) -> None:
    gateway(owner).fail("validate/push", REFUSED, times=2)
    answer = compose(owner)
    assert TOLD in answer.text[answer.text.index('id="text_ja"') : answer.text.index('id="text_en"')]
    answer = add_step(owner, delay_days="9999")
    assert TOLD in answer.text[answer.text.index('id="text_ja"') : answer.text.index('id="text_en"')]
    assert "0から3650までの数字" in answer.text


def test_a_step_in_a_file_is_named_with_its_line(owner: Visitor) -> None:
    gateway(owner).fail("validate/push", REFUSED)
    assert "steps.1.message.content.ja: LINEに受け付けられない内容です" in import_file(owner).text


def test_words_that_stay_are_not_asked_about_again(owner: Visitor) -> None:
    compose(owner, "{お名前}、こんにちは")
    number = stored(owner).id
    gateway(owner).calls.clear()
    again = TEXT | {"text_ja": "{お名前}、こんにちは", "name": "別の名前"}
    assert owner.submit(f"/console/broadcasts/{number}/edit", again).status_code == 302
    assert owner.submit(f"/console/broadcasts/{number}/audience", {"audience": "everyone"}).status_code == 302
    assert gateway(owner).calls == []
    assert (
        owner.submit(f"/console/broadcasts/{number}/edit", again | {"text_ja": "別の文"}).status_code == 302
    )
    assert len(gateway(owner).calls) == 1


def test_saving_tells_for_whom_of_a_sample_the_words_cannot_be_made(owner: Visitor) -> None:
    answer = import_file(owner)
    page = owner.get(answer.location).text
    assert f"steps.1 番号: {FAILING}" in page
    assert HINT in page
    fields = {"name": "番号", "purpose": "care", "n": "1", "b0.kind": "text"}
    fields |= {"b0.text.ja": "{会員番号}", "save": "1"}
    page = owner.get(owner.submit("/console/messages/new", fields).location).text
    assert "メッセージを保存しました。" in page
    assert FAILING in page
    assert HINT in page
    owner.post("/console/language", {"language": "en", "next": "/console/messages/"})
    page = owner.get(import_file(owner).location).text
    assert "4 of the 5 friends it was tried on would not get it: A fact to fill in is not known" in page


def test_a_new_step_with_a_saved_message_is_tried_and_line_knows_it_already(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        message_id = a_message(session, WORDS, kept=True).id
    page = owner.get(add_step(owner, "", message=str(message_id)).location).text
    assert FAILING in page
    assert gateway(owner).calls == []


def test_the_new_words_of_a_step_are_tried(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        step = a_scenario(session, {"message_id": a_message(session, "もとの文").id}).steps[0].id
    path = f"{PAGE}steps/{step}"
    typed = {"version": "1", "ja[0].text": WORDS, "delay_days": "1"}
    assert owner.submit(path, typed).status_code == 302
    assert FAILING in owner.get(path).text
    assert owner.submit(path, typed | {"version": "2", "delay_days": "2"}).status_code == 302
    assert "ためしに" not in owner.get(path).text


def test_the_confirm_page_tells_of_the_real_audience(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        message_id = a_message(session, WORDS, kept=True).id
        many_friends(session, 2, facts={"stage": "regular"}, member_number=None)
        version = session.scalars(
            select(MessageVersion.id).where(MessageVersion.message_id == message_id)
        ).one()
    ready = TEXT | {"source": "ready", "ready": str(version), "audience": "stages", "stages": ["regular"]}
    assert owner.submit(NEW, ready).status_code == 302
    path = f"/console/broadcasts/{stored(owner).id}/confirm"
    assert "ためしに選んだ2人のうち2人には、次の理由で送れません" in owner.get(path).text
    owner.submit(NEW, TEXT | {"text_ja": "{お名前}、こんにちは"})
    page = owner.get(f"/console/broadcasts/{stored(owner).id}/confirm").text
    assert "人数と料金" in page
    assert "ためしに選んだ" not in page
