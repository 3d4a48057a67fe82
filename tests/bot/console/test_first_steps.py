"""The first steps: each is done when the records say so, on the simulator too."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from bot import operators, ready_made
from bot.console import first_steps_views
from bot.console.first_steps_views import Step
from bot.models import InboundEvent, InboundState, Operator, Role
from bot.services import Services
from scheduler import library, step_changes
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from segments import shop
from segments.db import Database
from segments.models import Friend
from segments.shop import Shop
from segments.shop_values import Words
from tests.bot.apps import new_app
from tests.bot.browsing import PASSWORD, Visitor
from tests.bot.conftest import services_over
from tests.builders import a_friend, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock

PAGE = "/console/first-steps/"


@pytest.fixture
def simulated(app: Flask, services: Services) -> Visitor:
    settings = services.settings.model_copy(update={"line_api_base_url": "http://127.0.0.1:8100"})
    return Visitor(new_app(replace(services, settings=settings)))


def state_of(visitor: Visitor, step: Step) -> str:
    page = visitor.get(PAGE).text
    item = page.split(f'id="step-{step.value}"', 1)[1].split("</span></div>", 1)[0]
    return item.rsplit(">", 1)[1].strip()


def newcomer(visitor: Visitor, *, greeted: bool) -> int:
    """Add somebody who follows now, as the webhook's handler writes it down."""
    with visitor.services.database.begin() as session:
        ready_made.install(session, A_SATURDAY)
        friend: Friend = a_friend(session, display_name="田中", followed_at=A_SATURDAY - timedelta(minutes=1))
        if greeted:
            session.add(
                Delivery(
                    friend_id=friend.id,
                    kind=DeliveryKind.REPLY,
                    purpose=Purpose.SERVICE,
                    state=DeliveryState.ACCEPTED,
                    message_version_id=library.message(session, "greeting").id,
                    created_at=A_SATURDAY,
                )
            )
        return friend.id


def test_a_new_shop_is_led_to_its_name_first(visitor: Visitor) -> None:
    visitor.log_in()
    assert state_of(visitor, Step.PASSWORD) == "完了"
    assert state_of(visitor, Step.SHOP) == "次はこれです"
    assert state_of(visitor, Step.CHANNEL) == "まだです"


def test_a_name_and_opening_hours_do_the_first_step(visitor: Visitor) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        shop.save(session, Shop(name="みどり茶舗"), A_SATURDAY)
    assert "営業時間がまだありません。" in visitor.get(PAGE).text
    with visitor.services.database.begin() as session:
        shop.save(session, Shop(name="みどり茶舗", opening_hours=Words("10時から")), A_SATURDAY)
    assert state_of(visitor, Step.SHOP) == "完了"


def test_a_signed_webhook_does_the_webhook_step(visitor: Visitor) -> None:
    visitor.log_in()
    assert state_of(visitor, Step.WEBHOOK) == "まだです"
    with visitor.services.database.begin() as session:
        session.add(
            InboundEvent(
                webhook_event_id="e1",
                kind="follow",
                occurred_at=A_SATURDAY,
                received_at=A_SATURDAY,
                raw={},
                state=InboundState.DONE,
                next_attempt_at=A_SATURDAY,
            )
        )
    assert state_of(visitor, Step.WEBHOOK) == "完了"


def test_who_follows_now_is_listed_and_says_it_is_them(visitor: Visitor) -> None:
    visitor.log_in()
    before = visitor.get(f"{PAGE}state").get_json()["mark"]
    friend_id = newcomer(visitor, greeted=True)
    assert visitor.get(f"{PAGE}state").get_json()["mark"] != before
    assert "田中は私です" in visitor.get(PAGE).text
    visitor.post(f"{PAGE}me", {"friend_id": friend_id})
    assert state_of(visitor, Step.FRIEND) == "完了"
    assert state_of(visitor, Step.ARRIVED) == "完了"
    with visitor.services.database.reading() as session:
        assert session.get_one(Operator, 1).friend_id == friend_id


def test_a_greeting_that_did_not_arrive_is_not_claimed(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.post(f"{PAGE}me", {"friend_id": newcomer(visitor, greeted=False)})
    assert state_of(visitor, Step.FRIEND) == "完了"
    assert state_of(visitor, Step.ARRIVED) != "完了"


def test_a_friend_that_is_nobody_is_refused(visitor: Visitor) -> None:
    visitor.log_in()
    assert visitor.post(f"{PAGE}me", {"friend_id": 99}).status_code == 404


def test_another_version_of_the_greeting_does_its_step(visitor: Visitor) -> None:
    visitor.log_in()
    newcomer(visitor, greeted=False)
    assert "このままの文面で使う" in visitor.get(PAGE).text
    with visitor.services.database.begin() as session:
        stored = library.message(session, "greeting")
        content = {"ja": [{"type": "text", "text": "ようこそ"}]}
        step_changes.reword(session, stored, content, "operator:1", A_SATURDAY)
    assert state_of(visitor, Step.GREETING) == "完了"


def test_purchases_and_staff_do_their_steps(visitor: Visitor) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        a_purchase(session, a_friend(session))
        operators.create(session, "taro", "", Role.TILL, PASSWORD, A_SATURDAY)
    assert state_of(visitor, Step.PURCHASES) == "完了"
    assert state_of(visitor, Step.STAFF) == "完了"


def test_a_step_is_put_aside_and_taken_up_again(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.post(f"{PAGE}staff/skip")
    assert state_of(visitor, Step.STAFF) == "飛ばしました"
    visitor.post(f"{PAGE}staff/unskip")
    assert state_of(visitor, Step.STAFF) == "まだです"
    assert visitor.post(f"{PAGE}nothing/skip").status_code == 404


def test_on_the_simulator_the_steps_of_line_wait_and_its_phone_is_offered(simulated: Visitor) -> None:
    simulated.log_in()
    for step in (Step.CHANNEL, Step.WEBHOOK, Step.AUTO_REPLY):
        assert state_of(simulated, step) == "あとで"
    page = simulated.get(PAGE).text
    assert 'href="http://127.0.0.1:8100/"' in page
    assert "data:image" not in page


def test_a_shop_is_finished_when_everything_is_done_or_put_aside(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    settings = services_over(database, clock, tmp_path).settings
    with database.begin() as session:
        operators.create(session, "hanako", "", Role.OWNER, PASSWORD, A_SATURDAY)
        assert first_steps_views.is_unfinished(session, settings, 1)
        for step in Step:
            first_steps_views.put_aside(session, step, aside=True, now=days_ago(1))
        assert not first_steps_views.is_unfinished(session, settings, 1)
