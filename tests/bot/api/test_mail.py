"""A friend's mail address through the API: stored, told, erased; a refusal stands."""

from bot.services import Services
from segments import mail_consent
from tests.bot.api.conftest import Caller
from tests.builders import a_friend, days_ago

ADDRESS = "hanako@example.com"


def test_an_address_is_stored_told_and_erased(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        friend_id = a_friend(session).id
    path = f"/friends/{friend_id}/mail"
    told = caller.put(path, {"email": ADDRESS, "agreed_at": days_ago(2).isoformat()})
    assert told.status_code == 200
    assert told.json == caller.get(path).json
    assert told.json is not None
    assert (told.json["email"], told.json["may_be_sent"]) == (ADDRESS, True)

    with services.database.begin() as session:
        mail_consent.refuse(session, friend_id, days_ago(1))
    again = caller.put(path, {"email": ADDRESS, "agreed_at": days_ago(2).isoformat()})
    assert again.json is not None
    assert again.json["may_be_sent"] is False
    assert caller.delete(path).status_code == 204
    left = caller.get(path).json
    assert left is not None
    assert left["email"] is None
    assert left["refused_at"] is not None


def test_what_is_unknown_or_wrong_is_refused(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        friend_id = a_friend(session).id
    path = f"/friends/{friend_id}/mail"
    assert caller.put(f"/friends/{friend_id + 1}/mail", {"email": ADDRESS}).status_code == 404
    assert caller.put(path, {"email": "hanako"}).status_code == 422
    assert caller.put(path, {"email": ADDRESS, "agreed_at": "2999-01-01T00:00:00Z"}).status_code == 409
    assert caller.put(path, {"email": ADDRESS, "agreed_at": "2026-01-01T00:00:00"}).status_code == 422
