"""Loads, in a few queries for many deliveries, what eligibility judges by."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from scheduler import bulk, control_groups
from scheduler.contact_plan import Plan, Standing
from scheduler.control_groups import ControlPolicy, is_held_out, salt_of
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Purpose,
    Scenario,
    Step,
)
from scheduler.timing import QuietHours
from scheduler.verdicts import Candidate, Progress, Recipient
from scheduler.waiting import Waiting
from segments import contact_policy, policies, shop, trust_policy
from segments.contact_policy import ContactPolicy
from segments.models import Facts, Friend
from segments.shop import Shop
from segments.trust_moves import Account
from segments.trust_policy import TrustPolicy

_BROADCAST = {
    BroadcastState.PAUSED: Progress.PAUSED,
    BroadcastState.CANCELLED: Progress.CANCELLED,
}
_TAKEN = frozenset({DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN})
"""The friend has it, or may have it: never again."""


def candidates(
    session: Session, deliveries: Sequence[Delivery] | Sequence[Waiting], now: datetime
) -> list[Candidate]:
    """Return what may_send asks about each of at most 500 deliveries, in their order.

    Deliveries that are alike in all that may_send looks at share one candidate: it need be judged but once.
    """
    house = house_of(session, now)
    known = recipients(session, {delivery.friend_id for delivery in deliveries}, house)
    broadcasts = _broadcasts(session, deliveries)
    steps = _step_progress(session, deliveries)
    alike: dict[tuple[object, ...], Candidate] = {}
    found: list[Candidate] = []
    for delivery in deliveries:
        recipient = known[delivery.friend_id]
        taken = delivery.state in _TAKEN
        progress, percent = broadcasts.get(delivery.broadcast_id, _NO_BROADCAST)
        progress = progress or steps.get(delivery.id) or Progress.RUNNING
        out = held_out_of(house, delivery.friend_id, delivery.broadcast_id, percent)
        key = (id(recipient), delivery.kind, delivery.purpose, delivery.expires_at, taken, progress, out)
        if key not in alike:
            alike[key] = Candidate(
                recipient=recipient,
                kind=delivery.kind,
                purpose=delivery.purpose,
                quiet=house.quiet,
                expires_at=delivery.expires_at,
                already_got=taken,
                progress=progress,
                open_days=house.open_days(delivery.kind),
                held_out_of=out,
            )
        found.append(alike[key])
    return found


def for_step(
    session: Session, friend_ids: Collection[int], purpose: Purpose, now: datetime
) -> dict[int, Candidate]:
    """Return what may_send asks about a message of a step that each of at most 500 friends is about to get.

    It has no delivery yet; the caller replaces `expires_at` where the step's message ends to make sense.
    """
    house = house_of(session, now)
    known = recipients(session, friend_ids, house)
    return {
        friend_id: Candidate(
            recipient=recipient,
            kind=DeliveryKind.STEP,
            purpose=purpose,
            quiet=house.quiet,
            open_days=house.open_days(DeliveryKind.STEP),
            held_out_of=held_out_of(house, friend_id, None, 0),
        )
        for friend_id, recipient in known.items()
    }


@dataclass(frozen=True)
class House:
    """What the shop decided that is the same for every friend, at one moment."""

    settings: Shop
    contact: ContactPolicy
    trust: TrustPolicy
    control: ControlPolicy
    now: datetime

    @property
    def quiet(self) -> QuietHours:
        """The hours in which nothing leaves by itself."""
        return quiet_hours(self.settings)

    def open_days(self, kind: DeliveryKind) -> Shop | None:
        """Return whose closed days a message of a kind waits for to pass."""
        waits = self.contact.closed_days >= (2 if kind is DeliveryKind.BROADCAST else 1)
        return self.settings if waits else None


def house_of(session: Session, now: datetime) -> House:
    """Return what the shop has decided, in two queries."""
    found = policies.in_force(session, contact_policy.NAME, trust_policy.NAME, control_groups.NAME)
    return House(
        shop.load(session),
        contact_policy.read(found),
        trust_policy.read(found),
        control_groups.read(found),
        now,
    )


def held_out_of(house: House, friend_id: int, broadcast_id: int | None, percent: int) -> int:
    """Return the percent of the control group a friend is in, of the shop or else of the broadcast; 0 for none."""
    control = house.control
    if control.percent and is_held_out(friend_id, control.salt, control.percent):
        return control.percent
    if percent and broadcast_id is not None and is_held_out(friend_id, salt_of(broadcast_id), percent):
        return percent
    return 0


def quiet_hours(settings: Shop) -> QuietHours:
    """Return the hours in which the shop sends nothing by itself."""
    return QuietHours(settings.quiet_from, settings.quiet_until)


_DECIDING = (
    Friend.line_user_id.is_not(None),
    Friend.followed_at.is_not(None),
    Friend.blocked_at.is_not(None),
    Friend.opted_out_at.is_not(None),
    Friend.offers_opted_out_at.is_not(None),
    Facts.suppressed_at.is_not(None),
    # Only strangers are asked when they wrote: friends who follow are then alike.
    case((Friend.followed_at.is_(None), Friend.last_wrote_at)),
    Friend.timezone,
)
"""What of a friend decides as it is, in the order of the parameters of _recipient."""
_WEIGHED = (Facts.stage, Facts.recent_contacts, Facts.trust_red_until, Facts.complained_at)
"""What decides once it is weighed by the shop's policies: of most friends nothing comes of it."""


