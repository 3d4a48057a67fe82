"""Whether a message may go to a friend now, and the reason when it may not."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.eligibility import (
    Allowed,
    Candidate,
    Held,
    Progress,
    Reason,
    Recipient,
    Refused,
    candidates,
    may_send,
    reason_words,
)
from scheduler.enrolments import end, enrol
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    EnrolmentState,
    Purpose,
)
from scheduler.timing import QuietHours
from segments.db import Database
from segments.models import Friend
from tests.builders import a_friend, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
NIGHT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
"""23:00 in Tokyo."""
FRIEND = Recipient(
    on_line=True,
    follows=True,
    blocked=False,
    opted_out=False,
    suppressed=False,
    last_wrote_at=None,
    zone=ZoneInfo("Asia/Tokyo"),
)
QUIET = QuietHours(time(21), time(9))


def candidate(
    purpose: Purpose = Purpose.CARE, kind: DeliveryKind = DeliveryKind.BROADCAST, **changes: Any
) -> Candidate:
    names = {"expires_at", "already_got", "progress"}
    about = {name: changes.pop(name) for name in list(changes) if name in names}
    return Candidate(replace(FRIEND, **changes), kind, purpose, QUIET, **about)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_friend_who_follows_may_be_written_to(purpose: Purpose) -> None:
    assert may_send(candidate(purpose), NOW) == Allowed()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"on_line": False}, Reason.NO_LINE_ID),
        ({"blocked": True}, Reason.BLOCKED),
        ({"follows": False}, Reason.NOT_FOLLOWING),
        ({"follows": False, "last_wrote_at": days_ago(1)}, Reason.NOT_FOLLOWING),
        ({"opted_out": True}, Reason.OPTED_OUT),
        ({"suppressed": True}, Reason.SUPPRESSED),
        ({"expires_at": NOW}, Reason.EXPIRED),
        ({"already_got": True}, Reason.ALREADY_GOT),
        ({"progress": Progress.CANCELLED}, Reason.CAMPAIGN_CANCELLED),
        ({"progress": Progress.ENDED}, Reason.SCENARIO_ENDED),
        ({"progress": Progress.REMOVED}, Reason.STEP_REMOVED),
    ],
)
def test_an_offer_is_refused_with_a_reason(changes: dict[str, Any], reason: Reason) -> None:
    assert may_send(candidate(Purpose.SALES, **changes), NOW) == Refused(reason)


def test_care_goes_to_friends_who_are_to_get_no_offers() -> None:
    assert may_send(candidate(Purpose.CARE, suppressed=True), NOW) == Allowed()


def test_an_answer_goes_to_who_opted_out_and_to_strangers_who_wrote_this_week() -> None:
    assert may_send(candidate(Purpose.SERVICE, opted_out=True), NOW) == Allowed()
    assert may_send(candidate(Purpose.SERVICE, follows=False, last_wrote_at=days_ago(6.9)), NOW) == Allowed()
    late = may_send(candidate(Purpose.SERVICE, follows=False, last_wrote_at=days_ago(7)), NOW)
    assert late == Refused(Reason.NOT_FOLLOWING)


def test_at_night_messages_wait_for_the_morning_but_answers_and_tests_do_not() -> None:
    morning = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
    assert may_send(candidate(), NIGHT) == Held(morning, Reason.QUIET_HOURS)
    assert may_send(candidate(Purpose.SERVICE), NIGHT) == Allowed()
    assert may_send(candidate(kind=DeliveryKind.TEST), NIGHT) == Allowed()


def test_a_friend_elsewhere_is_not_woken_by_the_shops_day() -> None:
    there = candidate(zone=ZoneInfo("America/New_York"))
    assert may_send(there, NOW) == Held(datetime(2026, 11, 21, 14, 0, tzinfo=UTC), Reason.QUIET_HOURS)


def test_what_would_be_too_late_in_the_morning_is_refused_at_night() -> None:
    assert may_send(candidate(expires_at=NIGHT + timedelta(hours=2)), NIGHT) == Refused(Reason.EXPIRED)


def test_a_paused_campaign_holds() -> None:
    verdict = may_send(candidate(progress=Progress.PAUSED), NOW)
    assert isinstance(verdict, Held)
    assert verdict.reason is Reason.CAMPAIGN_PAUSED
    assert verdict.until > NOW


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_in_both_languages(reason: Reason) -> None:
    assert reason_words(reason, "ja") != reason
    assert reason_words(reason, "en").isascii()


def test_a_reason_with_a_detail_says_it() -> None:
    assert reason_words("fact_missing:coupon.title", "ja") == "差し込む情報がありません（クーポンの名前）"
    assert reason_words("line_said_no", "ja") == "line_said_no"


def _delivery(friend: Friend, **values: Any) -> Delivery:
    defaults = {
        "kind": DeliveryKind.BROADCAST,
        "purpose": Purpose.SALES,
        "state": DeliveryState.QUEUED,
        "created_at": NOW,
    }
    return Delivery(friend_id=friend.id, **(defaults | values))


def test_candidates_carry_what_the_database_knows(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, facts={"suppressed_at": NOW}, opted_out_at=NOW, timezone="Europe/Paris")
        blocked = a_friend(session, blocked_at=NOW, timezone="Nowhere/At_All")
        stranger = a_friend(session, followed_at=None, line_user_id=None)
        broadcasts = [
            Broadcast(name="x", state=state, created_at=NOW)
            for state in (BroadcastState.PAUSED, BroadcastState.CANCELLED)
        ]
        session.add_all(broadcasts)
        session.flush()
        deliveries = [
            _delivery(stranger, state=DeliveryState.ACCEPTED),
            _delivery(friend, broadcast_id=broadcasts[0].id),
            _delivery(blocked, broadcast_id=broadcasts[1].id),
        ]
        session.add_all(deliveries)
        session.flush()
        first, second, third = candidates(session, deliveries, NOW)
    assert (first.already_got, first.recipient.follows, first.recipient.on_line) == (True, False, False)
    assert (second.recipient.suppressed, second.recipient.opted_out, second.progress) == (
        True,
        True,
        Progress.PAUSED,
    )
    assert second.recipient.zone.key == "Europe/Paris"
    assert (third.recipient.blocked, third.recipient.zone.key, third.progress) == (
        True,
        "Asia/Tokyo",
        Progress.CANCELLED,
    )
    assert third.quiet == QUIET


@pytest.mark.parametrize("name", ["Asia", "x" * 64, "../etc/localtime", "=1+1"])
def test_a_stored_zone_that_does_not_exist_counts_as_the_shops(database: Database, name: str) -> None:
    with database.begin() as session:
        delivery = _delivery(a_friend(session, timezone=name))
        session.add(delivery)
        session.flush()
        (one,) = candidates(session, [delivery], NOW)
    assert one.recipient.zone.key == "Asia/Tokyo"


def test_steps_follow_their_scenario(database: Database) -> None:
    with database.begin() as session:
        scenario, other = a_scenario(session), a_scenario(session)
        friend = a_friend(session)
        running, ended = (enrol(session, each, friend.id, "test", {}, NOW) for each in (scenario, other))
        assert running
        assert ended
        deliveries = [
            _delivery(friend, kind=DeliveryKind.STEP, enrolment_id=each.id, step_id=each.next_step_id)
            for each in (running, ended)
        ]
        session.add_all(deliveries)
        session.flush()
        end(session, ended, EnrolmentState.LEFT, Reason.STOPPED, NOW)
        assert [each.progress for each in candidates(session, deliveries, NOW)] == [
            Progress.RUNNING,
            Progress.ENDED,
        ]
        scenario.active = False
        session.flush()
        assert candidates(session, deliveries[:1], NOW)[0].progress is Progress.PAUSED
