"""Keys, friends, member codes, and the API's own description."""

from datetime import timedelta

import pytest
from flask import Flask

from bot import api_keys
from bot.api.access import NEEDS_KEY
from bot.api.openapi import description
from bot.models import ApiKey
from bot.services import Services
from segments import members
from tests.bot.api.conftest import Caller
from tests.builders import a_friend, days_ago
from tests.fakes.clock import FakeClock

OPEN = {"api.openapi", "api.docs", "api.asset"}


def test_every_address_but_the_description_needs_a_key(app: Flask) -> None:
    unguarded = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not getattr(app.view_functions[rule.endpoint], NEEDS_KEY, False)
    }
    assert unguarded == OPEN


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer kk_wrong", "Basic a2s6", "Bearer \x00"])
def test_without_a_valid_key_nothing_is_told(app: Flask, header: str) -> None:
    answer = app.test_client().get("/api/v1/friends/1", headers={"Authorization": header})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "api_key_invalid")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_is_no_longer_taken(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        api_keys.revoke(session, 1, services.clock.now())
    assert caller.get("/friends/1").status_code == 401


def test_a_key_is_kept_as_a_hash_and_its_use_is_noted_now_and_then(
    caller: Caller, key: str, services: Services, clock: FakeClock
) -> None:
    seen: list[object] = []
    kept = None
    for _ in range(3):
        caller.get("/friends/1")
        with services.database.reading() as session:
            kept = session.get_one(ApiKey, 1)
        seen.append(kept.last_used_at)
        clock.advance(timedelta(minutes=3))
    assert kept is not None
    assert key not in kept.key_hash
    assert len(set(seen)) == 2


def test_a_friend_is_told_with_stage_and_sums(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        friend = a_friend(
            session,
            member_number="M-1",
            timezone="Asia/Seoul",
            facts={"stage": "regular", "stage_reason": "followed", "purchase_count": 3, "spend_yen": 8940},
            blocked_at=days_ago(1),
        )
    told = caller.get(f"/friends/{friend.id}").get_json()
    assert (told["member_number"], told["stage"], told["purchase_count"], told["spend_yen"]) == (
        "M-1",
        "regular",
        3,
        8940,
    )
    assert told["stage_reason"] == "友だち追加されました"
    assert told["timezone"] == "Asia/Seoul"
    assert told["blocked_at"] == "2026-11-20T05:30:00Z"


@pytest.mark.parametrize("path", ["/friends/99", "/friends/99999999999999999999", "/nowhere"])
def test_what_does_not_exist_is_404_in_json(caller: Caller, path: str) -> None:
    answer = caller.get(path)
    assert answer.status_code == 404
    assert answer.get_json()["code"] in {"friend_unknown", "not_found"}


def test_a_member_code_links_the_number(caller: Caller, services: Services, clock: FakeClock) -> None:
    answer = caller.post("/member-codes", {"member_number": "M-7"})
    assert answer.status_code == 201
    with services.database.begin() as session:
        friend = a_friend(session)
        assert members.link(session, friend, answer.get_json()["code"], clock.now()) == "M-7"
    refused = caller.post("/member-codes", {"member_number": ""})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "fields_invalid")


def test_a_fault_inside_is_told_without_its_reason(app: Flask, caller: Caller) -> None:
    def fail(friend_id: int) -> str:
        raise RuntimeError(f"secret {friend_id}")

    app.view_functions["api.friend"] = fail
    answer = caller.get("/friends/1")
    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text


def test_the_description_names_every_address_and_nothing_else(app: Flask) -> None:
    routes = {
        rule.rule.replace("<int:", "{").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint not in OPEN
    }
    assert set(description()["paths"]) == routes
    assert app.test_client().get("/api/v1/openapi.json").get_json() == description()


def test_the_page_of_the_description_is_made_of_local_files(app: Flask) -> None:
    client = app.test_client()
    assert "//" not in client.get("/api/v1/docs").text.replace("<!doctype html>", "")
    with client.get("/api/v1/docs/swagger-ui-bundle.js") as script:
        assert script.status_code == 200
    assert client.get("/api/v1/docs/index.html").status_code == 404
