"""Segments over the API: saved, changed, counted, read page by page, explained."""

import pytest

from bot.services import Services
from segments.models import Tag
from tests.bot.api.conftest import Caller
from tests.builders import a_friend

EVERYONE = {"is": "everyone"}
BLOCKED = {"version": 1, "is": "blocked"}


def test_a_segment_is_made_read_and_changed(caller: Caller) -> None:
    made = caller.post("/segments", {"name": "全員", "condition": EVERYONE})
    assert (made.status_code, made.get_json()["version"]) == (201, 1)
    address = f"/segments/{made.get_json()['id']}"
    changed = caller.put(address, {"version": 1, "condition": BLOCKED})
    assert changed.status_code == 200
    told = caller.get(address).get_json()
    assert (told["name"], told["version"], told["condition"]) == ("全員", 2, BLOCKED)
    assert (told["words"], told["problem"]) == ("ブロックしている", None)
    again = caller.put(address, {"version": 1, "name": "別"})
    assert (again.status_code, again.get_json()["code"]) == (409, "segment_changed")
    assert [each["id"] for each in caller.get("/segments").get_json()["segments"]] == [told["id"]]


def test_friends_are_read_page_by_page(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        ids = [a_friend(session, member_number=f"M{number}").id for number in range(5)]
    segment_id = caller.post("/segments", {"name": "全員", "condition": EVERYONE}).get_json()["id"]
    read: list[int] = []
    after: int | None = 0
    while after is not None:
        page = caller.get(f"/segments/{segment_id}/friends?after={after}&limit=2").get_json()
        read += [one["id"] for one in page["friends"]]
        after = page["next"]
    assert read == ids
    assert caller.get(f"/segments/{segment_id}/count").get_json() == {"count": 5}
    assert caller.post("/segments/count", {"condition": BLOCKED}).get_json() == {"count": 0}


def test_a_friend_is_explained(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        friend = a_friend(session, facts={"purchase_count": 3})
    twice = {"is": "purchase_count", "at_least": 2}
    segment_id = caller.post("/segments", {"name": "2回", "condition": twice}).get_json()["id"]
    told = caller.get(f"/segments/{segment_id}/friends/{friend.id}/explanation").get_json()
    assert told["included"] is True
    assert told["verdict"] == "対象です。理由：2回以上購入（3回購入しています）"
    assert told["tree"]["is"] == "purchase_count"
    assert caller.get(f"/segments/{segment_id}/friends/999/explanation").status_code == 404


def test_what_is_gone_is_told_and_not_counted(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        tag = Tag(name="VIP", created_at=services.clock.now())
        session.add(tag)
    segment = caller.post(
        "/segments", {"name": "VIP", "condition": {"is": "tag", "names": ["VIP"]}}
    ).get_json()
    caller.post("/segments", {"name": "全員", "condition": EVERYONE})
    with services.database.begin() as session:
        session.delete(session.get_one(Tag, tag.id))
    first, second = caller.get("/segments").get_json()["segments"]
    assert "VIP" in first["problem"]
    assert second["problem"] is None
    refused = caller.get(f"/segments/{segment['id']}/count")
    assert (refused.status_code, refused.get_json()["details"]) == (422, {"missing": ["VIP"]})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/segments/1", 404),
        ("/segments/99999999999999999999", 404),
        ("/segments/1/count", 404),
        ("/segments/1/friends?limit=0", 422),
        ("/segments/1/friends?limit=1001", 422),
        ("/segments/1/friends?after=-1", 422),
        ("/segments/1/friends?after=x", 422),
    ],
)
def test_what_cannot_be_is_refused(caller: Caller, path: str, status: int) -> None:
    assert caller.get(path).status_code == status


@pytest.mark.parametrize("name", ["a\x00", "", "あ" * 129])
def test_names_that_cannot_be_are_refused(caller: Caller, name: str) -> None:
    assert caller.post("/segments", {"name": name, "condition": EVERYONE}).status_code == 422


def test_a_deep_heap_of_brackets_is_refused(caller: Caller) -> None:
    tree: dict[str, object] = {"is": "everyone"}
    for _ in range(300):
        tree = {"is": "all", "of": [tree]}
    assert caller.post("/segments/count", {"condition": tree}).get_json()["code"] == "condition_too_deep"
