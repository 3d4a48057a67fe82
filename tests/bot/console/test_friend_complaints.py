"""A complaint made at the counter or by telephone: recorded and taken back on the friend's page."""

from typing import Any

import pytest
from sqlalchemy import select

from bot.models import AuditEntry, Role
from scheduler import library, triggers
from scheduler.models import Enrolment
from segments import complaints
from segments.models import Facts
from tests.bot.browsing import Visitor
from tests.builders import a_friend

WHY = "電話で、箱がつぶれていたとのこと"


@pytest.fixture
def operator(visitor: Visitor) -> Visitor:
    with visitor.services.database.begin() as session:
        library.install(session, visitor.services.clock.now())
    return visitor.log_in(Role.OPERATOR)


def a_page(visitor: Visitor, **values: Any) -> tuple[int, str]:
    with visitor.services.database.begin() as session:
        friend_id = a_friend(session, display_name="さくら", **values).id
    return friend_id, f"/console/friends/{friend_id}"


def counted(visitor: Visitor, friend_id: int) -> int:
    with visitor.services.database.reading() as session:
        return session.get_one(Facts, friend_id).complaint_count


def entered(visitor: Visitor) -> list[int]:
    """Let the news be read; return who is in a scenario since."""
    with visitor.services.database.begin() as session:
        triggers.read_events(session, visitor.services.clock.now())
        return list(session.scalars(select(Enrolment.friend_id)))


def test_a_complaint_is_recorded_once_and_the_apology_begins(operator: Visitor) -> None:
    friend_id, page = a_page(operator)
    (form,) = [each for each in operator.forms(page) if each.action == f"{page}/complaints/"]
    assert form.fields["apology"] == ["1"]
    sent = operator.post(form.action, {"why": WHY, "apology": "1"})
    assert sent.location == f"{page}#trust"
    told = operator.get(page).text
    assert "苦情として記録しました。" in told
    assert "お詫びのシナリオを始めます。" in told
    assert "記録中の苦情" in told
    assert WHY in told
    operator.post(form.action, {"why": WHY, "apology": "1"})
    again = operator.get(page).text
    assert "新しくは記録しませんでした" in again
    assert "先の記録を取り消してから記録してください" in again
    assert counted(operator, friend_id) == 1
    assert entered(operator) == [friend_id]
    with operator.services.database.reading() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action.contains("complaint"))).one()
        assert (noted.action, noted.subject) == ("friend_complaint_recorded", str(friend_id))
        assert WHY not in str(noted.details)


def test_without_the_tick_it_costs_trust_and_starts_nothing(operator: Visitor) -> None:
    friend_id, page = a_page(operator)
    operator.post(f"{page}/complaints/", {"why": WHY})
    told = operator.get(page).text
    assert "お詫びのシナリオを始めます" not in told
    assert "-10点" in told
    assert entered(operator) == []
    assert counted(operator, friend_id) == 1


def test_a_complaint_is_taken_back_and_may_be_recorded_again(operator: Visitor) -> None:
    friend_id, page = a_page(operator)
    operator.post(f"{page}/complaints/", {"why": WHY})
    (back,) = [each.action for each in operator.forms(page) if each.action.endswith("/withdraw")]
    for _ in range(2):
        assert operator.post(back).location == f"{page}#trust"
    assert counted(operator, friend_id) == 0
    assert "記録中の苦情" not in operator.get(page).text
    operator.post(f"{page}/complaints/", {"why": WHY})
    assert counted(operator, friend_id) == 1
    with operator.services.database.reading() as session:
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.action.contains("complaint")))
        kinds = [each.removeprefix("friend_complaint_") for each in noted]
    assert kinds == ["recorded", "withdrawn", "recorded"]


@pytest.mark.parametrize("field", ["blocked_at", "opted_out_at"])
def test_why_no_apology_can_be_sent_is_told(operator: Visitor, field: str) -> None:
    friend_id, page = a_page(operator, **{field: operator.services.clock.now()})
    before = operator.get(page).text
    assert "お詫びは送れません（理由：" in before
    assert "お詫びのシナリオを始める" not in before
    operator.post(f"{page}/complaints/", {"why": WHY, "apology": "1"})
    told = operator.get(page).text
    assert "苦情として記録しました。" in told
    assert "お詫びのシナリオを始めます" not in told
    assert counted(operator, friend_id) == 1


def test_what_cannot_be_recorded_or_taken_back(operator: Visitor) -> None:
    friend_id, page = a_page(operator)
    _, other = a_page(operator)
    operator.post(f"{page}/complaints/", {"why": " "})
    assert "何があったのかを200文字以内で入力してください。" in operator.get(page).text
    assert counted(operator, friend_id) == 0
    assert operator.post("/console/friends/999999/complaints/", {"why": WHY}).status_code == 404
    operator.post(f"{page}/complaints/", {"why": WHY})
    with operator.services.database.reading() as session:
        (told,) = complaints.of_friend(session, friend_id)
    assert operator.post(f"{other}/complaints/{told.id}/withdraw").status_code == 404
    assert operator.post(f"{page}/complaints/{2**70}/withdraw").status_code == 404
    assert operator.post(f"/console/friends/{2**70}/complaints/", {"why": WHY}).status_code == 404
    assert counted(operator, friend_id) == 1


def test_a_viewer_reads_complaints_and_changes_none(visitor: Visitor) -> None:
    visitor.log_in(Role.VIEWER)
    _, page = a_page(visitor)
    assert "苦情として記録する" not in visitor.get(page).text
    assert visitor.post(f"{page}/complaints/", {"why": WHY}).status_code == 403
