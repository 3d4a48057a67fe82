"""The customer pyramid 認知 → 見込み → トライアル → 既存 → 常連 and 離脱, as a pure function of facts, policy and time.

All its rules stand in `RULES`, in the order in which they are asked: the first that holds decides.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from segments.errors import Invalid
from segments.stage_words import reason_words as reason_words
from segments.stage_words import stage_name as stage_name


class Stage(StrEnum):
    """The rungs, lowest first; EXIT stands beside them."""

    AWARE = "aware"
    PROSPECT = "prospect"
    TRIAL = "trial"
    EXISTING = "existing"
    REGULAR = "regular"
    EXIT = "exit"


@dataclass(frozen=True)
class StagePolicy:
    """What the shop decides about its own pyramid."""

    regular_purchases: int = 3
    """Full-price purchases within the window that make a regular."""
    regular_window_days: int = 365
    regular_spend_yen: int | None = None
    """When set, spending this much at full price within the window makes a regular too."""
    lapse_days_without_cycle: int = 180
    """Days after the last purchase when a buyer whose cycle is unknown has lapsed."""

    def to_json(self) -> dict[str, Any]:
        """Write the policy as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "StagePolicy":
        """Read a policy; raises Invalid("policy_invalid", field=…) for a name or number that cannot be."""
        names = {each.name for each in fields(cls)}
        for name, value in data.items():
            optional = name == "regular_spend_yen" and value is None
            if name not in names or not (optional or (type(value) is int and 1 <= value < 10**9)):
                raise Invalid("policy_invalid", field=name)
        return cls(**data)


@dataclass(frozen=True)
class StageFacts:
    """What the pyramid looks at in one friend."""

    followed: bool = True
    free_item_claimed_at: datetime | None = None
    inquired_at: datetime | None = None
    trial_offer_ends_at: datetime | None = None
    satisfied_at: datetime | None = None
    dissatisfied_at: datetime | None = None
    purchase_count: int = 0
    full_price_count: int = 0
    last_purchase_at: datetime | None = None
    regular_until: datetime | None = None
    """From `regular_until`: up to when the purchases made so far suffice for 常連."""
    cycle_lapse_at: datetime | None = None
    """When the purchase cycle says the friend has lapsed; None when no cycle is known."""


@dataclass(frozen=True)
class Verdict:
    """Where a friend stands, why, and until when that cannot change by time alone."""

    stage: Stage
    reason: str
    params: dict[str, Any]
    review_at: datetime | None
    suppressed: bool


@dataclass(frozen=True)
class Rule:
    """One way onto a rung."""

    stage: Stage
    reason: str
    holds: Callable[[StageFacts, StagePolicy, datetime], bool]
    params: Callable[[StageFacts, StagePolicy], dict[str, Any]]
    way_up: str
    way_out: str
    source: str
    """Seed document and heading."""
    suppressed: bool = False
    """Whether no further offers go out (今後不必要な案内は出さない)."""


def lapse_at(facts: StageFacts, policy: StagePolicy) -> datetime | None:
    """Return when a buyer lapses: by their cycle, else by the policy's days; None for who never bought."""
    if facts.last_purchase_at is None:
        return None
    return facts.cycle_lapse_at or facts.last_purchase_at + timedelta(days=policy.lapse_days_without_cycle)


def regular_until(full_price: Iterable[tuple[datetime, int]], policy: StagePolicy) -> datetime | None:
    """Return the moment up to which (moment, yen) full-price purchases suffice for 常連, None if they never do.

    It may lie in the past: then they sufficed once.
    """
    spent = 0
    for number, (at, yen) in enumerate(sorted(full_price, reverse=True), start=1):
        spent += yen
        enough = policy.regular_spend_yen is not None and spent >= policy.regular_spend_yen
        if number == policy.regular_purchases or enough:
            # Of the purchases that are needed the oldest leaves the window first.
            return at + timedelta(days=policy.regular_window_days)
    return None


def stage_of(facts: StageFacts, policy: StagePolicy, now: datetime) -> Verdict:
    """Return the rung on which `facts` put a friend at `now`."""
    rule = next(rule for rule in RULES if rule.holds(facts, policy, now))
    ahead = [moment for moment in _turning_points(facts, policy) if moment > now]
    return Verdict(
        rule.stage, rule.reason, rule.params(facts, policy), min(ahead, default=None), rule.suppressed
    )


def _turning_points(facts: StageFacts, policy: StagePolicy) -> Iterable[datetime]:
    if facts.purchase_count:
        points = (facts.regular_until, lapse_at(facts, policy))
    else:
        points = (facts.trial_offer_ends_at, None)
    return (moment for moment in points if moment is not None)


def _lapsed(facts: StageFacts, policy: StagePolicy, now: datetime) -> bool:
    end = lapse_at(facts, policy)
    return bool(facts.purchase_count) and end is not None and now >= end


def _dissatisfied(facts: StageFacts, _policy: StagePolicy, _now: datetime) -> bool:
    # The latest answer counts, and only while nothing was bought after it.
    said = facts.dissatisfied_at
    if said is None or not facts.purchase_count or facts.full_price_count:
        return False
    later = (facts.satisfied_at, facts.last_purchase_at)
    return all(moment is None or moment <= said for moment in later)


