"""One friend's record, as their page shows it above the timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import formats
from bot.actors import actor_name
from bot.i18n import current_language
from segments import friend_notes, mail_consent, policies, rfm, stage_keeping, tags
from segments.cycle_rows import state_of
from segments.cycle_words import explain
from segments.errors import NotFound
from segments.ladders import LADDERS
from segments.models import (
    Coupon,
    CouponGrant,
    Cycle,
    Facts,
    Friend,
    FriendNote,
    Purchase,
    Referral,
    StageChange,
)
from segments.rfm import Loyalty, Scores
from segments.shop import Shop
from segments.stages import reason_words
from segments.tags import FriendsTag

BOUGHT = 24
"""Purchases on the small chart."""
MOVES = 60
"""Moves looked through for the newest of each ladder."""
BROUGHT = 20


@dataclass(frozen=True)
class Standing:
    """Where the friend stands on one ladder, since when and why."""

    ladder: str
    rung: str
    since: datetime | None
    why: str


@dataclass(frozen=True)
class Value:
    """What the analyses say of a buyer."""

    scores: Scores | None
    decile: int | None
    loyalty: Loyalty | None


@dataclass(frozen=True)
class Ties:
    """Who brought the friend, and whom they brought."""

    referrer: tuple[int, str] | None
    brought: Sequence[tuple[int, str]]


@dataclass(frozen=True)
class FriendRecord:
    """What the page shows of a friend."""

    friend: Friend
    facts: Facts
    cycle: Cycle | None
    due_words: str
    """Why the next purchase is expected when it is; "" while nothing was bought."""
    standings: Sequence[Standing]
    value: Value
    bought: Sequence[tuple[datetime, int]]
    """The last purchases, the oldest first: when, and for how many yen."""
    tags: Sequence[tuple[FriendsTag, str]]
    """Tags, each with who put it on."""
    notes: Sequence[tuple[FriendNote, str]]
    """Notes, each with who wrote it."""
    coupons: Sequence[tuple[CouponGrant, Coupon]]
    """Coupons that can still be used."""
    ties: Ties
    mail_stands: bool
    """Whether mail may be sent."""

    @property
    def fields(self) -> dict[str, str]:
        """The columns of the shop's own, those with something in them."""
        return {name: str(value) for name, value in self.friend.fields.items() if value not in (None, "")}

    def marks(self, shop: Shop, words: tuple[str, str], now: datetime) -> list[tuple[date, str, str]]:
        """Return the dates of the small chart: purchases, and the next one; `words` say due and late."""
        due, late = words
        marks = [(shop.today(at), formats.yen(yen, current_language()), "done") for at, yen in self.bought]
        if self.cycle is not None and self.cycle.due_at is not None:
            is_late = self.cycle.due_at < now
            marks.append(
                (shop.today(self.cycle.due_at), late if is_late else due, "late" if is_late else "due")
            )
        return marks


def record(session: Session, friend_id: int, shop: Shop, now: datetime, language: str) -> FriendRecord:
    """Return one friend's record; raises NotFound (friend_unknown)."""
    friend = session.get(Friend, friend_id) if 0 < friend_id < 2**63 else None
    facts = session.get(Facts, friend_id) if friend is not None else None
    if friend is None or facts is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    cycle = session.get(Cycle, (friend_id, ""))
    return FriendRecord(
        friend=friend,
        facts=facts,
        cycle=cycle,
        due_words=_due_words(session, cycle, shop, now, language),
        standings=_standings(session, friend, facts, shop, language),
        value=_value(session, facts, now),
        bought=_bought(session, friend_id),
        tags=[(tag, _setter(session, tag.set_by)) for tag in tags.of_friend(session, friend_id)],
        notes=[(note, actor_name(session, note.by)) for note in friend_notes.of_friend(session, friend_id)],
        coupons=_coupons(session, friend_id, now),
        ties=_ties(session, friend_id),
        mail_stands=bool(mail_consent.addresses(session, [friend_id])),
    )


