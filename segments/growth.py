"""The seven growth stages 購入者 → 顧客 → 熱心な顧客 → フォロワー → ファン → 会員 → 信者（伝道者）, as rules over facts.

The document tells how a feeling grows, not a list of boxes to tick one after the other: a friend who brings
others in without ever opening what we send has come further than a reader who brings nobody. So the highest rung
whose own rule holds decides, and rungs may be skipped. But whatever a friend does, 顧客 comes first: nobody who has
not bought again and made a habit of one product has grown beyond 購入者, however often they tap.

The ladder has no exit of its own. How far a feeling had grown is not undone by silence; that a friend is silent is
what the purchase status says, beside it.
"""

from collections.abc import Iterable
from enum import StrEnum

from segments.ladder_facts import DAY, Bools, Floats, LadderColumns
from segments.ladder_policies import LadderPolicies
from segments.ladder_rules import NO_RUNG, Ladder, LadderName, Rule, everybody, only


class Growth(StrEnum):
    """The rungs, lowest first."""

    PURCHASER = "purchaser"
    CUSTOMER = "customer"
    ENTHUSIAST = "enthusiast"
    FOLLOWER = "follower"
    FAN = "fan"
    MEMBER = "member"
    EVANGELIST = "evangelist"


SECOND = 2
"""2回目の購入."""


