"""Why messages were held back, through the API and on the friend's page."""

from bot.services import Services
from scheduler.models import Broadcast, BroadcastState, Decision
from tests.bot.api.conftest import Caller
from tests.builders import a_friend


def decided(services: Services) -> tuple[int, int]:
    """Add a friend who was refused a broadcast; return their numbers."""
    now = services.clock.now()
    with services.database.begin() as session:
        friend = a_friend(session)
        sent = Broadcast(
            name="秋", created_at=now, condition={"is": "blocked"}, state=BroadcastState.DONE, started_at=now
        )
        session.add(sent)
        session.flush()
        about = {"friend_id": friend.id, "broadcast_id": sent.id, "enrolment_id": 0, "step_id": 0}
        session.add(Decision(**about, rule="trust_in_the_red", at=now, figures="3"))
        return friend.id, sent.id


def test_a_friends_decisions_are_told_with_their_numbers(caller: Caller, services: Services) -> None:
    friend_id, broadcast_id = decided(services)
    answer = caller.get(f"/friends/{friend_id}/decisions").get_json()
    (told,) = answer["decisions"]
    assert (told["rule"], told["about"], told["broadcast_id"]) == ("trust_in_the_red", "秋", broadcast_id)
    assert "3" in told["words"]
    assert answer["why"] == []


def test_why_one_broadcast_did_not_come_is_told(caller: Caller, services: Services) -> None:
    friend_id, broadcast_id = decided(services)
    answer = caller.get(f"/friends/{friend_id}/decisions?broadcast_id={broadcast_id}").get_json()
    assert any("ブロック" in each or "block" in each for each in answer["why"])


def test_what_does_not_exist_is_not_found(caller: Caller, services: Services) -> None:
    friend_id, _ = decided(services)
    for path in ("/friends/999999/decisions", f"/friends/{friend_id}/decisions?broadcast_id=x"):
        assert caller.get(path).status_code == 404
    assert caller.get(f"/friends/{friend_id}/decisions?broadcast_id=99999").status_code == 404
