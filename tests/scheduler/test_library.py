"""The ready messages and scenarios: whole, valid for LINE, installed once and never overwritten."""

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from bot.simulator.validation.bodies import messages_of
from scheduler import library
from scheduler.library import ReadyMessage
from scheduler.messages import check, render
from scheduler.models import Message, MessageVersion, Purpose, Scenario, Step
from segments import conditions
from segments.db import Database
from segments.errors import NotFound
from segments.models import EventKind
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
SDK: Any = import_module("linebot.v3.messaging")
"""Taken in by name: it has no type stubs, and its types would all be unknown."""
INSTALLED = list(library.ready_messages())
READY = [ready for ready in INSTALLED if not ready.key.startswith("answer_")]
"""Those of the scenarios; the answers of the chat are tested where the chat is."""
EVERYTHING: dict[str, Any] = {
    "name": "山田",
    "name_sama": "山田様",
    "shop_name": "茶の間",
    "zone": ZoneInfo("Asia/Tokyo"),
    "free_item": {"title": "お茶の本", "text": "本文", "url": "https://example.com/book"},
    "how_to_buy": "お電話でどうぞ",
    "last_product": {
        "name": "お茶",
        "url": "https://example.com/tea",
        "image": "https://example.com/tea.jpg",
    },
    "trial": {
        "name": "お試し",
        "price_yen": 500,
        "ends": NOW + timedelta(days=7),
        "url": "https://example.com/t",
        "image": "https://example.com/t.jpg",
    },
    "coupon": {"title": "割引", "code": "C-1", "discount_yen": 300, "expires": NOW + timedelta(days=30)},
    "coupons": [{"title": "割引", "code": "C-1", "discount_yen": 300, "expires": NOW + timedelta(days=30)}],
    "next_due": NOW + timedelta(days=5),
    "cycle_reason": "これまで6回、約31日ごとにご購入",
    "referral_code": "ABCD1234",
    "referral_url": "https://line.me/R/oaMessage/%40a/?x",
    "share_url": "https://line.me/R/share?text=x",
    "cause": {"order_id": "A-1&x=y", "code": "C-1"},
}
LITTLE: dict[str, Any] = {
    "name": "お客様",
    "name_sama": "お客様",
    "coupons": [],
    "cause": {"order_id": "A-1", "code": "C-1"},
    "free_item": {"title": "お茶の本"},
    "trial": {"name": "お試し", "price_yen": 500, "ends": NOW},
    "referral_code": "ABCD1234",
}


def by_key(ready: ReadyMessage) -> str:
    return ready.key


def leaves(node: Any) -> Iterator[Any]:
    match node:
        case dict():
            for value in cast("dict[str, Any]", node).values():
                yield from leaves(value)
        case list():
            for value in cast("list[Any]", node):
                yield from leaves(value)
        case _:
            yield node


def in_ascii(node: Any) -> Any:
    """Return facts with every Japanese text replaced, to see what the message itself says."""
    match node:
        case dict():
            mapping = cast("dict[str, Any]", node)
            return {key: in_ascii(value) for key, value in mapping.items()}
        case list():
            return [in_ascii(value) for value in cast("list[Any]", node)]
        case str():
            return node if node.isascii() else "x"
        case _:
            return node


@pytest.mark.parametrize("ready", READY, ids=by_key)
def test_a_ready_message_has_no_problem_and_both_languages(ready: ReadyMessage) -> None:
    assert check(ready.content) == []
    assert set(ready.content) == {"ja", "en"}


@pytest.mark.parametrize("facts", [EVERYTHING, LITTLE], ids=["much known", "little known"])
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("ready", READY, ids=by_key)
def test_line_takes_every_ready_message(ready: ReadyMessage, language: str, facts: dict[str, Any]) -> None:
    rendered = render(ready.content, language, facts)
    # The SDK's models know the types, the simulator's rules what LINE refuses of them.
    request = SDK.PushMessageRequest(
        to="U1",
        messages=[SDK.Message.from_dict(each) for each in rendered],
        notificationDisabled=False,
        customAggregationUnits=None,
    )
    assert len(request.messages) == len(rendered)
    assert messages_of({"messages": rendered}) == rendered


@pytest.mark.parametrize("ready", READY, ids=by_key)
def test_the_english_of_a_ready_message_has_no_japanese_in_it(ready: ReadyMessage) -> None:
    facts = {name: in_ascii(value) for name, value in EVERYTHING.items()}
    words = [leaf for leaf in leaves(render(ready.content, "en", facts)) if isinstance(leaf, str)]
    assert [word for word in words if any("\u3040" <= character <= "\u9fff" for character in word)] == []


def test_a_ready_scenario_asks_only_for_what_exists() -> None:
    keys = {ready.key: ready for ready in READY}
    for scenario in library.ready_scenarios():
        for wanted in (scenario["trigger"], scenario.get("goal")):
            assert wanted is None or EventKind(wanted["event"])
        for step in scenario["steps"]:
            assert keys[step["message"]].purpose is Purpose(step["purpose"])
        for condition in (scenario.get("condition"), *(step.get("condition") for step in scenario["steps"])):
            assert condition is None or conditions.parse(condition)


def test_everything_ready_is_installed_once(database: Database) -> None:
    with database.begin() as session:
        added = library.install(session, NOW)
        assert added == len(INSTALLED) + len(list(library.ready_scenarios()))
        assert library.install(session, NOW) == 0
        trial = session.scalars(select(Scenario).where(Scenario.key == "trial")).one()
        offer, reminder = trial.steps
        assert (offer.delay, str(offer.at_time), offer.effects) == (
            timedelta(days=1),
            "12:00:00",
            {"trial_offer": {"days": 7}},
        )
        assert (reminder.purpose, reminder.valid_for) == (Purpose.SALES, timedelta(days=2))
        assert library.message(session, "trial_offer").message_id == offer.message_id


def test_what_an_operator_changed_or_deleted_stays_so(database: Database) -> None:
    with database.begin() as session:
        library.install(session, NOW)
        version = library.message(session, "greeting")
        session.add(
            MessageVersion(
                message_id=version.message_id,
                version=2,
                content={"ja": []},
                created_at=NOW,
                created_by="operator:1",
            )
        )
        session.delete(session.scalars(select(Scenario).where(Scenario.key == "welcome")).one())
        session.execute(update(Scenario).where(Scenario.key == "trial").values(active=False))
    with database.begin() as session:
        assert library.install(session, NOW) == 0
        assert library.message(session, "greeting").version == 2
        keys = set(session.scalars(select(Scenario.key).where(Scenario.active)))
        assert not keys & {"welcome", "trial"}


def test_a_half_done_installation_is_completed(database: Database) -> None:
    with database.begin() as session:
        session.add(Message(key="greeting", name="x", purpose=Purpose.CARE, created_at=NOW))
        session.flush()
        library.install(session, NOW)
        assert session.scalar(select(func.count()).select_from(Message)) == len(INSTALLED)
        assert session.scalar(select(func.count()).select_from(Step))


def test_a_message_nobody_knows_is_not_found(database: Database) -> None:
    with database.begin() as session, pytest.raises(NotFound, match="message_unknown"):
        library.message(session, "nothing")


def test_no_address_is_made_up() -> None:
    for ready in READY:
        for leaf in leaves(ready.content):
            assert not (isinstance(leaf, str) and "://" in leaf), leaf
