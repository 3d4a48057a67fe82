"""Answers, events, complaints and points through the API."""

from typing import Any

import pytest

from bot.services import Services
from segments import point_policy
from segments.models import Facts
from segments.point_policy import PointPolicy
from tests.bot.api.conftest import Caller
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY


@pytest.fixture
def friend_id(services: Services) -> int:
    with services.database.begin() as session:
        return a_friend(session).id


def facts(services: Services, friend_id: int) -> Facts:
    with services.database.reading() as session:
        return session.get_one(Facts, friend_id)


def test_an_answer_is_kept_once_a_day(caller: Caller, services: Services, friend_id: int) -> None:
    path, body = f"/friends/{friend_id}/answers", {"question": "満足度", "answer": "5"}
    first, again = caller.post(path, body), caller.post(path, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.get_json()["created"], again.get_json()["created"]) == (True, False)
    older = caller.post(path, body | {"answer": "1", "at": "2026-11-01T10:00:00+09:00"})
    assert (older.status_code, older.get_json()["answer"]) == (201, "5")
    assert facts(services, friend_id).answer_count == 2


def test_events_and_complaints_count_once_for_each_reference(
    caller: Caller, services: Services, friend_id: int
) -> None:
    path = f"/friends/{friend_id}/events"
    joined = {
        "kind": "joined_event",
        "event": "お茶会",
        "reference": "r-1",
        "at": "2026-11-01T10:00:00+09:00",
    }
    assert [caller.post(path, joined).status_code for _ in range(2)] == [201, 200]
    complaint = {"kind": "complaint", "reference": "r-1"}
    told = caller.post(path, complaint).get_json()
    assert told == {"friend_id": friend_id, "kind": "complaint", "created": True, "count": 1}
    known = facts(services, friend_id)
    assert (known.event_count, known.complaint_count, known.complained_at) == (1, 1, A_SATURDAY)


def test_points_are_given_spent_and_shown(caller: Caller, services: Services, friend_id: int) -> None:
    with services.database.begin() as session:
        point_policy.save(session, PointPolicy(100, 30), "test", A_SATURDAY)
    path = f"/friends/{friend_id}/points"
    assert caller.get(path).get_json() == {
        "friend_id": friend_id,
        "balance": 0,
        "expiring": [],
        "entries": [],
    }
    visit = {"points": 50, "cause": "visit-1"}
    assert [caller.post(path, visit).status_code for _ in range(2)] == [201, 200]
    spent = caller.post(path, {"points": -20, "cause": "receipt-1"}).get_json()
    assert (spent["balance"], spent["expiring"]) == (30, [{"at": "2026-12-21T05:30:00Z", "points": 30}])
    assert [(each["points"], each["cause"], each["by"]) for each in spent["entries"]] == [
        (-20, "api:receipt-1", "api:1"),
        (50, "api:visit-1", "api:1"),
    ]
    refused = caller.post(path, {"points": -31, "cause": "receipt-2"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "points_insufficient")
    assert refused.get_json()["details"] == {"balance": 30, "asked": 31}
    contradicting = caller.post(path, {"points": -5, "cause": "receipt-1"})
    assert (contradicting.status_code, contradicting.get_json()["code"]) == (409, "points_cause_used")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/friends/999/answers", {"question": "a", "answer": "b"}, 404),
        ("/friends/999/events", {"kind": "complaint"}, 404),
        ("/friends/999/points", {"points": 1, "cause": "a"}, 404),
        (f"/friends/{2**63}/points", {"points": 1, "cause": "a"}, 404),
        ("/friends/1/answers", {"question": "", "answer": "b"}, 422),
        ("/friends/1/answers", {"question": "a", "answer": " "}, 422),
        ("/friends/1/answers", {"question": "a", "answer": "\x00"}, 422),
        ("/friends/1/answers", {"question": "a", "answer": "b", "at": "2026-12-01T00:00:00+09:00"}, 409),
        ("/friends/1/events", {"kind": "complaint", "at": "0001-01-01T00:00:00+14:00"}, 409),
        ("/friends/1/answers", {"question": "a", "answer": "b", "at": "2026-11-01T00:00:00"}, 422),
        ("/friends/1/events", {"kind": "party"}, 422),
        ("/friends/1/events", {"kind": "joined_event"}, 422),
        ("/friends/1/events", {"kind": "joined_event", "event": None}, 422),
        ("/friends/1/events", {"kind": "complaint", "surprise": 1}, 422),
        ("/friends/1/points", {"points": 0, "cause": "a"}, 422),
        ("/friends/1/points", {"points": "5", "cause": "a"}, 422),
        ("/friends/1/points", {"points": 5}, 422),
        ("/friends/1/points", {"points": 10**12, "cause": "a"}, 422),
        ("/purchases", {"order_id": "1", "bought_at": "2026-11-01T00:00:00Z", "amount_yen": 1234.56, "friend_id": 1}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    caller: Caller, services: Services, friend_id: int, path: str, body: dict[str, Any], status: int
) -> None:
    answer = caller.post(path, body)
    refused = answer.status_code if path != "/purchases" else 422 * answer.get_json().get("refused", 1)
    assert refused == status, answer.get_json()
    known = facts(services, friend_id)
    assert (known.answer_count, known.event_count, known.complaint_count, known.points) == (0, 0, 0, 0)


def test_points_of_nobody_are_not_found(caller: Caller) -> None:
    assert caller.get("/friends/999/points").status_code == 404
