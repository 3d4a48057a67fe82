"""Where a buyer stands in their cycle over all purchases – active, due, slipping, lapsed – as an axis of its own."""

from collections.abc import Iterable

from segments.cycle import CycleStatus
from segments.ladder_facts import Bools, Floats, LadderColumns
from segments.ladder_policies import LadderPolicies
from segments.ladder_rules import NO_RUNG, Ladder, LadderName, Rule, everybody, only
from segments.stage_signs import has_lapsed, lapse_at


def _slips(facts: LadderColumns, _policies: LadderPolicies, now: float) -> Bools:
    return (facts.purchase_count > 0) & (now >= facts.slip_at)


def _is_due(facts: LadderColumns, _policies: LadderPolicies, now: float) -> Bools:
    return (facts.purchase_count > 0) & (now >= facts.due_at)


def _bought(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    return facts.purchase_count > 0


def _turns(facts: LadderColumns, policies: LadderPolicies) -> Iterable[Floats]:
    lapse = lapse_at(facts, policies)
    yield lapse
    yield only(facts.slip_at < lapse, facts.slip_at)
    yield only(facts.due_at < lapse, facts.due_at)


_BUYS = "buys → active"
_SOURCE = "purchase-cycle: 購買サイクル; "

RULES: tuple[Rule, ...] = (
    Rule(
        CycleStatus.LAPSED,
        "past_lapse",
        has_lapsed,
        means="past the cycle's lapse; without a cycle, lapse_days_without_cycle after the last purchase",
        way_up=_BUYS,
        way_out="—",
        source="002 できれば出したくない!離脱客: 購入後、長期間アクションのない顧客",
        facts={"at": "last_purchase_at"},
    ),
    Rule(
        CycleStatus.SLIPPING,
        "past_slip",
        _slips,
        means="past the day by which four gaps in five would have ended",
        way_up=_BUYS,
        way_out="past the cycle's lapse → lapsed",
        source=_SOURCE + "slip_at",
        facts={"at": "last_purchase_at"},
    ),
    Rule(
        CycleStatus.DUE,
        "past_due",
        _is_due,
        means="past the day on which the next purchase is expected",
        way_up=_BUYS,
        way_out="no purchase by the day of slipping → slipping",
        source=_SOURCE + "due_at",
        facts={"at": "last_purchase_at"},
    ),
    Rule(
        CycleStatus.ACTIVE,
        "within_cycle",
        _bought,
        means="bought, and the next purchase is not expected yet",
        way_up="the best there is",
        way_out="no purchase by the day it is due → due; everything refunded → no status",
        source=_SOURCE + "due_at",
        facts={"at": "last_purchase_at"},
    ),
    Rule(
        NO_RUNG,
        "no_cycle",
        everybody,
        means="bought nothing that counts",
        way_up=_BUYS,
        way_out="—",
        source=_SOURCE + "begins with the first purchase",
    ),
)
"""Every status, its way up, way out and source, in the order in which they are asked."""

STATUS = Ladder(
    LadderName.STATUS,
    (NO_RUNG, CycleStatus.LAPSED, CycleStatus.SLIPPING, CycleStatus.DUE, CycleStatus.ACTIVE),
    RULES,
    _turns,
    rung_column="purchase_status",
    since_column="status_since",
    reason_column=None,
    is_news=False,
)
