"""Marking a question as a complaint, and taking that back."""

import pytest
from sqlalchemy import select

from bot.models import AuditEntry, Role
from scheduler import library
from segments.models import CustomerEvent, EventKind, Facts
from tests.bot.browsing import Visitor
from tests.bot.console.test_answers import asks
from tests.builders import days_ago

PAGE = "/console/questions/"


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in(Role.OPERATOR)


def complaints(visitor: Visitor, friend_id: int) -> tuple[int, object]:
    with visitor.services.database.reading() as session:
        facts = session.get_one(Facts, friend_id)
        return facts.complaint_count, facts.complained_at


def test_a_question_is_recorded_as_a_complaint_once(owner: Visitor) -> None:
    friend_id, question_id = asks(owner, "届いた品が割れていました")
    assert "苦情として記録" in owner.get(PAGE).text
    for _ in range(2):
        assert owner.post(f"{PAGE}{question_id}/complaint").location == PAGE
    assert complaints(owner, friend_id) == (1, days_ago(0.5))
    page = owner.get(PAGE).text
    assert "苦情として記録済み" in page
    assert "届いた品が割れていました" in page
    with owner.services.database.reading() as session:
        told = session.scalars(select(CustomerEvent).where(CustomerEvent.kind == EventKind.COMPLAINED)).one()
        assert told.payload["question_id"] == question_id
        assert "割れて" not in str(told.payload)


def test_a_mistaken_complaint_is_taken_back_and_may_be_recorded_again(owner: Visitor) -> None:
    friend_id, question_id = asks(owner, "送料は？")
    owner.post(f"{PAGE}{question_id}/complaint")
    for _ in range(2):
        owner.post(f"{PAGE}{question_id}/complaint/withdraw")
    assert complaints(owner, friend_id) == (0, None)
    owner.post(f"{PAGE}{question_id}/complaint")
    assert complaints(owner, friend_id) == (1, days_ago(0.5))
    with owner.services.database.reading() as session:
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("complaint")))
        assert list(noted) == ["complaint_recorded", "complaint_withdrawn", "complaint_recorded"]


def test_a_question_that_was_answered_can_still_become_a_complaint(owner: Visitor) -> None:
    friend_id, question_id = asks(owner, "届いた品が割れていました")
    owner.post(f"{PAGE}{question_id}/answered")
    assert "お待ちの質問はありません" in owner.get(PAGE).text
    for what, count in (("complaint", 1), ("complaint/withdraw", 0)):
        assert f"{PAGE}{question_id}/{what}" in {each.action.split("?")[0] for each in owner.forms(PAGE)}
        owner.post(f"{PAGE}{question_id}/{what}")
        assert complaints(owner, friend_id)[0] == count


def test_a_question_that_does_not_exist_is_not_found(owner: Visitor) -> None:
    for what in ("complaint", "complaint/withdraw"):
        assert owner.post(f"{PAGE}99/{what}").status_code == 404
        assert owner.post(f"{PAGE}{2**70}/{what}").status_code == 404


def test_the_page_says_what_comes_of_it_before_and_after(owner: Visitor) -> None:
    friend_id, question_id = asks(owner, "届いた品が割れていました")
    assert "お詫びも始まります。あとから取り消せます。" in owner.get(PAGE).text
    owner.post(f"{PAGE}{question_id}/complaint")
    assert "削除されているため、お詫びは送りません" in owner.get(PAGE).text  # This shop has no such scenario.
    owner.post(f"{PAGE}{question_id}/complaint/withdraw")
    with owner.services.database.begin() as session:
        library.install(session, owner.services.clock.now())
    owner.post(f"{PAGE}{question_id}/complaint")
    assert "お詫びのシナリオを始めます。" in owner.get(PAGE).text
    owner.post(f"{PAGE}{question_id}/complaint")
    assert "お詫びのシナリオを始めます。" not in owner.get(PAGE).text
    assert complaints(owner, friend_id)[0] == 1
