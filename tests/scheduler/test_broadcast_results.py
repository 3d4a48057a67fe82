"""What came of a broadcast: taps, blocks and purchases within the days, beside the control group."""

from datetime import timedelta

import pytest

from scheduler import broadcast_counting, broadcast_figures, broadcast_results, campaign_effect, drafts
from scheduler.broadcast_figures import Figures, Group
from scheduler.campaign_effect import Untold
from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryKind, DeliveryState, Purpose
from segments import links
from segments.db import Database
from segments.models import LinkTap
from tests.builders import a_friend, a_message, a_purchase
from tests.fakes.clock import A_SATURDAY

SENT = A_SATURDAY - timedelta(days=3)


def a_broadcast(database: Database) -> int:
    """Two friends got it, one was held out; the first of them tapped twice and bought, as did the one held out."""
    with database.begin() as session:
        message = a_message(session)
        draft = drafts.Draft("秋", message_version_id=message.id, condition={"is": "everyone"})
        broadcast = drafts.create(session, draft, now=SENT, by="test")
        broadcast.state, broadcast.started_at, broadcast.ended_at = BroadcastState.DONE, SENT, SENT
        link = links.register(session, "春のカタログ", "https://shop.example/", SENT)
        for place, state in enumerate(
            (DeliveryState.ACCEPTED, DeliveryState.ACCEPTED, DeliveryState.SKIPPED)
        ):
            friend = a_friend(session, blocked_at=SENT + timedelta(days=1) if place == 1 else None)
            delivery = Delivery(
                friend_id=friend.id,
                kind=DeliveryKind.BROADCAST,
                purpose=Purpose.SALES,
                broadcast_id=broadcast.id,
                state=state,
                reason="control_group" if state is DeliveryState.SKIPPED else None,
                created_at=SENT,
                ended_at=SENT,
            )
            session.add(delivery)
            session.flush()
            if place == 0:
                for hours in (1, 60):
                    at = SENT + timedelta(hours=hours)
                    session.add(LinkTap(link_id=link.id, friend_id=friend.id, delivery_id=delivery.id, at=at))
                a_purchase(session, friend, bought_at=SENT + timedelta(hours=5), refunded_yen=300)
                a_purchase(session, friend, bought_at=SENT + timedelta(hours=30))
                a_purchase(session, friend, bought_at=SENT - timedelta(hours=1))
            if place == 2:
                a_purchase(session, friend, bought_at=SENT + timedelta(hours=5), amount_yen=500)
        return broadcast.id


def test_what_followed_within_the_days_is_counted_and_nothing_else(database: Database) -> None:
    number = a_broadcast(database)
    with database.reading() as session:
        one = broadcast_counting.count(session, number, 1)
        three = broadcast_counting.count(session, number, 3)
    assert (one.receivers.friends, one.receivers.buyers, one.receivers.orders, one.receivers.yen) == (
        2,
        1,
        1,
        700,
    )
    assert (one.control.friends, one.control.buyers, one.control.yen) == (1, 1, 500)
    assert (one.taps, one.tappers, one.blocks) == (1, 1, 0)
    assert (three.receivers.orders, three.receivers.yen, three.receivers.squares) == (2, 1700, 1700.0**2)
    assert (three.taps, three.tappers, three.blocks) == (2, 1, 1)
    assert [(each.name, each.taps, each.friends) for each in three.links] == [("春のカタログ", 2, 1)]


def test_figures_are_kept_and_counted_again_after_an_hour_while_they_may_move(database: Database) -> None:
    number = a_broadcast(database)
    assert broadcast_results.refresh(database, A_SATURDAY) == len(broadcast_results.DAYS)
    with database.reading() as session:
        kept = broadcast_results.kept(session, number, 3)
        counted = broadcast_counting.count(session, number, 3)
    assert kept is not None
    assert (kept.figures, kept.at) == (counted, A_SATURDAY)
    assert broadcast_results.refresh(database, A_SATURDAY + timedelta(minutes=59)) == 0
    # One day is over for good; the others may still grow.
    assert broadcast_results.refresh(database, A_SATURDAY + timedelta(minutes=61)) == 4
    assert broadcast_results.refresh(database, A_SATURDAY + timedelta(days=90)) == 0


def test_a_draft_has_no_figures(database: Database) -> None:
    with database.begin() as session:
        message = a_message(session)
        session.add(Broadcast(name="下書き", message_version_id=message.id, created_at=SENT))
    assert broadcast_results.refresh(database, A_SATURDAY) == 0


def test_figures_read_what_they_wrote() -> None:
    figures = Figures(
        Group(3, 2, 2, 100, 5000.0), taps=4, links=(broadcast_figures.LinkTaps("a", "b", 4, 2),)
    )
    assert Figures.from_json(figures.to_json()) == figures


def spending(friends: int, buyers: int, yen: int) -> Group:
    """Some friends of whom some bought, each for the same amount."""
    return Group(friends, buyers, buyers, buyers * yen, float(buyers * yen * yen))


@pytest.mark.parametrize(
    ("receivers", "control", "untold"),
    [
        (spending(1000, 300, 1000), Group(), Untold.NO_CONTROL),
        (spending(1000, 300, 1000), spending(29, 3, 1000), Untold.FEW_FRIENDS),
        (spending(1000, 3, 1000), spending(100, 1, 1000), Untold.FEW_BUYERS),
        (spending(1000, 110, 1000), spending(100, 10, 1000), Untold.AROUND_ZERO),
        (spending(1000, 300, 1000), spending(100, 8, 1000), None),
    ],
)
def test_an_effect_is_told_only_where_it_can_be(
    receivers: Group, control: Group, untold: Untold | None
) -> None:
    assert campaign_effect.effect(receivers, control).untold is untold


def test_the_effect_in_yen_is_the_difference_times_the_receivers_with_its_interval() -> None:
    found = campaign_effect.effect(spending(1000, 300, 1000), spending(100, 8, 1000))
    assert found.total is not None
    assert found.rate is not None
    assert found.total.value == pytest.approx(220_000)
    # Welch: sqrt(0.21/999 + 0.0736/99) * 1000 = 30.9 yen a friend; 1.96 of them on either side, for 1,000 friends.
    assert found.total.low == pytest.approx(220_000 - 60_561, abs=50)
    assert found.total.high == pytest.approx(220_000 + 60_561, abs=50)
    assert (round(found.rate.value, 3), found.rate.low > 0) == (0.22, True)
