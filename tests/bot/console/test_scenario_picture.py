"""A scenario's page as a picture, the friends on their way, trying it on one of them, copies of it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.models import AuditEntry
from scheduler import library, scenarios
from scheduler.enrolments import enrol
from scheduler.models import Enrolment, EnrolmentState, Scenario, StepKind
from segments import tags
from segments.conditions import Condition, parse
from tests.bot.browsing import Forms, Visitor
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW

PAGE = "/console/scenarios/"
DEEP: dict[str, Any] = {
    "is": "any",
    "of": [
        {
            "is": "all",
            "of": [{"is": "stage", "stages": ["regular"]}, {"is": "purchase_count", "at_least": 2}],
        },
        {"is": "none", "of": [{"is": "tag", "names": ["秋"]}]},
    ],
}


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def a_walked(owner: Visitor) -> tuple[int, int]:
    """Have two friends go past a message and wait for a second; return the scenario's and that step's number."""
    with owner.services.database.begin() as session:
        said = a_message(session, "{{ name_sama }}、こんにちは").id
        made = a_scenario(
            session, {"name": "お礼", "message_id": said}, {"name": "その後", "delay": timedelta(days=3)}
        )
        for name in ("さくら", "健一"):
            assert enrol(session, made, a_friend(session, display_name=name).id, "test", {}, NOW)
        while scenarios.advance(session, NOW + timedelta(minutes=1)):
            pass
        return made.id, made.steps[1].id


def test_the_picture_tells_who_waits_where_who_went_on_and_who_left(owner: Visitor) -> None:
    number, step = a_walked(owner)
    with owner.services.database.begin() as session:
        enrolment = session.scalars(select(Enrolment.id)).first()
    assert owner.post(f"{PAGE}enrolments/{enrolment}/leave").status_code == 302
    page = owner.get(f"{PAGE}{number}").text
    for words in (
        "通過 2人",
        "待っている友だち 1人",
        "ここで離れた 1人",
        "運用担当者が終了しました",
        "これまでに2人",
    ):
        assert words in page, words
    owner.post("/console/language", {"language": "en"})
    assert "Went on: 2" in owner.get(f"{PAGE}{number}").text
    assert f"{PAGE}{number}/friends?step={step}" in page


def test_a_friend_is_taken_out_by_hand_after_being_asked(owner: Visitor) -> None:
    number, step = a_walked(owner)
    page = owner.get(f"{PAGE}{number}/friends?step={step}").text
    assert "さくら" in page
    assert "2026年11月24日" in page
    with owner.services.database.reading() as session:
        enrolment = session.scalars(select(Enrolment.id).order_by(Enrolment.id)).first()
    asked = owner.get(f"{PAGE}enrolments/{enrolment}/leave").text
    assert "さくらさんを外しますか" in asked
    assert "この友だち1人について" in asked
    owner.post(f"{PAGE}enrolments/{enrolment}/leave")
    with owner.services.database.reading() as session:
        gone = session.get_one(Enrolment, enrolment)
        assert (gone.state, gone.end_reason) == (EnrolmentState.LEFT, "stopped")
        assert session.scalars(select(AuditEntry.action)).all()[-1] == "enrolment_ended"
    assert owner.get(f"{PAGE}enrolments/{enrolment}/leave").status_code == 404
    assert "さくらさんを外しました。" in owner.get(f"{PAGE}{number}/friends").text
    assert "さくら" not in owner.get(f"{PAGE}{number}/friends").text


def test_friends_on_the_way_come_page_by_page(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        made = a_scenario(session, {"delay": timedelta(days=1)})
        for place in range(51):
            assert enrol(session, made, a_friend(session, display_name=f"客{place:02}").id, "test", {}, NOW)
        last = session.scalars(select(Enrolment.id).order_by(Enrolment.id).offset(49)).first()
    page = owner.get(f"{PAGE}{made.id}/friends").text
    assert "客49" in page
    assert "客50" not in page
    assert "客50" in owner.get(f"{PAGE}{made.id}/friends?after={last}").text


def test_a_friend_is_found_by_name_and_sees_the_message_as_it_would_come(owner: Visitor) -> None:
    number, _step = a_walked(owner)
    found = owner.get(f"{PAGE}{number}/try?q=さくら").text
    assert "さくらさんで試す" in found
    with owner.services.database.reading() as session:
        friend = session.scalars(select(Enrolment.friend_id).order_by(Enrolment.id)).first()
    page = owner.get(f"{PAGE}{number}/try?friend={friend}").text
    assert "さくら様、こんにちは" in page
    assert "最後まで進みます。" in page


def test_a_copy_stands_still_beside_the_first(owner: Visitor) -> None:
    number, _step = a_walked(owner)
    assert owner.post(f"{PAGE}{number}/copy").status_code == 302
    with owner.services.database.reading() as session:
        first, copy = session.scalars(select(Scenario).order_by(Scenario.id)).all()
        assert (copy.name, copy.active) == (f"{first.name}のコピー", False)
        assert [step.name for step in copy.steps] == ["お礼", "その後"]


def test_a_copy_that_cannot_be_made_says_why(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        number = a_scenario(session, {}, condition={"is": "tag", "names": ["もうないタグ"]}).id
    assert owner.post(f"{PAGE}{number}/copy").status_code == 302
    assert "コピーできません" in owner.get(f"{PAGE}{number}").text


def test_a_ready_scenario_that_was_deleted_is_put_back(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        library.install(session, NOW)
        gone = session.scalars(select(Scenario).where(Scenario.key == "welcome")).one().id
    owner.post(f"{PAGE}{gone}/delete")
    assert "友だち追加後のご案内" in owner.get(f"{PAGE}new").text
    assert owner.post(f"{PAGE}ready/welcome").status_code == 302
    with owner.services.database.reading() as session:
        assert not session.scalars(select(Scenario).where(Scenario.key == "welcome")).one().active
    assert owner.post(f"{PAGE}ready/welcome").status_code == 404


@pytest.mark.parametrize("condition", [None, DEEP, {"is": "stage", "stages": ["regular"]}])
def test_a_condition_comes_through_the_form_as_it_was(
    owner: Visitor, condition: dict[str, Any] | None
) -> None:
    with owner.services.database.begin() as session:
        tags.ensure(session, "秋", NOW)
        fork = {"kind": StepKind.BRANCH, "condition": condition or DEEP, "message_id": None}
        made = a_scenario(session, {}, fork, condition=condition)
        number, step = made.id, made.steps[1].id
        before = made.condition, made.steps[1].condition
    for path in (f"{PAGE}{number}/settings", f"{PAGE}steps/{step}/settings"):
        assert owner.post(path, sent_again(owner, path)).status_code == 302
    with owner.services.database.reading() as session:
        after = session.get_one(Scenario, number)
        assert [understood(each) for each in (after.condition, after.steps[1].condition)] == [
            understood(each) for each in before
        ]


class WholeForms(Forms):
    """Finds what is chosen in each list as well."""

    choosing = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a chosen option under the name of its list."""
        given = {name: value or "" for name, value in attrs}
        if tag == "select":
            self.choosing = given.get("name", "")
        elif tag == "option" and "selected" in given:
            self.found[-1].fields.setdefault(self.choosing, []).append(given.get("value", ""))
        else:
            super().handle_starttag(tag, attrs)


def sent_again(owner: Visitor, path: str) -> dict[str, Any]:
    """Return the fields of a page's form as a browser would send them back."""
    forms = WholeForms(owner.get(path).text).found
    return next(form.fields for form in forms if any(name.startswith("whom.") for name in form.fields))


def understood(condition: dict[str, Any] | None) -> Condition | None:
    return parse(condition) if condition else None


def test_the_builders_buttons_lose_nothing_that_was_typed(owner: Visitor) -> None:
    answer = owner.post(f"{PAGE}new", {"name": "まだ途中", "whom.do": "add:", "whom.new": "stage"})
    assert answer.status_code == 200
    assert "まだ途中" in answer.text
    assert 'name="whom.0.is"' in answer.text
    with owner.services.database.reading() as session:
        assert session.scalars(select(Scenario)).all() == []