def _bought(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    return facts.purchase_count > 0


def _customer(facts: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    return (facts.purchase_count >= SECOND) & (facts.settled_count > 0)


def _enthusiast(facts: LadderColumns, policies: LadderPolicies, now: float) -> Bools:
    return _customer(facts, policies, now) & (facts.related_count >= policies.growth.related_products)


def _reacts(facts: LadderColumns, policies: LadderPolicies) -> Bools:
    return facts.reaction_count >= policies.growth.reactions


def _reacts_until(facts: LadderColumns, policies: LadderPolicies) -> Floats:
    return facts.last_reaction_at + policies.growth.reaction_days * DAY


def _follower(facts: LadderColumns, policies: LadderPolicies, now: float) -> Bools:
    recently = now < _reacts_until(facts, policies)
    return _customer(facts, policies, now) & _reacts(facts, policies) & recently


def _brings(facts: LadderColumns, policies: LadderPolicies, now: float) -> Bools:
    return _customer(facts, policies, now) & (facts.referral_count >= policies.growth.referrals)


def _joins(facts: LadderColumns, policies: LadderPolicies, now: float) -> Bools:
    return _customer(facts, policies, now) & (facts.event_count >= policies.growth.events)


def _member_from(facts: LadderColumns, policies: LadderPolicies) -> Floats:
    return facts.subscription_since + policies.growth.member_days * DAY


def _member(facts: LadderColumns, policies: LadderPolicies, now: float) -> Bools:
    runs = (_member_from(facts, policies) <= now) & (now < facts.subscription_until)
    return _customer(facts, policies, now) & runs


def _evangelist(facts: LadderColumns, policies: LadderPolicies, now: float) -> Bools:
    growth = policies.growth
    owns = facts.product_count >= growth.evangelist_products
    related = facts.related_count >= growth.evangelist_related
    return (
        _customer(facts, policies, now)
        & owns
        & related
        & (facts.referral_count >= growth.evangelist_referrals)
    )


def _turns(facts: LadderColumns, policies: LadderPolicies) -> Iterable[Floats]:
    # Only where a rung above does not hold whatever the time: nobody is looked at in vain.
    always = 0.0
    below_evangelist = _customer(facts, policies, always) & ~_evangelist(facts, policies, always)
    fan = _brings(facts, policies, always) | _joins(facts, policies, always)
    since, until = _member_from(facts, policies), facts.subscription_until
    yield only(below_evangelist & (since < until), since)
    yield only(below_evangelist & (since < until), until)
    yield only(below_evangelist & ~fan & _reacts(facts, policies), _reacts_until(facts, policies))


_REFUNDED = "refunds that undo it → the rung whose rule still holds"

RULES: tuple[Rule, ...] = (
    Rule(
        Growth.EVANGELIST,
        "owns_and_preaches",
        _evangelist,
        means="a 顧客 who bought evangelist_products different products, evangelist_related of them upgrades of or "
        "related to earlier ones, and brought in evangelist_referrals friends",
        way_up="the top rung",
        way_out=_REFUNDED,
        source="001 ⑦信者(伝導者): 上位版商品や関連商品をほとんど購入し、自分の関わりのある人全てに紹介",
        facts={"products": "product_count", "count": "referral_count"},
    ),
    Rule(
        Growth.MEMBER,
        "subscribes",
        _member,
        means="a 顧客 whose subscription has run unbroken for member_days",
        way_up="buys most of the range and brings friends in → evangelist",
        way_out="the subscription breaks: subscription_grace periods pass without the next purchase",
        source="001 ⑥会員: 定期購入をやめなくなる",
        facts={"at": "subscription_since"},
    ),
    Rule(
        Growth.FAN,
        "brought_friends",
        _brings,
        means="a 顧客 who brought in at least `referrals` friends",
        way_up="keeps a subscription for member_days → member",
        way_out=_REFUNDED,
        source="001 ⑤ファン: 「家族」「親しい友人」「同僚」などに紹介したくなっている",
        facts={"count": "referral_count"},
    ),
    Rule(
        Growth.FAN,
        "joined_events",
        _joins,
        means="a 顧客 who joined at least `events` events",
        way_up="keeps a subscription for member_days → member",
        way_out=_REFUNDED,
        source="001 ⑤ファン: 参加型イベントがあると積極的に参加してくれる",
        facts={"count": "event_count"},
    ),
    Rule(
        Growth.FOLLOWER,
        "reacts",
        _follower,
        means="a 顧客 who wrote or tapped at least `reactions` times, the last time within reaction_days",
        way_up="brings a friend in, or joins an event → fan",
        way_out="reaction_days pass without a reaction → the rung whose rule still holds",
        source="001 ④フォロワー: 販売者の広告物・オウンドメディア・SNSなどを積極的に確認",
        facts={"count": "reaction_count", "at": "last_reaction_at"},
    ),
    Rule(
        Growth.ENTHUSIAST,
        "bought_related",
        _enthusiast,
        means="a 顧客 who bought at least related_products upgrades of or products related to earlier ones",
        way_up="reads and taps what we send → follower",
        way_out=_REFUNDED,
        source="001 ③熱心な顧客: 上位版商品や関連商品にも興味を持ち始める",
        facts={"count": "related_count"},
    ),
    Rule(
        Growth.CUSTOMER,
        "settled",
        _customer,
        means="bought a second time, and one product as often as its settling count (else settling_purchases) asks",
        way_up="buys an upgrade or a related product → enthusiast",
        way_out=_REFUNDED,
        source="001 ②顧客: 2回目の購入をしてもらえ、商品ごとの定着化する購入回数まで達している",
        facts={"count": "purchase_count", "products": "settled_count"},
    ),
    Rule(
        Growth.PURCHASER,
        "bought_first",
        _bought,
        means="bought",
        way_up="buys again until one product has settled → customer",
        way_out="everything refunded → no rung",
        source="001 ①購入者: ひとまず商品を購入しただけ",
        facts={"at": "first_purchase_at"},
    ),
    Rule(
        NO_RUNG,
        "not_bought",
        everybody,
        means="bought nothing that counts",
        way_up="buys → purchaser",
        way_out="—",
        source="001 顧客の7段階成長プロセス: 顧客が初めて商品を購入してからの成長プロセス",
    ),
)
"""Every rung's entry rule, way up, way out and source, in the order in which they are asked."""

GROWTH = Ladder(
    LadderName.GROWTH,
    (NO_RUNG, *Growth),
    RULES,
    _turns,
    rung_column="growth",
    since_column="growth_since",
    reason_column="growth_reason",
)