def _due_words(session: Session, cycle: Cycle | None, shop: Shop, now: datetime, language: str) -> str:
    if cycle is None:
        return ""
    params = policies.cycle_params(session)
    return explain(state_of(cycle), params.of(cycle.category), now, language, shop.zone)


def _standings(session: Session, friend: Friend, facts: Facts, shop: Shop, language: str) -> list[Standing]:
    rules, moves = policies.ladder_policies(session), _newest_moves(session, friend.id)
    told: list[Standing] = []
    for name, ladder in LADDERS.items():
        move = moves.get(name.value)
        reason = getattr(facts, ladder.reason_column) if ladder.reason_column else move.reason if move else ""
        params: dict[str, Any] = stage_keeping.reason_params(facts, rules, ladder)
        if not params and move is not None and move.reason == reason:
            params = move.reason_params
        if reason == "known" and friend.followed_at:
            # Noted in the moment before the follow itself was: to a reader it is the same moment.
            reason = "followed"
        why = reason_words(reason, params, language, shop.zone) if reason else ""
        told.append(
            Standing(name.value, getattr(facts, ladder.rung_column), getattr(facts, ladder.since_column), why)
        )
    return told


def _newest_moves(session: Session, friend_id: int) -> dict[str, StageChange]:
    mine = select(StageChange).where(StageChange.friend_id == friend_id)
    newest: dict[str, StageChange] = {}
    for move in session.scalars(mine.order_by(StageChange.at.desc(), StageChange.id.desc()).limit(MOVES)):
        newest.setdefault(move.ladder, move)
    return newest


def _value(session: Session, facts: Facts, now: datetime) -> Value:
    policy = rfm.load(session)
    scores = rfm.scores_of(facts.last_purchase_at, facts.purchase_count, facts.spend_yen, policy, now)
    bounds = policy.deciles.bounds
    return Value(
        scores=scores,
        decile=rfm.decile_of(facts.spend_yen, bounds) if scores else None,
        loyalty=rfm.loyalty_of(facts.purchase_count, facts.purchase_status, policy),
    )


def _bought(session: Session, friend_id: int) -> list[tuple[datetime, int]]:
    kept = Purchase.amount_yen - Purchase.refunded_yen
    mine = select(Purchase.bought_at, kept).where(Purchase.friend_id == friend_id)
    newest = session.execute(mine.order_by(Purchase.bought_at.desc()).limit(BOUGHT))
    return [(at, yen) for at, yen in newest][::-1]


def _setter(session: Session, by: str) -> str:
    """Return who or what put a tag on; "" for what people call no name."""
    return actor_name(session, by) if by.startswith(("operator:", "api:")) else by


def _coupons(session: Session, friend_id: int, now: datetime) -> list[tuple[CouponGrant, Coupon]]:
    held = (
        select(CouponGrant, Coupon)
        .join(Coupon, Coupon.id == CouponGrant.coupon_id)
        .where(CouponGrant.friend_id == friend_id, CouponGrant.redeemed_at.is_(None))
        .where(CouponGrant.expires_at > now)
        .order_by(CouponGrant.expires_at)
    )
    return [(grant, coupon) for grant, coupon in session.execute(held.limit(BROUGHT))]


def _ties(session: Session, friend_id: int) -> Ties:
    both = Referral.newcomer_id == friend_id, Referral.referrer_id == friend_id
    who = select(Friend.id, Friend.display_name)
    referrer = session.execute(who.join(Referral, Referral.referrer_id == Friend.id).where(both[0])).first()
    brought = who.join(Referral, Referral.newcomer_id == Friend.id).where(both[1])
    found = session.execute(brought.order_by(Referral.id.desc()).limit(BROUGHT))
    return Ties((referrer[0], referrer[1]) if referrer else None, [(one, name) for one, name in found])
