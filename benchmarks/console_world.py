"""What a shop of any size has on top of benchmarks/segment_world.py for its console: sends, chats, scenarios, staff."""

from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, update

from benchmarks.segment_tables import Filler
from benchmarks.segment_world import DAY_US, NOW, NOW_US
from bot import operators, ready_made
from bot.demo import sample
from bot.models import AuditEntry, Role
from scheduler import campaign_days, drafts, kept_forecast, quota
from scheduler.drafts import Draft
from scheduler.models import (
    BroadcastState,
    Decision,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Message,
    Purpose,
    Scenario,
    Step,
    StepBlock,
    StepKind,
)
from segments import analyses_nightly, day_counts, saved, segment_sizes, shop, watching
from segments.conditions import parse
from segments.db import Database
from segments.models import ChatMessage, Direction, Friend, LinkTap, Question

LOGIN, PASSWORD = "owner", "ringo mikan budou"
BROADCASTS = 6
REASONS = ("blocked", "opted_out", "contact_ceiling", "quiet_hours")
REGULARS: dict[str, Any] = {"is": "stage", "stages": ["regular", "existing"]}
Ints = NDArray[np.int64]


def furnish(database: Database, friends: int, seed: int) -> None:
    """Add to a rebuilt shop what its console shows; the nightly analyses are prepared as well."""
    rng = np.random.default_rng(seed)
    sent = _set_up(database)
    filler = Filler(database)
    first = _broadcast_deliveries(filler, sent, friends, rng)
    _scenario_deliveries(filler, _steps(database), friends, first, rng)
    _chats(filler, friends, rng)
    _audits(filler, rng)
    with database.begin() as session:
        # What is kept beside a name to find it by is written by the console's own doors, which the world did not use.
        found_by = func.lower(Friend.display_name)
        session.execute(update(Friend).values(last_wrote_at=Friend.created_at, searched=found_by))
    analyses_nightly.prepare(database, NOW, _failed)
    day_counts.refresh(database, NOW)
    campaign_days.count(database, NOW)
    with database.begin() as session:
        kept_forecast.keep(session, NOW)
    segment_sizes.count_all(database, NOW)


def _failed(name: str, error: Exception) -> None:
    raise RuntimeError(name) from error


def _set_up(database: Database) -> list[tuple[int, int]]:
    """Open the shop; return its broadcasts with their message's version."""
    with database.begin() as session:
        operators.create(session, LOGIN, "花子", Role.OWNER, PASSWORD, NOW)
        shop.save(session, sample.SHOP, NOW)
        quota.choose_plan(session, "standard", NOW)
        ready_made.install(session, NOW)
        tree = {"is": "all", "of": [REGULARS, {"is": "tag", "names": ["タグ1"]}]}
        made = saved.create(session, "常連で「タグ1」の方", parse(tree), "operator:1", NOW)
        watching.watch(session, made.id, NOW)
        session.add(_scenario(session.scalars(select(Message.id)).first()))
        sent: list[tuple[int, int]] = []
        text = {"ja": [{"type": "text", "text": "こんにちは"}]}
        for number in range(BROADCASTS):
            draft = Draft(f"お知らせ{number}", text, condition={"is": "everyone"})
            broadcast = drafts.create(session, draft, now=NOW, by="operator:1")
            if number:  # the first stays a draft
                at = NOW - timedelta(days=7 * number)
                broadcast.state, broadcast.started_at = BroadcastState.DONE, at
                broadcast.planned_at, broadcast.ended_at = at, at + timedelta(hours=1)
                sent.append((broadcast.id, broadcast.message_version_id or 0))
        later = drafts.create(
            session, Draft("週末のご案内", text, condition=REGULARS), now=NOW, by="operator:1"
        )
        later.state, later.scheduled_at = BroadcastState.SCHEDULED, NOW + timedelta(days=2)
    return sent


def _scenario(message_id: int | None) -> Scenario:
    """Return a scenario with a branch and ten steps."""
    steps = [
        Step(position=place, delay=timedelta(days=place), message_id=message_id, name=f"ステップ{place}")
        for place in range(1, 10)
    ]
    steps.append(Step(position=10, delay=timedelta(days=1), kind=StepKind.BRANCH, condition=REGULARS))
    return Scenario(name="長いご案内", trigger={"event": "followed"}, created_at=NOW, steps=steps)


def _steps(database: Database) -> list[tuple[int, int]]:
    """Return the message steps with their scenarios."""
    with database.reading() as session:
        found = select(Step.id, Step.scenario_id).where(Step.message_id.is_not(None)).order_by(Step.id)
        return [(step, scenario) for step, scenario in session.execute(found)]


def _state(rng: np.random.Generator, count: int) -> tuple[Ints, Any]:
    """Return numbers of states of sent messages, nine in ten accepted, and a reason for each."""
    refused = rng.random(count) < 0.1
    return refused.astype(np.int64), np.where(refused, rng.integers(0, len(REASONS), count), -1)


