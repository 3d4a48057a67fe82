"""What conditions mean, said a second time in plain Python over rows: the compiled SQL must agree with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import condition_leaves as leaf
from segments.conditions import All, AnyOf, Condition, InSegment, NoneOf, parse
from segments.cycle import Forecast, status_of
from segments.leaves.chance import PRIME, coefficients
from segments.models import (
    Audience,
    AudienceMember,
    Coupon,
    CouponGrant,
    CustomerEvent,
    Cycle,
    EventKind,
    Facts,
    Friend,
    FriendTag,
    Link,
    LinkTap,
    Product,
    Purchase,
    Referral,
    Segment,
    Setting,
    StageChange,
    SurveyAnswer,
    Tag,
)
from segments.rfm_cuts import RfmPolicy, loyalty_of, scores_of
from segments.shop import Shop

SHOP = Shop()


@dataclass(frozen=True)
class Person:
    """A friend with everything conditions look at."""

    friend: Friend
    facts: Facts
    tags: list[tuple[str, str, datetime]]
    orders: list[tuple[Purchase, list[tuple[str, str, int]]]]
    cycles: dict[str, Forecast]
    coupons: list[tuple[str, CouponGrant]]
    audiences: dict[int, datetime]
    taps: list[tuple[str, datetime]]
    answers: list[SurveyAnswer]
    moves: list[StageChange]
    news: list[CustomerEvent]
    was_referred: bool
    segments: Mapping[int, Condition]
    decile_bounds: list[int]


def person(session: Session, friend: Friend) -> Person:
    """Read one friend with plain queries."""
    mine = friend.id

    def rows(query: Any) -> list[Any]:
        return [tuple(row) for row in session.execute(query)]

    def own(table: Any) -> list[Any]:
        return list(session.scalars(select(table).where(table.friend_id == mine)))

    return Person(
        friend,
        session.get_one(Facts, mine),
        rows(
            select(Tag.name, FriendTag.set_by, FriendTag.set_at)
            .join(FriendTag)
            .where(FriendTag.friend_id == mine)
        ),
        [(order, _lines(session, order)) for order in own(Purchase) if _counts(order)],
        {
            row.category: Forecast(row.cycle_days, row.due_at, row.remind_at, row.slip_at, row.lapse_at)
            for row in own(Cycle)
            if row.due_at is not None
        },
        rows(select(Coupon.key, CouponGrant).join(CouponGrant).where(CouponGrant.friend_id == mine)),
        dict(
            rows(
                select(Audience.id, Audience.created_at)
                .join(AudienceMember)
                .where(AudienceMember.friend_id == mine)
            )
        ),
        rows(select(Link.name, LinkTap.at).join(LinkTap).where(LinkTap.friend_id == mine)),
        own(SurveyAnswer),
        own(StageChange),
        own(CustomerEvent),
        session.scalar(select(Referral.id).where(Referral.newcomer_id == mine)) is not None,
        {each.id: parse(each.condition) for each in session.scalars(select(Segment))},
        session.get_one(Setting, "deciles").value["bounds"],
    )


def _counts(order: Purchase) -> bool:
    return order.refunded_at is None or order.refunded_yen < order.amount_yen


def _lines(session: Session, order: Purchase) -> list[tuple[str, str, int]]:
    products = [session.get_one(Product, item.product_id) for item in order.items]
    return [
        (each.code, each.category, item.amount_yen) for each, item in zip(products, order.items, strict=True)
    ]


def holds(condition: Condition, one: Person, now: datetime) -> bool:
    """Tell whether a condition holds for one person."""
    match condition:
        case All():
            return all(holds(each, one, now) for each in condition.of)
        case AnyOf():
            return any(holds(each, one, now) for each in condition.of)
        case NoneOf():
            return not any(holds(each, one, now) for each in condition.of)
        case InSegment():
            return holds(one.segments[condition.segment_id], one, now)
        case _:
            return _leaf(condition, one, now)


def _leaf(condition: leaf.Leaf, one: Person, now: datetime) -> bool:
    match condition:
        case leaf.Bought():
            return _bought(condition, one, now)
        case leaf.Tapped():
            taps = [at for name, at in one.taps if name in condition.links and _lies(at, condition, now)]
            return len(taps) >= condition.at_least
        case leaf.Answered():
            return _answered(condition, one, now)
        case leaf.Tagged():
            carried = {
                name for name, by, at in one.tags if _set_by(condition, by) and _lies(at, condition, now)
            }
            wanted = set(condition.names)
            return bool(carried & wanted) if condition.match is leaf.Match.ANY else wanted <= carried
        case leaf.StageChanged():
            return any(
                move.ladder == condition.ladder
                and (not condition.to or move.to_stage in condition.to)
                and _lies(move.at, condition, now)
                for move in one.moves
            )
        case leaf.InAudience():
            return _in_audience(condition, one)
        case leaf.WasReferred():
            return one.was_referred
        case leaf.InCycle() | leaf.DueWithin() | leaf.Overdue():
            return _cycle(condition, one, now)
        case leaf.HasCoupon() | leaf.CouponExpiring() | leaf.UsedCoupon():
            return any(_coupon(condition, key, grant, now) for key, grant in one.coupons)
        case leaf.InRfm() | leaf.InDecile() | leaf.InLoyalty():
            return _score(condition, one, now)
        case leaf.BirthdayWithin() | leaf.BirthdayIn() | leaf.Age():
            return one.friend.birthday is not None and _birthday(
                condition, one.friend.birthday, SHOP.today(now)
            )
        case (
            leaf.FieldIs() | leaf.FieldContains() | leaf.FieldKnown() | leaf.FieldNumber() | leaf.FieldDate()
        ):
            return _field(condition, one.friend.fields.get(condition.name), SHOP.today(now))
        case leaf.RandomShare():
            return _drawn(one.friend.id, condition.salt) < PRIME * condition.percent // 100
        case _:
            return (
                _of_friend(condition, one.friend, now)
                if isinstance(condition, leaf.OfFriend | leaf.OneOf)
                else _of_facts(condition, one.facts, now)
            )


def _of_friend(condition: leaf.OfFriend | leaf.OneOf, friend: Friend, now: datetime) -> bool:
    match condition:
        case leaf.Everyone():
            return True
        case leaf.OptedIn():
            return friend.opted_out_at is None
        case leaf.OffersOptedOut():
            return friend.offers_opted_out_at is not None
        case leaf.OptedOut():
            return friend.opted_out_at is not None
        case leaf.Blocked():
            return friend.blocked_at is not None
        case leaf.Reachable():
            gone = (friend.opted_out_at, friend.blocked_at)
            return bool(friend.line_user_id and friend.followed_at) and gone == (None, None)
        case leaf.MemberLinked():
            return friend.member_number is not None
        case leaf.EmailKnown():
            return bool(friend.email) and (not condition.consented or friend.email_consent_at is not None)
        case leaf.Speaks():
            return friend.language in condition.languages
        case leaf.CameBy():
            return friend.route in condition.routes
        case leaf.Followed():
            return friend.followed_at is not None and _lies(friend.followed_at, condition, now)
        case leaf.OneOf():
            return friend.id in condition.ids


_MOMENTS: dict[Any, str] = {
    leaf.FirstPurchase: "first_purchase_at",
    leaf.LastPurchase: "last_purchase_at",
    leaf.LastReaction: "last_reaction_at",
    leaf.LastContacted: "last_contacted_at",
}
_NUMBERS: dict[Any, str] = {
    leaf.PurchaseCount: "purchase_count",
    leaf.Spend: "spend_yen",
    leaf.ProductCount: "product_count",
    leaf.ReferralCount: "referral_count",
    leaf.EventsJoined: "event_count",
    leaf.TapCount: "tap_count",
    leaf.MessageCount: "message_count",
    leaf.AnswerCount: "answer_count",
    leaf.Points: "points",
}


def _of_facts(condition: Any, facts: Facts, now: datetime) -> bool:
    if type(condition) in _MOMENTS:
        at = getattr(facts, _MOMENTS[type(condition)])
        return condition.or_never if at is None else _lies(at, condition, now)
    if type(condition) in _NUMBERS:
        return _between(getattr(facts, _NUMBERS[type(condition)]), condition)
    match condition:
        case leaf.InStage():
            return facts.stage in list(condition.stages)
        case leaf.InGrowth():
            return facts.growth in list(condition.stages)
        case leaf.InClass():
            return facts.customer_class in list(condition.classes)
        case leaf.InStatus():
            return facts.purchase_status in list(condition.statuses)
        case leaf.Suppressed():
            return facts.suppressed_at is not None
        case leaf.FreeItemClaimed():
            return facts.free_item_claimed_at is not None
        case leaf.FavouriteCategory():
            return facts.favourite_category in condition.categories
        case leaf.Subscribed():
            return facts.subscription_until is not None and facts.subscription_until > now
        case leaf.Trust():
            return _between(facts.trust, condition)
        case leaf.InTheRed():
            return facts.trust_red_until is not None and facts.trust_red_until > now
        case leaf.Complained():
            return facts.complained_at is not None and _lies(facts.complained_at, condition, now)
        case _:
            raise AssertionError(condition)


def _lies(moment: datetime, period: Any, now: datetime) -> bool:
    ago = (SHOP.today(now) - SHOP.today(moment)).days
    late = period.within_days is None or ago < period.within_days
    return late and (period.before_days is None or ago >= period.before_days)


def _between(number: float, limits: Any) -> bool:
    low = limits.at_least is None or number >= limits.at_least
    return low and (limits.at_most is None or number <= limits.at_most)


def _bought(asked: leaf.Bought, one: Person, now: datetime) -> bool:
    times = yen = 0
    for order, lines in one.orders:
        day = SHOP.today(order.bought_at)
        dated = (asked.from_date is None or day >= asked.from_date) and (
            asked.to_date is None or day <= asked.to_date
        )
        if not dated or not _lies(order.bought_at, asked, now):
            continue
        kept = order.amount_yen - order.refunded_yen
        if not asked.products and not asked.categories:
            times, yen = times + 1, yen + kept
            continue
        meant = [
            amount
            for code, category, amount in lines
            if code in asked.products or category in asked.categories
        ]
        times += bool(meant)
        yen += sum(amount * kept // order.amount_yen for amount in meant)
    numbers = (asked.at_least, asked.at_most, asked.at_least_yen, asked.at_most_yen)
    least = 1 if numbers == (None,) * 4 else asked.at_least or 0
    most, much, most_yen = asked.at_most, asked.at_least_yen or 0, asked.at_most_yen
    enough = times >= least and yen >= much
    return enough and (most is None or times <= most) and (most_yen is None or yen <= most_yen)


def _answered(asked: leaf.Answered, one: Person, now: datetime) -> bool:
    given = sorted((each.at, each.id, each.answer) for each in one.answers if each.question == asked.question)
    if not given:
        return False
    at, _, answer = given[-1]
    fits = (not asked.answers or answer in asked.answers) and (
        asked.contains is None or asked.contains in answer
    )
    return fits and _lies(at, asked, now)


def _set_by(asked: leaf.Tagged, by: str) -> bool:
    return not asked.set_by or any(by == each or by.startswith(f"{each}:") for each in asked.set_by)


def _in_audience(asked: leaf.InAudience, one: Person) -> bool:
    if asked.audience_id not in one.audiences:
        return False
    begin = one.audiences[asked.audience_id]
    end = begin + timedelta(days=asked.react_days)
    reacted = any(
        each.kind in (EventKind.TAPPED, EventKind.WROTE) and begin <= each.at < end for each in one.news
    )
    return asked.reacted is None or asked.reacted == reacted


def _cycle(asked: leaf.OfCycles, one: Person, now: datetime) -> bool:
    dates = one.cycles.get(asked.category)
    if dates is None:
        return False
    ahead = (SHOP.today(dates.due_at) - SHOP.today(now)).days
    match asked:
        case leaf.InCycle():
            return status_of(dates, now) in asked.statuses
        case leaf.DueWithin():
            return 0 <= ahead <= asked.days
        case leaf.Overdue():
            return ahead <= -asked.days


def _coupon(asked: Any, key: str, grant: CouponGrant, now: datetime) -> bool:
    if asked.keys and key not in asked.keys:
        return False
    if isinstance(asked, leaf.UsedCoupon):
        return grant.redeemed_at is not None and _lies(grant.redeemed_at, asked, now)
    usable = grant.redeemed_at is None and grant.expires_at > now
    if isinstance(asked, leaf.HasCoupon):
        return usable
    return usable and (SHOP.today(grant.expires_at) - SHOP.today(now)).days <= asked.days


def _score(asked: leaf.InRfm | leaf.InDecile | leaf.InLoyalty, one: Person, now: datetime) -> bool:
    facts, policy = one.facts, RfmPolicy()
    if facts.purchase_count == 0:
        return False
    match asked:
        case leaf.InRfm():
            scores = scores_of(facts.last_purchase_at, facts.purchase_count, facts.spend_yen, policy, now)
            assert scores is not None
            ranges = (asked.recency, asked.frequency, asked.monetary)
            return all(
                each is None or _between(score, each) for score, each in zip(scores, ranges, strict=True)
            )
        case leaf.InDecile():
            return 1 + sum(facts.spend_yen < bound for bound in one.decile_bounds) in asked.deciles
        case leaf.InLoyalty():
            return loyalty_of(facts.purchase_count, facts.purchase_status, policy) in asked.kinds


def _birthday(asked: leaf.BirthdayWithin | leaf.BirthdayIn | leaf.Age, born: date, today: date) -> bool:
    match asked:
        case leaf.BirthdayIn():
            return born.month in asked.months
        case leaf.BirthdayWithin():
            return (
                min((_kept(born, year) - today).days % 1000 for year in (today.year, today.year + 1))
                <= asked.days
            )
        case leaf.Age():
            return _between(today.year - born.year - (today < _kept(born, today.year)), asked)


def _kept(birthday: date, year: int) -> date:
    try:
        return birthday.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _field(asked: leaf.OfFields, value: Any, today: date) -> bool:
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else value
    text = str(text) if isinstance(text, str | int | float) else ""
    match asked:
        case leaf.FieldIs():
            return text in asked.values
        case leaf.FieldContains():
            return asked.text in text
        case leaf.FieldKnown():
            return text != ""
        case leaf.FieldNumber():
            return (
                bool(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text))
                and len(text) <= 18
                and _between(float(text), asked)
            )
        case leaf.FieldDate():
            if not isinstance(value, str) or not re.match(r"\d{4}-\d{2}-\d{2}", value):
                return False
            day = date.fromisoformat(value[:10])
            ago = (today - day).days
            dated = (asked.from_date is None or day >= asked.from_date) and (
                asked.to_date is None or day <= asked.to_date
            )
            back = asked.within_days is None or 0 <= ago < asked.within_days
            earlier = asked.before_days is None or ago >= asked.before_days
            return (
                dated and back and earlier and (asked.coming_days is None or 0 <= -ago <= asked.coming_days)
            )


def _drawn(friend_id: int, salt: str) -> int:
    a, b, c, d = coefficients(salt)
    return (a * friend_id**3 + b * friend_id**2 + c * friend_id + d) % PRIME
