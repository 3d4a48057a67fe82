"""How far a new shop has come: each step is true or not by what is on record, nothing is typed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from bot.console import connection_views
from bot.console.connection_views import Wiring
from bot.line.handlers.following import GREETING, WELCOME_BACK
from bot.models import Operator
from bot.settings import Settings
from scheduler.models import Delivery, DeliveryState, Message, MessageVersion
from segments import shop
from segments.models import Friend, Purchase, SegmentVersion, Setting

SETTING = "first_steps"
JUST_NOW = timedelta(hours=1)
SHOWN = 5


class Step(StrEnum):
    """What a newcomer does, in this order."""

    PASSWORD = "password"  # noqa: S105 — a step, not a secret
    SHOP = "shop"
    CHANNEL = "channel"
    WEBHOOK = "webhook"
    AUTO_REPLY = "auto_reply"
    GREETING = "greeting"
    FRIEND = "friend"
    ARRIVED = "arrived"
    PURCHASES = "purchases"
    SEGMENT = "segment"
    STAFF = "staff"


OF_LINE_ALONE = (Step.CHANNEL, Step.WEBHOOK, Step.AUTO_REPLY)
"""The simulator needs none of them: they wait until the shop leaves it."""


@dataclass(frozen=True)
class Facts:
    """What decides whether steps are done."""

    shop: shop.Shop
    wiring: Wiring
    last_event_at: datetime | None
    greeting_id: int | None
    greeting_version: int
    own: Friend | None
    """The operator's own LINE."""
    greeted_at: datetime | None
    has_purchases: bool
    has_segment: bool
    operators: int


@dataclass(frozen=True)
class State:
    """One step: whether it is done, put aside, or for later."""

    step: Step
    done: bool
    skipped: bool = False
    later: bool = False
    """Only once the shop leaves the simulator."""

    @property
    def is_open(self) -> bool:
        """Whether it is still to do."""
        return not (self.done or self.skipped or self.later)


@dataclass(frozen=True)
class Newcomer:
    """Somebody who became a friend just now."""

    id: int
    name: str
    at: datetime
    greeted_at: datetime | None


def facts(session: Session, settings: Settings, operator_id: int) -> Facts:
    """Return what is on record; a few small queries."""
    own_id = select(Operator.friend_id).where(Operator.id == operator_id).scalar_subquery()
    own = session.scalar(select(Friend).where(Friend.id == own_id))
    greeting = session.execute(
        select(Message.id, func.max(MessageVersion.version))
        .join(MessageVersion, MessageVersion.message_id == Message.id)
        .where(Message.key == GREETING)
        .group_by(Message.id)
    ).first()
    active = select(func.count()).select_from(Operator).where(Operator.disabled_at.is_(None))
    return Facts(
        shop=shop.load(session),
        wiring=connection_views.wiring(settings),
        last_event_at=connection_views.last_event_at(session),
        greeting_id=greeting[0] if greeting else None,
        greeting_version=greeting[1] if greeting else 0,
        own=own,
        greeted_at=_greeted(session, [own.id]).get(own.id) if own else None,
        has_purchases=bool(session.scalar(select(exists(select(Purchase.id))))),
        has_segment=bool(session.scalar(select(exists(select(SegmentVersion.segment_id))))),
        operators=session.scalar(active) or 0,
    )


DONE: dict[Step, Callable[[Facts], bool]] = {
    Step.PASSWORD: lambda _known: True,  # No page opens before.
    Step.SHOP: lambda known: bool(known.shop.name and known.shop.opening_hours.of("ja")),
    Step.CHANNEL: lambda known: (
        known.wiring.has_secret and known.wiring.has_token and not known.wiring.simulator
    ),
    Step.WEBHOOK: lambda known: known.last_event_at is not None and not known.wiring.simulator,
    Step.AUTO_REPLY: lambda _known: False,  # LINE tells nobody; a person says so by putting it aside.
    Step.GREETING: lambda known: known.greeting_version > 1,
    Step.FRIEND: lambda known: known.own is not None,
    Step.ARRIVED: lambda known: known.greeted_at is not None,
    Step.PURCHASES: lambda known: known.has_purchases,
    Step.SEGMENT: lambda known: known.has_segment,
    Step.STAFF: lambda known: known.operators > 1,
}


def states(session: Session, known: Facts) -> list[State]:
    """Return how each step stands."""
    put_aside = skipped(session)
    simulated = bool(known.wiring.simulator)
    return [
        State(step, DONE[step](known), step in put_aside, simulated and step in OF_LINE_ALONE)
        for step in Step
    ]


def is_unfinished(session: Session, settings: Settings, operator_id: int) -> bool:
    """Tell whether anything is still to do; for the home page."""
    return any(state.is_open for state in states(session, facts(session, settings, operator_id)))


def skipped(session: Session) -> set[str]:
    """Return the steps that were put aside."""
    stored = session.get(Setting, SETTING)
    return set(stored.value["skipped"]) if stored else set()


def put_aside(session: Session, step: Step, *, aside: bool, now: datetime) -> None:
    """Put a step aside, or take it up again."""
    wanted = (skipped(session) | {step}) if aside else (skipped(session) - {step})
    session.merge(Setting(name=SETTING, value={"skipped": sorted(wanted)}, updated_at=now))
    session.flush()


def newcomers(session: Session, now: datetime) -> Sequence[Newcomer]:
    """Return who became a friend within the last hour, the newest first, and whether the greeting reached them."""
    rows = session.execute(
        select(Friend.id, Friend.display_name, Friend.followed_at)
        .where(Friend.followed_at > now - JUST_NOW, Friend.blocked_at.is_(None))
        .order_by(Friend.followed_at.desc())
        .limit(SHOWN)
    ).all()
    greeted = _greeted(session, [row[0] for row in rows])
    return [Newcomer(id_, name, at, greeted.get(id_)) for id_, name, at in rows if at is not None]


def _greeted(session: Session, friend_ids: list[int]) -> dict[int, datetime]:
    """Return when LINE took the greeting for these friends."""
    if not friend_ids:
        return {}
    rows = session.execute(
        select(Delivery.friend_id, func.max(Delivery.created_at))
        .join(MessageVersion, MessageVersion.id == Delivery.message_version_id)
        .join(Message, Message.id == MessageVersion.message_id)
        .where(
            Delivery.friend_id.in_(friend_ids),
            Delivery.state == DeliveryState.ACCEPTED,
            Message.key.in_((GREETING, WELCOME_BACK)),
        )
        .group_by(Delivery.friend_id)
    )
    return dict(rows.all())
