"""Tags through the API: put on, told, taken off; what a rule keeps stays."""

from bot.services import Services
from segments import members_filling, rule_tags, tags
from segments.models import Friend
from tests.bot.api.conftest import Caller
from tests.builders import a_friend
from tests.segments.watched_world import add_segment


def test_a_tag_is_put_on_told_and_taken_off(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        friend_id = a_friend(session).id
    path = f"/friends/{friend_id}/tags/常連 候補"
    assert caller.get(path).status_code == 404
    made = caller.put(path)
    assert (made.status_code, made.json and made.json["set_by"]) == (201, "api:1")
    assert caller.put(path).status_code == 200
    assert caller.get(path).json == made.json
    assert [caller.delete(path).status_code for _ in range(2)] == [204, 204]
    assert caller.get(path).status_code == 404


def test_what_is_unknown_or_unusable_is_refused(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        friend_id = a_friend(session).id
    assert caller.put(f"/friends/{friend_id + 1}/tags/a").status_code == 404
    assert caller.put(f"/friends/{2**70}/tags/a").status_code == 404
    assert caller.put(f"/friends/{friend_id}/tags/{'a' * 65}").status_code == 422
    assert caller.put(f"/friends/{friend_id}/tags/%20").status_code == 422
    assert caller.put(f"/friends/{friend_id}/tags/a%00").status_code == 422
    assert caller.delete(f"/friends/{friend_id}/tags/a%00").status_code == 204


def test_what_a_rule_keeps_stays(caller: Caller, services: Services) -> None:
    now = services.clock.now()
    with services.database.begin() as session:
        friend_id = a_friend(session, route="web").id
        rule_tags.set_rule(session, "web", add_segment(session, "W", {"is": "route", "routes": ["web"]}), now)
    with services.database.begin() as session:
        members_filling.fill(session, now)
    refused = caller.delete(f"/friends/{friend_id}/tags/web")
    assert (refused.status_code, refused.json and refused.json["code"]) == (409, "tag_kept_by_rule")
    with services.database.reading() as session:
        assert session.get_one(Friend, friend_id)
        assert tags.names_of(session, friend_id) == ["web"]
