"""A small world with something in it for every leaf to find: friends of every sort, with moments around midnight."""

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from segments import audience
from segments.models import (
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
    PurchaseItem,
    Referral,
    Segment,
    Setting,
    StageChange,
    SurveyAnswer,
    Tag,
)
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

TAGS = ("vip", "allergy", "event")
SETTERS = ("operator:3", "operator:33", "rule", "import:7")
PRODUCTS = ("SEN", "GEN", "POT")
CATEGORIES = ("tea", "pots")
COUPONS = ("welcome", "referral_newcomer")
ROUTES = ("poster", "web")
LINKS = ("shop", "blog")
QUESTIONS = ("taste", "visit")
ANSWERS = ("sweet", "bitter", "not sweet")
FIELDS = ("好み", 'a "b" $.c', "since")
VALUES: tuple[Any, ...] = (
    *(
        "緑茶",
        "Green tea",
        "",
        "12.5",
        "-3",
        "1.2.3",
        "--1",
        "5.",
        ".5",
        "2026-11-20",
        "2026-11-25T10:00",
        "2025-01-01",
    ),
    *(7, 0, -2, 12.5, True, False, None, ["緑茶"], {"a": 1}, "1e3", "１２", "9" * 30),
)
STATUSES = ("active", "due", "slipping", "lapsed")


