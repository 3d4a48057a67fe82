"""What is fixed before a chunk leaves; one friend's trouble keeps nobody else's message."""

from collections.abc import Callable

from sqlalchemy import select

from scheduler import collecting
from scheduler.dispatcher import Dispatcher
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from tests.builders import a_friend, a_message
from tests.fakes.gateway import FakeGateway


def test_a_message_that_the_rules_no_longer_allow_is_skipped_and_keeps_nobody_else(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Callable[[], int]
) -> None:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friend = a_friend(session)
        for text in ("{{ name", "こんにちは"):
            session.add(
                Delivery(
                    friend_id=friend.id,
                    kind=DeliveryKind.STEP,
                    purpose=Purpose.CARE,
                    message_version_id=a_message(session, text).id,
                    created_at=now,
                    not_before=now,
                )
            )
        session.flush()
        assert collecting.collect_due(session, dispatcher.queue, now) == 2
    run_jobs()
    assert gateway.sent_to(friend.line_user_id or "") == ["こんにちは"]
    with dispatcher.database.reading() as session:
        rows = session.execute(select(Delivery.state, Delivery.reason).order_by(Delivery.id)).all()
    assert [tuple(row) for row in rows] == [
        (DeliveryState.SKIPPED, "template_failed"),
        (DeliveryState.ACCEPTED, None),
    ]