def _regular(facts: StageFacts, _policy: StagePolicy, now: datetime) -> bool:
    return bool(facts.full_price_count) and facts.regular_until is not None and now < facts.regular_until


def _offer_ended(facts: StageFacts, _policy: StagePolicy, now: datetime) -> bool:
    end = facts.trial_offer_ends_at
    return not facts.purchase_count and end is not None and now >= end


def _iso(moment: datetime | None) -> dict[str, Any]:
    return {"at": moment.astimezone(UTC).isoformat()} if moment else {}


def _window(_facts: StageFacts, policy: StagePolicy) -> dict[str, Any]:
    params: dict[str, Any] = {"needed": policy.regular_purchases, "days": policy.regular_window_days}
    return params if policy.regular_spend_yen is None else params | {"spend": policy.regular_spend_yen}


RULES: tuple[Rule, ...] = (
    Rule(
        Stage.EXIT,
        "trial_dissatisfied",
        _dissatisfied,
        lambda facts, _: _iso(facts.dissatisfied_at),
        way_up="buys again, or answers that they are satisfied",
        way_out="—",
        source="000 仕組み3: お試し購入 → 不満 → 離脱、今後不必要な案内は出さない",
        suppressed=True,
    ),
    Rule(
        Stage.EXIT,
        "lapsed",
        _lapsed,
        lambda facts, _: _iso(facts.last_purchase_at),
        way_up="buys again: the purchases decide the rung; win-back messages may go out",
        way_out="—",
        source="002 できれば出したくない!離脱客: 購入後、長期間アクションのない顧客",
    ),
    Rule(
        Stage.REGULAR,
        "often",
        lambda facts, policy, now: policy.regular_spend_yen is None and _regular(facts, policy, now),
        _window,
        way_up="the top rung",
        way_out="purchases leave the window → existing; past the cycle's lapse → exit",
        source="000 仕組み4: 既存客から常連客へ",
    ),
    Rule(
        Stage.REGULAR,
        "often_or_much",
        _regular,
        _window,
        way_up="the top rung",
        way_out="purchases leave the window → existing; past the cycle's lapse → exit",
        source="000 仕組み4: 既存客から常連客へ",
    ),
    Rule(
        Stage.EXISTING,
        "full_price",
        lambda facts, _policy, _now: facts.full_price_count > 0,
        lambda facts, _: {"count": facts.full_price_count},
        way_up="buys at full price as often (or as much) as the policy asks → regular",
        way_out="past the cycle's lapse → exit; everything refunded → the rung below",
        source="000 仕組み3: 正規の値段で購入 → 顧客となる",
    ),
    Rule(
        Stage.TRIAL,
        "trial_bought",
        lambda facts, _policy, _now: facts.purchase_count > 0,
        lambda facts, _: _iso(facts.last_purchase_at),
        way_up="buys at full price → existing",
        way_out="answers 不満 → exit without further offers; past the cycle's lapse → exit",
        source="000 仕組み2: 購入した人 → 見込みあり → 次のステップへ",
    ),
    Rule(
        Stage.EXIT,
        "trial_offer_ended",
        _offer_ended,
        lambda facts, _: _iso(facts.trial_offer_ends_at),
        way_up="buys, or is offered a trial anew",
        way_out="—",
        source="000 仕組み2: 購入しない人 → 見込みなし → 離脱、今後不必要な案内は出さない",
        suppressed=True,
    ),
    Rule(
        Stage.PROSPECT,
        "free_item_claimed",
        lambda facts, _policy, _now: facts.free_item_claimed_at is not None,
        lambda facts, _: _iso(facts.free_item_claimed_at),
        way_up="buys the trial product → trial; buys at full price → existing",
        way_out="lets the trial offer pass → exit without further offers",
        source="000 仕組み1: 資料のダウンロード・キャンペーン特典",
    ),
    Rule(
        Stage.PROSPECT,
        "inquired",
        lambda facts, _policy, _now: facts.inquired_at is not None,
        lambda facts, _: _iso(facts.inquired_at),
        way_up="buys the trial product → trial; buys at full price → existing",
        way_out="lets the trial offer pass → exit without further offers",
        source="000 仕組み1: ▼見込み顧客になってもらうために・問い合わせ",
    ),
    Rule(
        Stage.AWARE,
        "followed",
        lambda facts, _policy, _now: facts.followed,
        lambda _facts, _policy: {},
        way_up="claims the free item, or asks or answers → prospect; buys → trial or existing",
        way_out="lets a trial offer pass → exit without further offers",
        source="000 仕組み1: 友だち募集中:LINEのQRコード",
    ),
    Rule(
        Stage.AWARE,
        "known",
        lambda _facts, _policy, _now: True,
        lambda _facts, _policy: {},
        way_up="follows; the rest as above",
        way_out="—",
        source="002 ステップ1 潜在客",
    ),
)
"""Every rung's entry rule, way up, way out and source, in the order in which they are asked."""