class World:
    """Rows of every kind, from one seed."""

    def __init__(self, session: Session, seed: int = 7, size: int = 30) -> None:
        self._session = session
        self._chance = random.Random(seed)
        self.goods = [
            a_product(session, code=code, category="pots" if code == "POT" else "tea") for code in PRODUCTS
        ]
        self._define()
        self._last_bought = defaultdict[int, dict[str, datetime]](dict)
        self.friends = [self._somebody() for _ in range(size)]
        for one in self.friends:
            self._let_live(one)
        some = [one.id for one in self.friends[::3]]
        self.audience_id = audience.freeze_list(session, some, "some.csv", days_ago(6)).id
        self.segment_id = self._segment()
        session.flush()

    def _define(self) -> None:
        named: list[Any] = [Tag(name=name, created_at=NOW) for name in TAGS]
        named += [Link(name=name, url=f"https://example.com/{name}", created_at=NOW) for name in LINKS]
        named += [
            Coupon(key=key, title=key, discount_yen=100, valid_days=30, created_at=NOW) for key in COUPONS
        ]
        named.append(
            Setting(
                name="deciles",
                value={"day": "2026-11-20", "bounds": [9000 - 900 * n for n in range(9)], "buyers": 20},
                updated_at=NOW,
            )
        )
        self._session.add_all(named)
        self._session.flush()
        self.tags, self.links = named[: len(TAGS)], named[len(TAGS) : len(TAGS) + len(LINKS)]
        self.coupons = named[len(TAGS) + len(LINKS) : -1]

    def _segment(self) -> int:
        saved = Segment(
            name="お茶好き",
            condition={"version": 1, "is": "bought", "categories": ["tea"], "within_days": 40},
            created_at=NOW,
            updated_at=NOW,
        )
        self._session.add(saved)
        self._session.flush()
        return saved.id

    def moment(self, days: int = 150) -> datetime:
        """Return a moment of the past, often close to a midnight in Tokyo."""
        hours = self._chance.choice([-0.01, 0.01, 3, 9.49, 9.51, 9.5])
        return days_ago(self._chance.randrange(days)) - timedelta(hours=hours + 5)

    def maybe(self, days: int = 150) -> datetime | None:
        """Return a moment, or none."""
        return self._chance.choice([None, self.moment(days), self.moment(12)])

    def _somebody(self) -> Friend:
        chance = self._chance
        born = date(1980, 1, 1) + timedelta(days=chance.randrange(9000))
        near = (NOW + timedelta(days=chance.randrange(-8, 8))).date().replace(year=1990)
        return a_friend(
            self._session,
            language=chance.choice(["ja", "ja", "en", "zh"]),
            route=chance.choice([None, *ROUTES]),
            birthday=chance.choice([None, born, near, date(1988, 2, 29), date(1890, 11, 22)]),
            followed_at=chance.choice([None, self.moment(), self.moment(12)]),
            blocked_at=chance.choice([None, None, days_ago(3)]),
            opted_out_at=chance.choice([None, None, days_ago(3)]),
            offers_opted_out_at=chance.choice([None, None, days_ago(3)]),
            member_number=chance.choice([None, f"M{chance.random()}"]),
            email=chance.choice([None, "", "a@example.com"]),
            email_consent_at=self.maybe(),
            fields={name: chance.choice(VALUES) for name in FIELDS if chance.random() < 0.7},
            facts=self._facts(),
        )

    def _facts(self) -> dict[str, Any]:
        chance = self._chance
        count = lambda: chance.choice([0, 0, 1, 2, 5])  # noqa: E731
        complaints = count()
        return {
            "stage": chance.choice(["aware", "prospect", "trial", "existing", "regular", "exit"]),
            "growth": chance.choice(["", "purchaser", "fan", "evangelist"]),
            "customer_class": chance.choice(["potential", "lead", "new", "loyal", "lapsed"]),
            "purchase_status": chance.choice(["", *STATUSES]),
            "suppressed_at": self.maybe(),
            "free_item_claimed_at": self.maybe(),
            "referral_count": count(),
            "message_count": count(),
            "tap_count": count(),
            "event_count": count(),
            "answer_count": count(),
            "product_count": count(),
            "points": chance.choice([-5, 0, 3, 100]),
            "trust": chance.choice([0, 1, 3, 10]),
            "trust_red_until": chance.choice(
                [None, self.moment(5), NOW + timedelta(hours=chance.randrange(90))]
            ),
            "last_reaction_at": self.maybe(),
            "last_contacted_at": self.maybe(30),
            "complaint_count": complaints,
            "complained_at": self.moment() if complaints else None,
            "favourite_category": chance.choice([None, *CATEGORIES]),
            "subscription_until": chance.choice(
                [None, self.moment(5), NOW + timedelta(hours=chance.randrange(90))]
            ),
        }

    def _let_live(self, friend: Friend) -> None:
        self._buy(friend)
        self._expect(friend)
        self._react(friend)
        self._reward(friend)
        for tag in self._chance.sample(self.tags, self._chance.randrange(3)):
            by = self._chance.choice(SETTERS)
            self._session.add(FriendTag(friend_id=friend.id, tag_id=tag.id, set_at=self.moment(), set_by=by))
        for _ in range(self._chance.choice([0, 1, 2])):
            ladder, to = self._chance.choice(
                [("pyramid", "trial"), ("pyramid", "regular"), ("status", "due")]
            )
            self._session.add(
                StageChange(friend_id=friend.id, ladder=ladder, to_stage=to, reason="x", at=self.moment(40))
            )

    def _buy(self, friend: Friend) -> None:
        chance, kept = self._chance, list[tuple[datetime, int]]()
        last = self._last_bought[friend.id]
        for _ in range(chance.choice([0, 0, 1, 2, 5])):
            back = chance.choice([0, 0, 0, 333, 3000])
            at = self.moment(100)
            order = a_purchase(
                self._session,
                friend,
                bought_at=at,
                amount_yen=3000,
                refunded_yen=back,
                refunded_at=NOW if back else None,
            )
            for line, product in enumerate(chance.sample(self.goods, chance.randrange(3)), start=1):
                item = PurchaseItem(
                    purchase=order, line=line, product_id=product.id, quantity=1, amount_yen=1000 * line
                )
                self._session.add(item)
                if back < 3000:
                    last[product.category] = max(at, last.get(product.category, at))
            kept += [(at, 3000 - back)] if back < 3000 else []
        facts = self._facts_of(friend)
        facts.purchase_count, facts.spend_yen = len(kept), sum(yen for _, yen in kept)
        facts.first_purchase_at, facts.last_purchase_at = (
            (min(kept)[0], max(kept)[0]) if kept else (None, None)
        )

    def _facts_of(self, friend: Friend) -> Facts:
        return self._session.get_one(Facts, friend.id)

    def _expect(self, friend: Friend) -> None:
        """Give a friend cycles: those of their purchases, or, to one who waits to be learned anew, any."""
        bought, facts = self._last_bought[friend.id], self._facts_of(friend)
        facts.unlearned_since = NOW if friend.id % 3 == 0 else None
        for category in ("", *CATEGORIES):
            chosen = self._chance.random() < 0.5
            if chosen if category == "" or facts.unlearned_since else category in bought:
                due = self.moment(20) + timedelta(days=10)
                slip = due + timedelta(days=self._chance.randrange(1, 9), hours=3)
                lapse = slip + timedelta(days=self._chance.randrange(1, 9))
                state: dict[str, Any] = {
                    "n": 1,
                    "s1": 3.0,
                    "s2": 9.0,
                    "sum_amount": 1,
                    "last_quantity": 1,
                    "cycle_days": 30.0,
                }
                dates: dict[str, Any] = {"due_at": due, "slip_at": slip, "lapse_at": lapse}
                if self._chance.random() < 0.1:
                    dates = {}
                last = NOW if facts.unlearned_since else bought.get(category, NOW)
                self._session.add(
                    Cycle(
                        friend_id=friend.id, category=category, first_at=last, last_at=last, **state, **dates
                    )
                )

    def _react(self, friend: Friend) -> None:
        chance, facts = self._chance, self._facts_of(friend)
        for _ in range(chance.choice([0, 1, 3])):
            link = chance.choice(self.links)
            self._session.add(LinkTap(link_id=link.id, friend_id=friend.id, at=self.moment(30)))
            facts.tap_count += 1
        for _ in range(chance.choice([0, 1, 3])):
            question, answer = chance.choice(QUESTIONS), chance.choice(ANSWERS)
            at = chance.choice([self.moment(30), days_ago(2)])
            self._session.add(SurveyAnswer(friend_id=friend.id, question=question, answer=answer, at=at))
            facts.answer_count += 1
        for _ in range(chance.choice([0, 1, 2])):
            kind = chance.choice([EventKind.TAPPED, EventKind.WROTE, EventKind.ASKED])
            at = days_ago(6) + timedelta(hours=chance.choice([-1, 0, 1, 72, 71, 200]))
            self._session.add(CustomerEvent(kind=kind, friend_id=friend.id, at=at, payload={}))

    def _reward(self, friend: Friend) -> None:
        chance = self._chance
        for number in range(chance.choice([0, 0, 1, 2])):
            coupon = chance.choice(self.coupons)
            ends = NOW + timedelta(hours=chance.choice([-30, -1, 0, 1, 9, 10, 40, 100, 200]))
            code, cause = f"{friend.id}-{number}", f"test:{friend.id}:{number}"
            used = chance.choice([None, None, self.moment(40)])
            self._session.add(
                CouponGrant(
                    coupon_id=coupon.id,
                    friend_id=friend.id,
                    code=code,
                    cause=cause,
                    granted_at=NOW,
                    expires_at=ends,
                    redeemed_at=used,
                )
            )
        if chance.random() < 0.3:
            self._session.add(
                Referral(
                    referrer_id=self.friends[0].id if hasattr(self, "friends") else friend.id,
                    newcomer_id=friend.id,
                    entered_at=NOW,
                )
            )
