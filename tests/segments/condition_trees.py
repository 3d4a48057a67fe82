"""Random conditions over a small world of tags, products and days."""

from hypothesis import strategies as st

from segments import condition_leaves as leaf
from segments.conditions import All, AnyOf, Condition, NoneOf
from segments.cycle import CycleStatus
from segments.stages import Stage

TAGS = ("vip", "allergy", "event")
PRODUCTS = ("SEN", "GEN", "POT")
CATEGORIES = ("tea", "pots")
COUPONS = ("welcome", "referral_newcomer")
ROUTES = ("poster", "web")

_days = st.integers(1, 120)
_maybe_days = st.none() | _days
_small = st.integers(0, 4)


def _some(names: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)


def _maybe(names: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.just(list[str]()) | _some(names)


def _leaves(friend_ids: tuple[int, ...], audience_id: int) -> st.SearchStrategy[Condition]:
    category = st.sampled_from(("", *CATEGORIES))
    return st.one_of(
        st.just(leaf.Everyone()),
        st.just(leaf.Suppressed()),
        st.just(leaf.OptedIn()),
        st.just(leaf.Reachable()),
        st.just(leaf.FreeItemClaimed()),
        st.builds(leaf.InStage, stages=st.lists(st.sampled_from(Stage), min_size=1, max_size=3)),
        st.builds(leaf.Tagged, names=_some(TAGS)),
        st.builds(leaf.Speaks, languages=_some(("ja", "en"))),
        st.builds(leaf.CameBy, routes=_some(ROUTES)),
        st.builds(leaf.Followed, within_days=_days, before_days=_maybe_days),
        st.builds(leaf.LastPurchase, within_days=_maybe_days, before_days=_days),
        st.builds(leaf.PurchaseCount, at_least=_small, at_most=st.none() | _small),
        st.builds(leaf.Spend, at_most=st.integers(0, 5000)),
        st.builds(leaf.ReferralCount, at_least=st.integers(0, 2)),
        st.builds(
            leaf.Bought, products=_some(PRODUCTS), categories=_maybe(CATEGORIES), within_days=_maybe_days
        ),
        st.builds(
            leaf.InCycle, statuses=st.lists(st.sampled_from(CycleStatus), min_size=1), category=category
        ),
        st.builds(leaf.DueWithin, days=_days, category=category),
        st.builds(leaf.BirthdayWithin, days=st.integers(0, 200)),
        st.builds(leaf.HasCoupon, keys=_maybe(COUPONS)),
        st.just(leaf.InAudience(audience_id=audience_id)),
        st.builds(leaf.OneOf, ids=st.lists(st.sampled_from(friend_ids), max_size=3)),
    )


def trees(friend_ids: tuple[int, ...] = (1, 2, 3), audience_id: int = 1) -> st.SearchStrategy[Condition]:
    """Return conditions of every kind, nested a few levels deep."""
    return st.recursive(
        _leaves(friend_ids, audience_id),
        lambda parts: st.one_of(
            *(st.builds(branch, of=st.lists(parts, max_size=3)) for branch in (All, AnyOf, NoneOf))
        ),
        max_leaves=5,
    )
