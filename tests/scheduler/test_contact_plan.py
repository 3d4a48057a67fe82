"""The contact plan: ceilings in 7 and 30 days, the share that sells, the floor; counted as the deliveries say."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import contact_plan
from scheduler.contact_plan import ROOM, Full, Plan, Standing
from scheduler.eligibility import Allowed, Candidate, Held, Reason, Recipient, Refused, may_send
from scheduler.models import DeliveryKind, Purpose
from segments import contact_policy, contacts
from segments.contact_policy import ContactPolicy, Limits
from segments.contact_tally import KEPT, Contact, day_number, packed, unpacked
from segments.db import Database
from segments.errors import Invalid
from segments.models import Facts
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

TOKYO = ZoneInfo("Asia/Tokyo")
TODAY = NOW.astimezone(TOKYO).date()
DAY = day_number(TODAY)


def recent(*days: float, sells: bool = False) -> str:
    """Return the packed messages of so many days ago, the newest first."""
    return "".join(packed(Contact(DAY - int(day), sells)) for day in days)


def standing(limits: Limits, packed_days: str) -> Standing:
    return Plan(ContactPolicy(limits, {}), TODAY, TOKYO).standing("existing", packed_days)


def midnight(days: int) -> datetime:
    """Return the beginning of the day so many days from today, in Tokyo."""
    return datetime.combine(TODAY + timedelta(days=days), datetime.min.time(), TOKYO)


def test_the_fourth_message_of_a_week_makes_it_full_until_the_first_is_a_week_old() -> None:
    assert standing(Limits(), recent(0, 1, 2)) is ROOM
    full = standing(Limits(), recent(0, 1, 2, 6)).ceiling
    assert full == Full(midnight(1), "4 4 7")
    assert standing(Limits(), recent(0, 1, 2, 7)) is ROOM


def test_a_month_is_full_until_enough_of_its_messages_are_30_days_old() -> None:
    full = standing(Limits(month=2), recent(9, 20, 21)).ceiling
    assert full == Full(midnight(10), "3 2 30")


def test_the_longer_wait_of_two_ceilings_counts() -> None:
    assert standing(Limits(week=1, month=2), recent(3, 20)).ceiling == Full(midnight(10), "2 2 30")


def test_a_ceiling_of_nothing_is_never_open() -> None:
    assert standing(Limits(week=0), "").ceiling == Full(midnight(7), "0 0 7")


def test_only_so_many_of_the_last_messages_may_sell() -> None:
    limits = Limits(week=KEPT, month=KEPT, sales_percent=60, sales_of_last=5)
    sold, cared = recent(1, 2, 3, sells=True), recent(0)
    assert standing(limits, recent(1, 2, sells=True)).selling == ""
    assert standing(limits, sold).selling == "3 3 3 5"
    assert standing(limits, cared + sold).selling == "3 4 3 5"
    assert standing(limits, cared * 2 + sold).selling == ""
    assert standing(replace(limits, sales_percent=0), "").selling == "0 0 0 5"


@given(st.lists(st.tuples(st.integers(0, 60_000), st.booleans()), max_size=KEPT))
def test_what_is_packed_comes_out_again(messages: list[tuple[int, bool]]) -> None:
    assert unpacked("".join(packed(Contact(*each)) for each in messages)) == tuple(messages)


FRIEND = Recipient(
    on_line=True,
    follows=True,
    blocked=False,
    opted_out=False,
    suppressed=False,
    last_wrote_at=None,
    zone=TOKYO,
)


def at_the_ceiling(until: datetime, **about: object) -> Candidate:
    who = replace(FRIEND, contact=Standing(Full(until, "4 4 7")))
    given = {"kind": DeliveryKind.BROADCAST, "purpose": Purpose.CARE} | about
    return Candidate(who, **given)  # pyright: ignore[reportArgumentType]


def test_a_broadcast_over_the_ceiling_waits_only_if_somebody_said_until_when_it_makes_sense() -> None:
    until = NOW + timedelta(days=2)
    refused = Refused(Reason.CONTACT_CEILING, "4 4 7")
    held = Held(until, Reason.CONTACT_CEILING, "4 4 7")
    assert may_send(at_the_ceiling(until), NOW) == refused
    assert may_send(at_the_ceiling(until, expires_at=until), NOW) == refused
    assert may_send(at_the_ceiling(until, expires_at=until + timedelta(hours=1)), NOW) == held
    step = {"kind": DeliveryKind.STEP}
    assert may_send(at_the_ceiling(until, **step), NOW) == held
    assert may_send(at_the_ceiling(NOW + timedelta(days=8), **step), NOW) == refused


def test_what_a_friend_waits_for_knows_no_ceiling() -> None:
    until = NOW + timedelta(days=2)
    assert may_send(at_the_ceiling(until, purpose=Purpose.SERVICE), NOW) == Allowed()
    assert may_send(at_the_ceiling(until, kind=DeliveryKind.TEST), NOW) == Allowed()


def test_an_apology_knows_no_ceiling_but_an_offer_within_its_scenario_does() -> None:
    until, apology = NOW + timedelta(days=8), {"kind": DeliveryKind.STEP, "apology": True}
    assert may_send(at_the_ceiling(until, **apology), NOW) == Allowed()
    offer = at_the_ceiling(until, purpose=Purpose.SALES, **apology)
    assert may_send(offer, NOW) == Refused(Reason.CONTACT_CEILING, "4 4 7")


def test_counting_in_the_database_agrees_with_looking_at_one_friend(database: Database) -> None:
    histories: tuple[list[int], ...] = ([], [0], [0, 5], [0, 1, 2, 3], [29], [30], [1, 2, 28, 29, 31])
    policy = ContactPolicy(Limits(week=3, month=4, floor=2), {})
    with database.begin() as session:
        for history in histories:
            friend = a_friend(session, facts={"stage": "existing"})
            for days in reversed(history):
                contacts.contacted(session, [friend.id], days_ago(days), cared=[friend.id])
        a_friend(session, followed_at=None)
        (counted,) = contact_plan.counts(session, policy, NOW)
        plan = Plan(policy, TODAY, TOKYO)
        kept = [facts.recent_contacts for facts in session.query(Facts).filter(Facts.stage == "existing")]
        full = sum(plan.standing("existing", each).ceiling is not None for each in kept)
        listed = contact_plan.below_floor(session, policy, NOW)
    below = sum(sum(days < 30 for days in history) < 2 for history in histories)
    assert (counted.friends, counted.full, counted.below) == (len(histories), full, below)
    assert (full, len(listed)) == (2, below)


def test_stages_may_differ_and_follow_the_default_again(sqlite: Database) -> None:
    policy = ContactPolicy().changed({"week": 3, "regular.week": 6, "exit": None, "closed_days": 1})
    assert (policy.of("regular").week, policy.of("existing").week, policy.of("exit").week) == (6, 3, 3)
    with sqlite.begin() as session:
        contact_policy.save(session, policy, "operator:1", NOW)
        assert contact_policy.in_force(session) == policy


@pytest.mark.parametrize(
    "change", [{"week": 41}, {"vip.week": 1}, {"regular": 3}, {"closed_days": 3}, {"x": 1}]
)
def test_a_plan_that_cannot_be_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(Invalid, match="policy_invalid"):
        ContactPolicy().changed(change)