def recipients(session: Session, friend_ids: Iterable[int], house: House) -> dict[int, Recipient]:
    """Return what of each friend decides whether they may be written to; friends who are alike share one."""
    rows: Iterable[Any] = session.execute(
        select(Friend.id, *_WEIGHED, *_DECIDING)
        .outerjoin(Facts, Facts.friend_id == Friend.id)
        .where(bulk.among(session, Friend.id, friend_ids))
    )
    now, settings = house.now, house.settings
    plan = Plan(house.contact, settings.today(now), settings.zone)
    spared = timedelta(days=house.trust.complaint_silence_days)
    alike: dict[tuple[Any, ...], Recipient] = {}
    found: dict[int, Recipient] = {}
    for friend_id, stage, recent, red_until, complained_at, *own in rows:
        contact = plan.standing(stage or "", recent or "")
        owed = Account(0, red_until).owed(now, house.trust) if red_until else 0
        until = complained_at + spared if complained_at else None
        until = until if until and until > now else None
        columns: Sequence[Any] = own
        key: tuple[Any, ...] = (id(contact), owed, until, *columns)
        if key not in alike:
            alike[key] = _recipient(settings, contact, owed, until, *cast("list[Any]", columns))
        found[friend_id] = alike[key]
    return found


def _recipient(
    settings: Shop,
    contact: Standing,
    owed: int,
    spared_until: datetime | None,
    on_line: bool,
    follows: bool,
    blocked: bool,
    opted_out: bool,
    offers_opted_out: bool,
    suppressed: bool,
    last_wrote_at: datetime | None,
    timezone: str | None,
) -> Recipient:
    return Recipient(
        on_line=on_line,
        follows=follows,
        blocked=blocked,
        opted_out=opted_out,
        suppressed=suppressed,
        last_wrote_at=last_wrote_at,
        zone=_zone(timezone) or settings.zone,
        offers_opted_out=offers_opted_out,
        owed=owed,
        spared_until=spared_until,
        contact=contact,
    )


def zones(session: Session, friend_ids: Iterable[int], settings: Shop) -> dict[int, ZoneInfo]:
    """Return the zones by whose wall clocks friends sleep."""
    rows = session.execute(
        select(Friend.id, Friend.timezone).where(bulk.among(session, Friend.id, friend_ids))
    )
    return {friend_id: _zone(name) or settings.zone for friend_id, name in rows}


@lru_cache(maxsize=256)
def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


_NO_BROADCAST: tuple[Progress | None, int] = (None, 0)


def _broadcasts(
    session: Session, deliveries: Sequence[Delivery] | Sequence[Waiting]
) -> dict[int | None, tuple[Progress | None, int]]:
    """Return how it stands with each broadcast, and the percent it holds out."""
    ids = {delivery.broadcast_id for delivery in deliveries if delivery.broadcast_id is not None}
    if not ids:
        return {}
    rows = session.execute(
        select(Broadcast.id, Broadcast.state, Broadcast.holdout_percent).where(Broadcast.id.in_(ids))
    )
    return {id_: (_BROADCAST.get(state, Progress.RUNNING), percent) for id_, state, percent in rows}


def _step_progress(
    session: Session, deliveries: Sequence[Delivery] | Sequence[Waiting]
) -> dict[int, Progress]:
    """Return, by delivery, whether its scenario has ended for the friend or is paused."""
    ids = [delivery.id for delivery in deliveries if delivery.enrolment_id is not None]
    if not ids:
        return {}
    rows = session.execute(
        select(Delivery.id, Enrolment.state, Scenario.active, Step.active)
        .join(Enrolment, Enrolment.id == Delivery.enrolment_id)
        .join(Scenario, Scenario.id == Enrolment.scenario_id)
        .outerjoin(Step, Step.id == Delivery.step_id)
        .where(Delivery.id.in_(ids))
    )
    return {id_: _stand(state, scenario, step) for id_, state, scenario, step in rows}


def _stand(state: EnrolmentState, scenario_active: bool, step_active: bool | None) -> Progress:
    if state in {EnrolmentState.GOAL, EnrolmentState.LEFT}:
        return Progress.ENDED
    return Progress.RUNNING if scenario_active and step_active is not False else Progress.PAUSED
