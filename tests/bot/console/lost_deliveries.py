"""A broadcast and a step of which nobody knows whether they arrived."""

from sqlalchemy.orm import Session

from scheduler.models import (
    Broadcast,
    BroadcastState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Purpose,
)
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW


def some_lost(session: Session) -> list[int]:
    """Add two lost deliveries of a broadcast and one of a step; return their ids."""
    sale = Broadcast(
        name="秋のお知らせ", state=BroadcastState.DONE, planned_at=NOW, started_at=NOW, ended_at=NOW, created_at=NOW,
        message_version_id=a_message(session, "新茶です").id,
    )  # fmt: skip
    session.add(sale)
    session.flush()
    scenario = a_scenario(session, {"name": "お礼"}, name="はじめてのお客様")
    (step,) = scenario.steps
    of_sale = {"kind": DeliveryKind.BROADCAST, "purpose": Purpose.SALES, "broadcast_id": sale.id}
    of_step = {"kind": DeliveryKind.STEP, "purpose": Purpose.CARE, "step_id": step.id}
    lost = {
        "state": DeliveryState.UNCERTAIN,
        "reason": "retry_key_expired",
        "created_at": NOW,
        "ended_at": NOW,
    }
    made = [
        Delivery(
            friend_id=a_friend(session, display_name=name).id,
            message_version_id=sale.message_version_id,
            **(lost | of),
        )
        for name, of in (("山田花子", of_sale), ("鈴木一郎", of_sale), ("佐藤次郎", of_step))
    ]
    session.add_all(made)
    session.flush()
    return [each.id for each in made]
