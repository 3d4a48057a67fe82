"""What one push or reply carried, of which nobody knows whether it arrived."""

from sqlalchemy import select, update

from scheduler import uncertain_list
from scheduler.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Purpose,
)
from scheduler.uncertain_list import About
from segments.models import Friend
from tests.scheduler.lost_messages import (
    ACCEPTED,
    ARRIVED,
    UNCERTAIN,
    LostMessages,
    again,
    arrived,
    contacts,
    counted,
    steps,
)


def test_what_one_push_carried_is_one_contact_when_it_is_taken_as_arrived(lost: LostMessages) -> None:
    steps(lost, "お元気ですか", "お変わりありませんか")
    lost.due()
    assert (lost.states(), counted(lost), contacts(lost)) == ([UNCERTAIN] * 2, (1, 1), 0)
    assert arrived(lost) == 2
    assert (lost.states(), counted(lost), contacts(lost)) == ([ARRIVED] * 2, (1, 1), 1)


def test_what_one_push_carried_is_sent_again_alone_or_together_and_each_push_counts(
    lost: LostMessages,
) -> None:
    friend = steps(lost, "お元気ですか", "お変わりありませんか")
    lost.due()
    _carrier, carried = lost.seen()
    again(lost, {carried: 0})
    lost.go_on()
    assert lost.gateway.sent_to(friend) == ["お元気ですか", "お変わりありませんか", "お変わりありませんか"]
    assert (lost.states(), counted(lost)) == ([UNCERTAIN, ACCEPTED], (2, 2))
    again(lost)
    lost.go_on()
    assert lost.gateway.sent_to(friend)[3:] == ["お元気ですか"]
    assert (lost.states(), counted(lost)) == ([ACCEPTED] * 2, (3, 3))


def test_both_parts_of_a_push_go_together_again(lost: LostMessages) -> None:
    friend = steps(lost, "お元気ですか", "お変わりありませんか")
    lost.due()
    again(lost)
    lost.go_on()
    assert len(lost.gateway.sent_to(friend)) == 4
    assert (lost.states(), counted(lost)) == ([ACCEPTED] * 2, (2, 2))


def test_what_rode_on_a_reply_was_free_and_is_pushed_when_it_is_sent_again(lost: LostMessages) -> None:
    friend = steps(lost, "お元気ですか")
    with lost.database.begin() as session:
        reply = Delivery(
            friend_id=session.scalars(select(Friend.id)).one(), kind=DeliveryKind.REPLY,
            purpose=Purpose.SERVICE, state=DeliveryState.UNCERTAIN, created_at=lost.clock.now(),
            ended_at=lost.clock.now(), reason="uncertain",
        )  # fmt: skip
        session.add(reply)
        session.flush()
        gone = {"state": DeliveryState.UNCERTAIN, "carried_by": reply.id, "ended_at": lost.clock.now()}
        session.execute(update(Delivery).where(Delivery.kind == DeliveryKind.STEP).values(gone))
        (step,) = uncertain_list.page(session, About(), 0, lost.clock.now())[0]
    assert again(lost, {step.lost.id: 0}) == 1
    lost.go_on()
    assert (lost.gateway.sent_to(friend), counted(lost)) == (["お元気ですか"], (1, 1))
