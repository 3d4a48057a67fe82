"""An owner who composes broadcasts: drafted through the form, and one that is under way."""

from typing import Any

import pytest
from sqlalchemy import select, update

from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryKind, DeliveryState, Purpose
from segments import tags
from tests.bot.browsing import Visitor
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY

NEW = "/console/broadcasts/new"
TEXT: dict[str, Any] = {
    "name": "新茶のお知らせ",
    "audience": "everyone",
    "purpose": "sales",
    "source": "write",
    "text_ja": "{お名前}、新茶が入りました。",
}


def a_sender(visitor: Visitor) -> Visitor:
    """Return an owner with five friends, of whom three can be reached with an offer."""
    with visitor.services.database.begin() as session:
        a_friend(session, facts={"stage": "regular"})
        tagged = a_friend(session, member_number="M2")
        a_friend(session, blocked_at=days_ago(1))
        a_friend(session, opted_out_at=days_ago(1))
        a_friend(session, facts={"suppressed_at": days_ago(1)})
        a_friend(session, display_name="自分")
        tags.tag(session, tagged.id, "ギフト", A_SATURDAY, "test")
    return visitor.log_in()


def stored(sender: Visitor) -> Broadcast:
    with sender.services.database.reading() as session:
        return session.scalars(select(Broadcast).order_by(Broadcast.id.desc())).first() or pytest.fail(
            "no draft"
        )


def drafted(sender: Visitor, **fields: Any) -> int:
    answer = sender.submit(NEW, TEXT | fields)
    assert answer.status_code == 302, answer.text
    return stored(sender).id


def a_running_broadcast(sender: Visitor) -> int:
    number = drafted(sender)
    with sender.services.database.begin() as session:
        session.execute(
            update(Broadcast).values(
                state=BroadcastState.SENDING, planned_at=A_SATURDAY, started_at=A_SATURDAY
            )
        )
        states = (DeliveryState.ACCEPTED, DeliveryState.QUEUED, DeliveryState.SKIPPED)
        for friend_id, state in enumerate(states, start=1):
            session.add(
                Delivery(
                    friend_id=friend_id,
                    kind=DeliveryKind.BROADCAST,
                    purpose=Purpose.SALES,
                    broadcast_id=number,
                    state=state,
                    reason="blocked" if state is DeliveryState.SKIPPED else None,
                    created_at=A_SATURDAY,
                )
            )
    return number
