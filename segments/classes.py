"""The four classes 潜在客, 見込客, 新規顧客, ロイヤルカスタマー, and 離脱客, as rules over facts.

The document has no class between 新規顧客 (商品を1度でも購入したことのある顧客) and ロイヤルカスタマー: who has bought
several times and is not yet loyal therefore stays 新規顧客. The other ladders tell them apart.
"""

from collections.abc import Iterable
from enum import StrEnum

import numpy as np

from segments.ladder_facts import DAY, Bools, Floats, LadderColumns
from segments.ladder_policies import LadderPolicies
from segments.ladder_rules import Ladder, LadderName, Rule, everybody, only
from segments.stage_signs import has_lapsed, lapse_at


class CustomerClass(StrEnum):
    """The classes, lowest first; LAPSED stands beside them."""

    POTENTIAL = "potential"
    LEAD = "lead"
    NEW = "new"
    LOYAL = "loyal"
    LAPSED = "lapsed"


def _buys_much(facts: LadderColumns, policies: LadderPolicies) -> Bools:
    return facts.purchase_count >= max(policies.classes.loyal_purchases, 1)


def _loyal_from(facts: LadderColumns, policies: LadderPolicies) -> Floats:
    return facts.first_purchase_at + policies.classes.loyal_days * DAY


def _loyal(facts: LadderColumns, policies: LadderPolicies, now: float) -> Bools:
    return _buys_much(facts, policies) & (_loyal_from(facts, policies) <= now)


def _bought(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    return facts.purchase_count > 0


def _lead(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    # Whoever took the free item or asked something was reached once, whether they follow or not.
    return facts.followed | ~np.isnan(facts.free_item_claimed_at) | ~np.isnan(facts.inquired_at)


def _turns(facts: LadderColumns, policies: LadderPolicies) -> Iterable[Floats]:
    lapse, loyal = lapse_at(facts, policies), _loyal_from(facts, policies)
    yield lapse
    yield only(_buys_much(facts, policies) & (loyal < lapse), loyal)


RULES: tuple[Rule, ...] = (
    Rule(
        CustomerClass.LAPSED,
        "class_lapsed",
        has_lapsed,
        means="past the cycle's lapse; without a cycle, lapse_days_without_cycle after the last purchase",
        way_up="buys again: the purchases decide the class",
        way_out="—",
        source="002 できれば出したくない!離脱客: 購入後、長期間アクションのない顧客",
        facts={"at": "last_purchase_at"},
    ),
    Rule(
        CustomerClass.LOYAL,
        "long_and_often",
        _loyal,
        means="loyal_purchases or more, the first of them at least loyal_days ago",
        way_up="the top class",
        way_out="past the cycle's lapse → lapsed; refunds that leave too few purchases → new",
        source="002 ステップ4 ロイヤルカスタマー: 数年という長期に渡って購入してくれる顧客",
        facts={"count": "purchase_count", "at": "first_purchase_at"},
    ),
    Rule(
        CustomerClass.NEW,
        "bought_once_or_more",
        _bought,
        means="bought, once or more often, and is not loyal yet",
        way_up="loyal_purchases and loyal_days since the first of them → loyal",
        way_out="past the cycle's lapse → lapsed; everything refunded → lead or potential",
        source="002 ステップ3 新規顧客: 商品を1度でも購入したことのある顧客",
        facts={"count": "purchase_count"},
    ),
    Rule(
        CustomerClass.LEAD,
        "registered",
        _lead,
        means="bought nothing, but added us as a friend, took the free item or asked something",
        way_up="buys → new",
        way_out="—",
        source="002 ステップ2 見込客(リード): 情報を登録しており、コミュニケーションをとることはできる",
    ),
    Rule(
        CustomerClass.POTENTIAL,
        "on_record",
        everybody,
        means="is on record only",
        way_up="adds us as a friend, takes the free item or asks → lead; buys → new",
        way_out="—",
        source="002 ステップ1 潜在客: これから購入する可能性が高い人々",
    ),
)
"""Every class's entry rule, way up, way out and source, in the order in which they are asked."""

CLASSES = Ladder(
    LadderName.CLASS,
    tuple(CustomerClass),
    RULES,
    _turns,
    rung_column="customer_class",
    since_column="class_since",
    reason_column="class_reason",
)