def _broadcast_deliveries(
    filler: Filler, sent: list[tuple[int, int]], friends: int, rng: np.random.Generator
) -> int:
    """Write a delivery a friend for each broadcast; return the next free id."""
    next_id = 1
    for number, (broadcast, version) in enumerate(sent, start=1):
        refused, reason = _state(rng, friends)
        at = NOW_US - 7 * number * DAY_US
        for state, why in _kinds():
            who = np.flatnonzero((refused == (why >= 0)) & (reason == why)) + 1
            ids = np.arange(next_id, next_id + len(who))
            next_id += len(who)
            columns = _columns(ids, who, at, state, why) | {"kind": DeliveryKind.BROADCAST.value}
            filler.fill(Delivery, columns | {"broadcast_id": broadcast, "message_version_id": version})
            if why >= 0:
                key = {"friend_id": who, "broadcast_id": broadcast, "enrolment_id": 0, "step_id": 0}
                filler.fill(Decision, key | {"rule": REASONS[why], "at": at})
            elif number == 1:
                taps = np.flatnonzero(rng.random(len(who)) < 0.05)
                _taps(filler, who[taps], ids[taps], at)
    return next_id


def _taps(filler: Filler, who: Ints, deliveries: Ints, at: float) -> None:
    # Above the ids of the taps that the shop was made with.
    ids = 10_000_000 + np.arange(len(who))
    filler.fill(LinkTap, {"id": ids, "link_id": 1, "friend_id": who, "at": at, "delivery_id": deliveries})


def _kinds() -> list[tuple[DeliveryState, int]]:
    return [(DeliveryState.ACCEPTED, -1), *((DeliveryState.SKIPPED, why) for why in range(len(REASONS)))]


def _columns(ids: Ints, who: Ints, at: Any, state: DeliveryState, why: int) -> dict[str, Any]:
    reason = {"reason": REASONS[why]} if why >= 0 else {}
    given = {"id": ids, "friend_id": who, "purpose": Purpose.SALES.value, "state": state.value}
    return given | {"created_at": at, "ended_at": at} | reason


def _scenario_deliveries(
    filler: Filler, steps: list[tuple[int, int]], friends: int, next_id: int, rng: np.random.Generator
) -> None:
    """Enrol a third of all friends in each scenario, spread over its steps, with what they were sent on the way."""
    enrolment = 1
    for scenario in sorted({scenario for _step, scenario in steps}):
        who = np.flatnonzero(rng.random(friends) < 1 / 3) + 1
        mine = [step for step, of in steps if of == scenario]
        place = rng.integers(0, len(mine) + 1, len(who))
        entered = np.rint(NOW_US - rng.uniform(1, 60, len(who)) * DAY_US)
        for reached in range(len(mine) + 1):
            here = np.flatnonzero(place == reached)
            ids = np.arange(enrolment, enrolment + len(here))
            enrolment += len(here)
            _enrol(filler, scenario, mine, reached, (ids, who[here], entered[here]), rng)
            for step in mine[:reached]:
                deliveries = np.arange(next_id, next_id + len(here))
                next_id += len(here)
                columns = _columns(deliveries, who[here], entered[here], DeliveryState.ACCEPTED, -1)
                of = {"enrolment_id": ids, "step_id": step, "kind": DeliveryKind.STEP.value}
                filler.fill(Delivery, columns | of)
                blocks = np.flatnonzero(rng.random(len(here)) < 0.005)
                filler.fill(
                    StepBlock, {"delivery_id": deliveries[blocks], "step_id": step, "at": NOW_US - DAY_US}
                )


def _enrol(
    filler: Filler,
    scenario: int,
    steps: list[int],
    reached: int,
    these: tuple[Ints, Ints, Any],
    rng: np.random.Generator,
) -> None:
    ids, who, entered = these
    row = {"id": ids, "scenario_id": scenario, "friend_id": who, "cause": "bench", "entered_at": entered}
    if reached == len(steps):
        ended = {
            "state": EnrolmentState.COMPLETED.value,
            "ended_at": NOW_US - DAY_US,
            "end_reason": "completed",
        }
        filler.fill(Enrolment, row | ended)
        return
    due = np.rint(NOW_US + rng.uniform(0, 40, len(ids)) * DAY_US)
    waits = {
        "state": EnrolmentState.ACTIVE.value,
        "next_step_id": steps[reached],
        "next_at": due,
        "due_at": due,
    }
    filler.fill(Enrolment, row | waits)


def _chats(filler: Filler, friends: int, rng: np.random.Generator) -> None:
    """Write a message from two friends in five and an answer to it; one in fifty of them is still to be answered."""
    who = np.flatnonzero(rng.random(friends) < 0.4) + 1
    at = np.rint(NOW_US - rng.uniform(0.01, 200, len(who)) * DAY_US)
    ids = np.arange(1, len(who) + 1)
    said = {"kind": "text", "text": "送料はいくらですか？"}
    row = {"id": ids, "friend_id": who, "direction": Direction.IN.value, "at": at}
    filler.fill(ChatMessage, row | said)
    answers = {"id": ids + len(who), "friend_id": who, "direction": Direction.OUT.value, "at": at + 60e6}
    filler.fill(ChatMessage, answers | said)
    open_ = rng.random(len(who)) < 0.02
    filler.fill(
        Question,
        {
            "id": ids,
            "friend_id": who,
            "message_id": ids,
            "asked_at": at,
            "answered_at": np.where(open_, np.nan, at + 60e6),
        },
    )


def _audits(filler: Filler, rng: np.random.Generator) -> None:
    at = np.sort(np.rint(NOW_US - rng.uniform(0, 300, 5000) * DAY_US))
    filler.fill(AuditEntry, {"at": at, "actor": "operator:1", "action": "coupon_redeemed", "subject": "1"})
