"""Makes rows for tests, stating only what matters to the test at hand."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from scheduler.models import Message, MessageVersion, Purpose, Scenario, Step
from segments import saved, watching
from segments.conditions import parse
from segments.models import Facts, Friend, Product, Purchase
from tests.fakes.clock import A_SATURDAY

_numbers = count(1)


def days_ago(days: float, now: datetime = A_SATURDAY) -> datetime:
    """Return the moment `days` before the tests' now."""
    return now - timedelta(days=days)


def a_friend(session: Session, *, facts: dict[str, Any] | None = None, **values: Any) -> Friend:
    """Add a friend who followed ten days ago, with their facts row."""
    (friend,) = many_friends(session, 1, facts=facts, **values)
    return friend


def many_friends(
    session: Session, number: int, *, facts: dict[str, Any] | None = None, **values: Any
) -> list[Friend]:
    """Add friends who are alike, all of them at once."""
    friends = [_friend(values) for _ in range(number)]
    session.add_all(friends)
    session.flush()
    known: dict[str, Any] = {
        "stage_since": days_ago(10),
        "customer_class": "lead",
        "class_reason": "registered",
        "growth_reason": "not_bought",
    }
    session.add_all(Facts(friend_id=friend.id, **(known | (facts or {}))) for friend in friends)
    session.flush()
    return friends


def _friend(values: dict[str, Any]) -> Friend:
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "line_user_id": f"U{number:032x}",
        "display_name": f"友だち{number}",
        "created_at": days_ago(10),
        "followed_at": days_ago(10),
        "follow_state_at": days_ago(10),
    }
    return Friend(**(defaults | values))


def a_watched_segment(session: Session) -> int:
    """Have a segment of everybody watched, without which no change leaves a touch, and return its id."""
    segment = saved.create(session, "見守り", parse({"is": "everyone"}), "test", A_SATURDAY)
    return watching.watch(session, segment.id, A_SATURDAY).id


def a_product(session: Session, **values: Any) -> Product:
    """Add a regular product at ¥1,000."""
    number = next(_numbers)
    defaults = {"code": f"P{number}", "name": f"商品{number}", "price_yen": 1000, "created_at": days_ago(100)}
    product = Product(**(defaults | values))
    session.add(product)
    session.flush()
    return product


def a_purchase(session: Session, friend: Friend, **values: Any) -> Purchase:
    """Add a bare purchase row of ¥1,000 yesterday; facts are not recomputed."""
    defaults = {
        "order_id": f"order-{next(_numbers)}",
        "friend_id": friend.id,
        "bought_at": days_ago(1),
        "amount_yen": 1000,
        "source": "test",
        "created_at": A_SATURDAY,
    }
    purchase = Purchase(**(defaults | values))
    session.add(purchase)
    session.flush()
    return purchase


def a_message(session: Session, text: str = "こんにちは", **values: Any) -> Message:
    """Add a message of one text, in version 1."""
    defaults = {"name": f"メッセージ{next(_numbers)}", "purpose": Purpose.CARE, "created_at": A_SATURDAY}
    message = Message(**(defaults | values))
    session.add(message)
    session.flush()
    content = {"ja": [{"type": "text", "text": text}]}
    session.add(MessageVersion(message_id=message.id, version=1, content=content, created_at=A_SATURDAY))
    session.flush()
    return message


def a_scenario(session: Session, *steps: dict[str, Any], **values: Any) -> Scenario:
    """Add a scenario started by a purchase; each step says a message of its own at once unless told otherwise."""
    defaults: dict[str, Any] = {
        "name": f"シナリオ{next(_numbers)}",
        "trigger": {"event": "purchased"},
        "created_at": A_SATURDAY,
    }
    scenario = Scenario(**(defaults | values))
    session.add(scenario)
    session.flush()
    for position, step in enumerate(steps or ({},), start=1):
        message_id = step["message_id"] if "message_id" in step else a_message(session).id
        given = {"delay": timedelta(), "message_id": message_id} | step
        session.add(Step(scenario_id=scenario.id, position=position, **given))
    session.flush()
    session.refresh(scenario)
    return scenario
