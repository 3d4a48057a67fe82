"""A shop with a budget: friends who buy, sends that are started, and what is let go."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import broadcasts, collecting, drafts, quota, releasing
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from scheduler.plans import Plan, Tier
from segments import shop
from segments.models import Cycle
from segments.shop import Shop
from tests.builders import a_friend, a_message, days_ago
from tests.fakes.clock import A_SATURDAY

HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
NAMED = {"ja": [{"type": "text", "text": "{{ name }}様、こんにちは"}]}


def a_buyer(session: Session, yen: int, **values: Any) -> int:
    """Add a friend who bought lately for so much at a time, and will again."""
    friend = a_friend(
        session, facts={"purchase_count": 2, "spend_yen": 2 * yen, "last_purchase_at": days_ago(25)}, **values
    )
    session.add(
        Cycle(
            friend_id=friend.id,
            category="",
            n=1,
            s1=3.4,
            s2=11.6,
            first_at=days_ago(55),
            last_at=days_ago(25),
            sum_amount=2 * yen,
            last_quantity=1,
        )
    )
    session.flush()
    return friend.id


def allow(session: Session, messages: int) -> None:
    """Set a budget that pays for so many messages a month: each additional one costs ¥1."""
    quota.choose_plan(session, "communication", A_SATURDAY)
    own = Plan("own", "自店プラン", "Own plan", 1_000, 0, (Tier(None, 1.0),))
    quota.save_plan(session, own, A_SATURDAY)
    quota.choose_plan(session, "own", A_SATURDAY)
    shop.save(session, Shop(monthly_budget_yen=1_000 + messages), A_SATURDAY)


def started(dispatcher: Dispatcher, content: dict[str, Any] = HELLO, purpose: Purpose = Purpose.SALES) -> int:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        draft = Draft("秋", content, condition={"is": "everyone"}, purpose=purpose)
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, now)
    return broadcast_id


def let_go_and_collect(dispatcher: Dispatcher) -> None:
    """Do the parts of a tick that let go what waits."""
    now = dispatcher.clock.now()

    def collect(session: Session, at: datetime) -> int:
        return collecting.collect_due(session, dispatcher.queue, at)

    for part in (releasing.release, collect):
        while True:
            with dispatcher.database.begin() as session:
                if not part(session, now):
                    break


def settle(dispatcher: Dispatcher, run_jobs: Callable[[], int]) -> None:
    for _ in range(4):
        run_jobs()
        let_go_and_collect(dispatcher)
    run_jobs()


def got(session: Session) -> set[int]:
    return set(session.scalars(select(Delivery.friend_id).where(Delivery.state == DeliveryState.ACCEPTED)))


def a_step(session: Session, now: datetime, **values: Any) -> int:
    delivery = Delivery(
        friend_id=a_friend(session).id,
        kind=DeliveryKind.STEP,
        purpose=Purpose.SALES,
        message_version_id=a_message(session, "新商品です").id,
        created_at=now,
        not_before=now,
        **values,
    )
    session.add(delivery)
    session.flush()
    return delivery.id
