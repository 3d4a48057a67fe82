"""Random conditions over the small world of tests.segments.condition_world: one strategy for each leaf."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from segments import condition_leaves as leaf
from segments.classes import CustomerClass
from segments.conditions import All, AnyOf, Condition, InSegment, NoneOf
from segments.cycle import CycleStatus
from segments.growth import Growth
from segments.leaves.ladder_names import Ladder
from segments.leaves.scores import Scores
from segments.rfm_cuts import Loyalty
from segments.stages import Stage
from tests.fakes.clock import A_SATURDAY
from tests.segments.condition_world import (
    ANSWERS,
    CATEGORIES,
    COUPONS,
    FIELDS,
    LINKS,
    PRODUCTS,
    QUESTIONS,
    ROUTES,
    TAGS,
)

_days = st.integers(1, 120) | st.integers(1, 12)
_maybe_days = st.none() | _days
_small = st.integers(0, 4)
_maybe_small = st.none() | _small
_yen = st.integers(0, 9000)
_dates = st.integers(-120, 10).map(lambda days: A_SATURDAY.date() + timedelta(days=days)) | st.just(
    date(2000, 1, 1)
)
_score = st.lists(st.integers(1, 5), min_size=2, max_size=2).map(
    lambda both: Scores(at_least=min(both), at_most=max(both))
)
_category = st.sampled_from(("", *CATEGORIES))
_field = st.sampled_from((*FIELDS, "no such field"))


def _valid(kind: Any, **given: Any) -> Any:
    """Return leaves of a kind, those left out that say nothing."""

    def says_something(values: dict[str, Any]) -> bool:
        try:
            kind(**values)
        except ValidationError:
            return False
        return True

    return st.fixed_dictionaries(given).filter(says_something).map(lambda values: kind(**values))


def _some(names: Any, most: int = 2) -> Any:
    return st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True)


def _maybe(names: Any) -> Any:
    return st.just(list[str]()) | _some(names)


def _last(kind: Any) -> Any:
    return st.builds(kind, within_days=_maybe_days, before_days=_days, or_never=st.booleans()) | st.builds(
        kind, within_days=_days
    )


def _range(kind: Any, number: Any = _small) -> Any:
    return st.builds(kind, at_least=number) | st.builds(kind, at_most=number, at_least=st.none() | number)


_SIMPLE: Mapping[Any, Any] = {
    **{
        kind: st.builds(kind)
        for kind in (
            *(leaf.Everyone, leaf.Suppressed, leaf.OptedIn, leaf.OptedOut, leaf.Blocked, leaf.Reachable),
            *(leaf.MemberLinked, leaf.FreeItemClaimed, leaf.Subscribed, leaf.WasReferred),
            *(leaf.InTheRed, leaf.OffersOptedOut),
        )
    },
    **{
        kind: _range(kind)
        for kind in (
            *(leaf.PurchaseCount, leaf.ProductCount, leaf.ReferralCount, leaf.EventsJoined, leaf.TapCount),
            *(leaf.MessageCount, leaf.AnswerCount, leaf.Trust),
        )
    },
    **{
        kind: _last(kind)
        for kind in (leaf.FirstPurchase, leaf.LastPurchase, leaf.LastReaction, leaf.LastContacted)
    },
    leaf.EmailKnown: st.builds(leaf.EmailKnown, consented=st.booleans()),
    leaf.InStage: st.builds(leaf.InStage, stages=_some(list(Stage), 3)),
    leaf.InGrowth: st.builds(leaf.InGrowth, stages=_some(list(Growth), 4)),
    leaf.InClass: st.builds(leaf.InClass, classes=_some(list(CustomerClass))),
    leaf.InStatus: st.builds(leaf.InStatus, statuses=_some(list(CycleStatus))),
    leaf.StageChanged: st.builds(
        leaf.StageChanged,
        ladder=st.sampled_from(list(Ladder)),
        to=_maybe(("trial", "due")),
        within_days=_maybe_days,
    ),
    leaf.Tagged: st.builds(
        leaf.Tagged,
        names=_some(TAGS),
        match=st.sampled_from(list(leaf.Match)),
        set_by=_maybe(("rule", "operator", "operator:3", "tap")),
        within_days=_maybe_days,
        before_days=_maybe_days,
    ),
    leaf.Speaks: st.builds(leaf.Speaks, languages=_some(("ja", "en"))),
    leaf.CameBy: st.builds(leaf.CameBy, routes=_some(ROUTES)),
    leaf.Followed: st.builds(leaf.Followed, within_days=_days, before_days=_maybe_days),
    leaf.Spend: _range(leaf.Spend, _yen),
    leaf.Points: _range(leaf.Points, st.integers(-6, 101)),
    leaf.Bought: _valid(
        leaf.Bought,
        products=_maybe(PRODUCTS),
        categories=_maybe(CATEGORIES),
        within_days=_maybe_days,
        before_days=_maybe_days,
        from_date=st.none() | _dates,
        to_date=st.none() | _dates,
        at_least=_maybe_small,
        at_most=_maybe_small,
        at_least_yen=st.none() | _yen,
        at_most_yen=st.none() | _yen,
    ),
    leaf.InCycle: st.builds(leaf.InCycle, statuses=_some(list(CycleStatus)), category=_category),
    leaf.DueWithin: st.builds(leaf.DueWithin, days=_days, category=_category),
    leaf.Overdue: st.builds(leaf.Overdue, days=_days, category=_category),
    leaf.InRfm: st.builds(
        leaf.InRfm, recency=_score, frequency=st.none() | _score, monetary=st.none() | _score
    )
    | st.builds(leaf.InRfm, monetary=_score),
    leaf.InDecile: st.builds(leaf.InDecile, deciles=_some(list(range(1, 11)), 3)),
    leaf.InLoyalty: st.builds(leaf.InLoyalty, kinds=_some(list(Loyalty))),
    leaf.FavouriteCategory: st.builds(leaf.FavouriteCategory, categories=_some(CATEGORIES)),
    leaf.Complained: st.builds(leaf.Complained, within_days=_maybe_days),
    leaf.Tapped: st.builds(
        leaf.Tapped, links=_some(LINKS), within_days=_maybe_days, at_least=st.integers(1, 3)
    ),
    leaf.Answered: st.builds(
        leaf.Answered,
        question=st.sampled_from(QUESTIONS),
        answers=_maybe(ANSWERS),
        contains=st.none() | st.sampled_from(("sweet", "Sweet", "t s")),
        within_days=_maybe_days,
    ),
    leaf.HasCoupon: st.builds(leaf.HasCoupon, keys=_maybe(COUPONS)),
    leaf.CouponExpiring: st.builds(leaf.CouponExpiring, keys=_maybe(COUPONS), days=st.integers(1, 10)),
    leaf.UsedCoupon: st.builds(leaf.UsedCoupon, keys=_maybe(COUPONS), within_days=_maybe_days),
    leaf.BirthdayWithin: st.builds(leaf.BirthdayWithin, days=st.integers(0, 200) | st.integers(0, 9)),
    leaf.BirthdayIn: st.builds(leaf.BirthdayIn, months=_some(list(range(1, 13)), 4)),
    leaf.Age: _range(leaf.Age, st.integers(0, 60) | st.just(36)),
    leaf.FieldIs: st.builds(leaf.FieldIs, name=_field, values=_some(("緑茶", "7", "true", "12.5", "-3"))),
    leaf.FieldContains: st.builds(
        leaf.FieldContains, name=_field, text=st.sampled_from(("茶", "en t", "EN", "2", "%"))
    ),
    leaf.FieldKnown: st.builds(leaf.FieldKnown, name=_field),
    leaf.FieldNumber: st.builds(
        leaf.FieldNumber,
        name=_field,
        at_least=st.sampled_from((-3.0, 0, 7, 12.5)),
        at_most=st.none() | st.just(12.5),
    ),
    leaf.FieldDate: _valid(
        leaf.FieldDate,
        name=_field,
        from_date=st.none() | _dates,
        within_days=_maybe_days,
        before_days=_maybe_days,
        coming_days=st.none() | st.integers(0, 9),
    ),
    leaf.RandomShare: st.builds(leaf.RandomShare, percent=st.integers(1, 100), salt=st.sampled_from("abc")),
}


def strategies(friend_ids: tuple[int, ...], audience_id: int) -> dict[Any, Any]:
    """Return the strategy of each leaf."""
    return {
        **_SIMPLE,
        leaf.InAudience: st.builds(
            leaf.InAudience,
            audience_id=st.just(audience_id),
            reacted=st.none() | st.booleans(),
            react_days=st.integers(1, 5),
        ),
        leaf.OneOf: st.builds(leaf.OneOf, ids=st.lists(st.sampled_from(friend_ids), max_size=3)),
    }


def trees(
    friend_ids: tuple[int, ...] = (1, 2, 3), audience_id: int = 1, segment_id: int = 1
) -> st.SearchStrategy[Condition]:
    """Return conditions of every kind, nested a few levels deep."""
    leaves = st.one_of(
        st.just(InSegment(segment_id=segment_id)), *strategies(friend_ids, audience_id).values()
    )
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            *(st.builds(branch, of=st.lists(parts, max_size=3)) for branch in (All, AnyOf, NoneOf))
        ),
        max_leaves=5,
    )
