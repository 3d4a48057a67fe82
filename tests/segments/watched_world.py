"""A small shop whose segments are watched, and everything that can happen to its friends."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from segments import (
    audience,
    conditions,
    coupons,
    friends,
    members_filling,
    members_looking,
    members_time,
    purchases,
    referrals,
    rule_tags,
    tag_rows,
    tags,
    watching,
)
from segments.compiler import sendable
from segments.coupons import CouponTerms
from segments.db import Database
from segments.models import (
    CustomerEvent,
    EventKind,
    Facts,
    Friend,
    FriendTag,
    Product,
    Purchase,
    PurchaseItem,
    Segment,
    SegmentMember,
    Tag,
    Touched,
)
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY

REGULARS, TEA = "regulars", "TEA"
CONDITIONS: dict[str, dict[str, Any]] = {
    "two lately": {"is": "bought", "at_least": 2, "within_days": 30},
    "vip": {"is": "all", "of": [{"is": "tag", "names": ["vip"]}, {"is": "reachable"}]},
    "not lately": {"is": "none", "of": [{"is": "last_purchase", "within_days": 10}]},
    "birthday": {"is": "birthday_within", "days": 3},
    "due": {"is": "due_within", "days": 20},
    "coupon": {"is": "has_coupon"},
    "referrers": {"is": "referral_count", "at_least": 1},
    REGULARS: {"is": "tag", "names": [REGULARS]},
}
"""By name; "two lately" leads the tag that the last one asks for, and one more names "vip" as a segment."""
MOST_FRIENDS = 9
Members = dict[int, set[int]]


class World:
    """One shop in one database; every act is a transaction of its own."""

    def __init__(self, database: Database, batch: int = 3) -> None:
        self.database, self.batch, self.now = database, batch, A_SATURDAY
        self._orders = 0
        with database.begin() as session:
            _empty(session)
            a_product(session, code=TEA, category="tea")
            coupons.define(session, "c", CouponTerms("c", "c", 100, 30), self.now)
            for name in ("vip", REGULARS):
                tags.ensure(session, name, self.now)
            self.friends = [a_friend(session, birthday=_birthday(each)).id for each in range(6)]
            self.segments = {name: add_segment(session, name, data) for name, data in CONDITIONS.items()}
            inner = {"is": "none", "of": [{"is": "segment", "segment_id": self.segments["vip"]}]}
            self.segments["not vip"] = add_segment(session, "not vip", inner)
            for segment_id in self.segments.values():
                watching.watch(session, segment_id, self.now)
            rule_tags.set_rule(session, REGULARS, self.segments["two lately"], self.now)
        self.settle()
        self.before = self.kept()
        self._seen = self._last_event()

    def act(self, what: str, whom: int, number: int) -> None:
        """Let one thing happen."""
        with self.database.begin() as session:
            friend = session.get_one(Friend, self.friends[whom % len(self.friends)])
            match what:
                case "tag":
                    tags.tag(session, friend.id, ("vip", REGULARS)[number % 2], self.now, "operator:1")
                case "untag":
                    tags.untag(session, friend.id, "vip")
                case "buy":
                    self._buy(session, friend.id, timedelta(days=number))
                case "refund":
                    self._refund(session, friend.id)
                case "follow":
                    friends.follow(session, friend, self.now)
                case "block":
                    friends.block(session, friend, self.now)
                case "stop":
                    friends.opt_out(session, friend, self.now)
                case "start":
                    friends.opt_in(session, friend, self.now)
                case "grant":
                    coupons.grant(session, "c", friend.id, f"{self.now}{number}{friend.id}", self.now)
                case "redeem":
                    self._redeem(session, friend.id)
                case "refer":
                    self._refer(session, friend)
                case "edit":
                    edit(session, self.segments["vip"], CONDITIONS[("vip", "coupon")[number % 2]])
                case "look":
                    members_looking.look_again(session, self.now, self.batch)
                case _:
                    self.now += timedelta(hours=number * 9)

    def settle(self) -> None:
        """Let the passes run until nothing is left, a minute later: so far members may lag behind the clock."""
        self.now += members_time.EVERY
        for _ in range(10):
            if not sum([self._drain(each) for each in (_fill, _look, _pass)]):
                return
        raise AssertionError("the passes find no end")

    def _drain(self, part: Any) -> int:
        total = 0
        for _ in range(200):
            with self.database.begin() as session:
                count = part(session, self.now, self.batch)
            total += count
            if not count:
                return total
        raise AssertionError(f"{part} finds no end")

    def kept(self) -> Members:
        """Return the members that are kept."""
        found: Members = defaultdict(set)
        with self.database.reading() as session:
            for segment_id, friend_id in session.execute(
                select(SegmentMember.segment_id, SegmentMember.friend_id)
            ):
                found[segment_id].add(friend_id)
        return found

    def true_members(self) -> Members:
        """Return who is in each segment by its condition, asked of everybody."""
        with self.database.reading() as session:
            return {
                segment_id: members
                for segment_id in self.segments.values()
                if (members := evaluated(session, segment_id, self.now))
            }

    def told_since(self) -> dict[tuple[int, int], list[EventKind]]:
        """Return the entries and exits told since the last call, in order, by segment and friend."""
        told: dict[tuple[int, int], list[EventKind]] = defaultdict(list)
        kinds = (EventKind.SEGMENT_ENTERED, EventKind.SEGMENT_LEFT)
        with self.database.reading() as session:
            for event in session.scalars(
                select(CustomerEvent)
                .where(CustomerEvent.id > self._seen, CustomerEvent.kind.in_(kinds))
                .order_by(CustomerEvent.id)
            ):
                told[event.payload["segment_id"], event.friend_id].append(event.kind)
        self._seen = self._last_event()
        return told

    def tagged_by_rule(self) -> tuple[set[int], set[int]]:
        """Return who carries the tag that follows a segment: put on by the rule, and by hand."""
        with self.database.reading() as session:
            rows = session.execute(
                select(FriendTag.friend_id, FriendTag.set_by).join(Tag).where(Tag.name == REGULARS)
            ).all()
        by_rule = {friend_id for friend_id, by in rows if by == tag_rows.RULE}
        return by_rule, {friend_id for friend_id, _ in rows} - by_rule

    def _last_event(self) -> int:
        with self.database.reading() as session:
            return session.scalar(select(CustomerEvent.id).order_by(CustomerEvent.id.desc()).limit(1)) or 0

    def _buy(self, session: Session, friend_id: int, ago: timedelta) -> None:
        self._orders += 1
        item = purchases.NewItem(TEA)
        new = purchases.NewPurchase(
            order_id=f"order-{self._orders}",
            friend_id=friend_id,
            bought_at=self.now - ago,
            amount_yen=1000,
            items=(item,),
        )
        purchases.record(session, new, self.now, "test", announce=False)

    def _refund(self, session: Session, friend_id: int) -> None:
        query = select(Purchase.order_id).where(
            Purchase.friend_id == friend_id, Purchase.refunded_at.is_(None)
        )
        if order_id := session.scalar(query.order_by(Purchase.id.desc()).limit(1)):
            purchases.refund(session, order_id, self.now)

    def _redeem(self, session: Session, friend_id: int) -> None:
        if held := coupons.held(session, friend_id, self.now):
            coupons.redeem(session, held[0].code, "test", self.now)

    def _refer(self, session: Session, referrer: Friend) -> None:
        if len(self.friends) >= MOST_FRIENDS:
            return
        newcomer = friends.ensure(session, f"Unew{len(self.friends)}", self.now)
        friends.follow(session, newcomer, self.now)
        referrals.enter(session, newcomer, referrals.code_of(session, referrer), self.now)
        self.friends.append(newcomer.id)


def add_segment(session: Session, name: str, condition: dict[str, Any], now: datetime = A_SATURDAY) -> int:
    """Save a segment."""
    made = Segment(
        name=name, condition=conditions.dump(conditions.parse(condition)), created_at=now, updated_at=now
    )
    session.add(made)
    session.flush()
    return made.id


def unanswerable(session: Session) -> dict[str, Any]:
    """Return a condition that the database refuses from now on: its table is gone."""
    session.execute(text("DROP TABLE survey_answers"))
    return {"is": "answered", "question": "満足度"}


def edit(session: Session, segment_id: int, condition: dict[str, Any]) -> None:
    """Give a segment another condition, as the next version."""
    segment = session.get_one(Segment, segment_id)
    segment.condition, segment.version = conditions.dump(conditions.parse(condition)), segment.version + 1
    session.flush()


def evaluated(session: Session, segment_id: int, now: datetime) -> set[int]:
    """Return who is in a segment by its condition."""
    holds = audience.matching(session, conditions.parse(session.get_one(Segment, segment_id).condition), now)
    query = select(Friend.id).join(Facts, Facts.friend_id == Friend.id)
    return set(session.scalars(query.where(sendable(), holds)))


def _birthday(number: int) -> Any:
    return (A_SATURDAY + timedelta(days=4 * number)).date().replace(year=1990)


def _empty(session: Session) -> None:
    for table in (Touched, CustomerEvent, PurchaseItem, Purchase, Product, Friend, Tag, Segment):
        session.execute(delete(table))


def _fill(session: Session, now: datetime, limit: int) -> int:
    return members_filling.fill(session, now, limit)


def _look(session: Session, now: datetime, limit: int) -> int:
    return members_looking.look_again(session, now, limit)


def _pass(session: Session, now: datetime, limit: int) -> int:
    return members_time.pass_time(session, now, limit)
