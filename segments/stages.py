"""The customer pyramid 認知 → 見込み → トライアル → 既存 → 常連 and 離脱, as a pure function of facts, policy and time.

All its rules stand in `RULES`, in the order in which they are asked: the first that holds decides.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from segments.ladder_facts import Floats, LadderColumns, LadderFacts
from segments.ladder_judging import Verdict, verdict_of
from segments.ladder_policies import LadderPolicies
from segments.ladder_policies import StagePolicy as StagePolicy
from segments.ladder_rules import Ladder, LadderName, Rule, everybody, only
from segments.stage_signs import (
    bought,
    bought_at_full_price,
    claimed,
    dissatisfied,
    followed,
    has_lapsed,
    inquired,
    lapse_at,
    offer_ended,
    often,
    regular,
)
from segments.stage_words import reason_words as reason_words
from segments.stage_words import stage_name as stage_name

StageFacts = LadderFacts


OFFER_ENDED = "trial_offer_ended"
"""The reason that is news by itself."""


class Stage(StrEnum):
    """The rungs, lowest first; EXIT stands beside them."""

    AWARE = "aware"
    PROSPECT = "prospect"
    TRIAL = "trial"
    EXISTING = "existing"
    REGULAR = "regular"
    EXIT = "exit"


def stage_of(facts: LadderFacts, policy: StagePolicy, now: datetime) -> Verdict:
    """Return the rung on which `facts` put a friend at `now`."""
    return verdict_of(PYRAMID, facts, LadderPolicies(stages=policy), now)


def _turns(facts: LadderColumns, policies: LadderPolicies) -> Iterable[Floats]:
    lapse = lapse_at(facts, policies)
    yield lapse
    yield only((facts.full_price_count > 0) & (facts.regular_until < lapse), facts.regular_until)
    yield only(facts.purchase_count == 0, facts.trial_offer_ends_at)


_WINDOW = {"needed": "stages.regular_purchases", "days": "stages.regular_window_days"}

RULES: tuple[Rule, ...] = (
    Rule(
        Stage.EXIT,
        "trial_dissatisfied",
        dissatisfied,
        means="bought trials only, answered 不満, and neither bought nor answered 満足 since",
        way_up="buys again, or answers that they are satisfied",
        way_out="—",
        source="000 仕組み3: お試し購入 → 不満 → 離脱、今後不必要な案内は出さない",
        facts={"at": "dissatisfied_at"},
        suppressed=True,
    ),
    Rule(
        Stage.EXIT,
        "lapsed",
        has_lapsed,
        means="past the cycle's lapse; without a cycle, lapse_days_without_cycle after the last purchase",
        way_up="buys again: the purchases decide the rung; win-back messages may go out",
        way_out="—",
        source="002 できれば出したくない!離脱客: 購入後、長期間アクションのない顧客",
        facts={"at": "last_purchase_at"},
    ),
    Rule(
        Stage.REGULAR,
        "often",
        often,
        means="regular_purchases at full price within regular_window_days",
        way_up="the top rung",
        way_out="purchases leave the window → existing; past the cycle's lapse → exit",
        source="000 仕組み4: 既存客から常連客へ",
        thresholds=_WINDOW,
    ),
    Rule(
        Stage.REGULAR,
        "often_or_much",
        regular,
        means="regular_purchases, or regular_spend_yen where it is set, at full price within regular_window_days",
        way_up="the top rung",
        way_out="purchases leave the window → existing; past the cycle's lapse → exit",
        source="000 仕組み4: 既存客から常連客へ",
        thresholds=_WINDOW | {"spend": "stages.regular_spend_yen"},
    ),
    Rule(
        Stage.EXISTING,
        "full_price",
        bought_at_full_price,
        means="bought at full price",
        way_up="buys at full price as often (or as much) as the policy asks → regular",
        way_out="past the cycle's lapse → exit; everything refunded → the rung below",
        source="000 仕組み3: 正規の値段で購入 → 顧客となる",
        facts={"count": "full_price_count"},
    ),
    Rule(
        Stage.TRIAL,
        "trial_bought",
        bought,
        means="bought, and only trials",
        way_up="buys at full price → existing",
        way_out="answers 不満 → exit without further offers; past the cycle's lapse → exit",
        source="000 仕組み2: 購入した人 → 見込みあり → 次のステップへ",
        facts={"at": "last_purchase_at"},
    ),
    Rule(
        Stage.EXIT,
        OFFER_ENDED,
        offer_ended,
        means="bought nothing before the latest trial offer ended",
        way_up="buys, or is offered a trial anew",
        way_out="—",
        source="000 仕組み2: 購入しない人 → 見込みなし → 離脱、今後不必要な案内は出さない",
        facts={"at": "trial_offer_ends_at"},
        suppressed=True,
    ),
    Rule(
        Stage.PROSPECT,
        "free_item_claimed",
        claimed,
        means="claimed the free item",
        way_up="buys the trial product → trial; buys at full price → existing",
        way_out="lets the trial offer pass → exit without further offers",
        source="000 仕組み1: 資料のダウンロード・キャンペーン特典",
        facts={"at": "free_item_claimed_at"},
    ),
    Rule(
        Stage.PROSPECT,
        "inquired",
        inquired,
        means="asked or answered something",
        way_up="buys the trial product → trial; buys at full price → existing",
        way_out="lets the trial offer pass → exit without further offers",
        source="000 仕組み1: ▼見込み顧客になってもらうために・問い合わせ",
        facts={"at": "inquired_at"},
    ),
    Rule(
        Stage.AWARE,
        "followed",
        followed,
        means="added us as a friend",
        way_up="claims the free item, or asks or answers → prospect; buys → trial or existing",
        way_out="lets a trial offer pass → exit without further offers",
        source="000 仕組み1: 友だち募集中:LINEのQRコード",
    ),
    Rule(
        Stage.AWARE,
        "known",
        everybody,
        means="is on record",
        way_up="follows; the rest as above",
        way_out="—",
        source="002 ステップ1 潜在客",
    ),
)
"""Every rung's entry rule, way up, way out and source, in the order in which they are asked."""

PYRAMID = Ladder(
    LadderName.PYRAMID,
    tuple(Stage),
    RULES,
    _turns,
    rung_column="stage",
    since_column="stage_since",
    reason_column="stage_reason",
)
