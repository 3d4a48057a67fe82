"""Ten questions of five conditions each: as a segment's condition, and as SQL that a person would write for it."""

from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, bindparam, text

from benchmarks.segment_world import NOW
from segments.db import UtcDateTime


class Question(NamedTuple):
    """The same question twice; `{mmdd}` stands for month and day of a birthday, `:dN` for N days ago at midnight."""

    parts: list[dict[str, Any]]
    sql: str


ENDED = "purchases.refunded_at IS NULL OR purchases.refunded_yen < purchases.amount_yen"
TAGGED = "f.id IN (SELECT friend_id FROM friend_tags JOIN tags ON tags.id = tag_id WHERE tags.name IN ({}))"
BOUGHT = f"""f.id IN (SELECT friend_id FROM purchases JOIN purchase_items ON purchase_id = purchases.id
    JOIN products ON products.id = product_id WHERE ({ENDED}) AND {{}})"""  # noqa: S608 — no input
CYCLE = "f.id IN (SELECT friend_id FROM cycles WHERE category = '' AND ({}))"
GRANTED = """f.id IN (SELECT friend_id FROM coupon_grants JOIN coupons ON coupons.id = coupon_id
    WHERE redeemed_at IS NULL AND expires_at > :now AND coupons.key IN ({}))"""
OPTED_IN: dict[str, Any] = {"is": "opted_in"}
JAPANESE: dict[str, Any] = {"is": "language", "languages": ["ja"]}

QUESTIONS = (
    Question(
        [
            {"is": "stage", "stages": ["existing", "regular"]},
            {"is": "purchase_count", "at_least": 3},
            {"is": "spend", "at_least": 10_000},
            {"is": "last_purchase", "within_days": 90},
            OPTED_IN,
        ],
        """k.stage IN ('existing', 'regular') AND k.purchase_count >= 3 AND k.spend_yen >= 10000
        AND k.last_purchase_at >= :d89 AND f.opted_out_at IS NULL""",
    ),
    Question(
        [
            {"is": "tag", "names": ["タグ1"]},
            JAPANESE,
            {"is": "followed", "within_days": 365},
            {"is": "spend", "at_least": 5_000},
            {"is": "none", "of": [{"is": "suppressed"}]},
        ],
        f"""{TAGGED.format("'タグ1'")} AND f.language = 'ja' AND f.followed_at >= :d364 AND k.spend_yen >= 5000
        AND k.suppressed_at IS NULL""",
    ),
    Question(
        [
            {"is": "bought", "categories": ["お茶"], "within_days": 90},
            {"is": "purchase_count", "at_least": 2},
            {"is": "stage", "stages": ["existing", "regular"]},
            {"is": "route", "routes": ["route-1", "route-2"]},
            OPTED_IN,
        ],
        f"""{BOUGHT.format("bought_at >= :d89 AND products.category = 'お茶'")} AND k.purchase_count >= 2
        AND k.stage IN ('existing', 'regular') AND f.route IN ('route-1', 'route-2') AND f.opted_out_at IS NULL""",
    ),
    Question(
        [
            {"is": "cycle", "statuses": ["due", "slipping"]},
            {"is": "purchase_count", "at_least": 3},
            {"is": "spend", "at_least": 10_000},
            JAPANESE,
            {"is": "reachable"},
        ],
        f"""{CYCLE.format("due_at <= :now AND lapse_at > :now")} AND k.purchase_count >= 3
        AND k.spend_yen >= 10000 AND f.language = 'ja' AND f.blocked_at IS NULL AND f.opted_out_at IS NULL""",
    ),
    Question(
        [
            {"is": "due_within", "days": 3},
            {"is": "purchase_count", "at_least": 2},
            {"is": "last_purchase", "before_days": 10},
            {"is": "spend", "at_most": 100_000},
            OPTED_IN,
        ],
        f"""{CYCLE.format("due_at >= :d0 AND due_at < :d_4")} AND k.purchase_count >= 2
        AND k.last_purchase_at < :d9 AND k.spend_yen <= 100000 AND f.opted_out_at IS NULL""",
    ),
    Question(
        [
            {"is": "birthday_within", "days": 7},
            {"is": "purchase_count", "at_least": 1},
            JAPANESE,
            {"is": "followed", "before_days": 30},
            OPTED_IN,
        ],
        """{mmdd} IN ('1121', '1122', '1123', '1124', '1125', '1126', '1127', '1128')
        AND k.purchase_count >= 1 AND f.language = 'ja' AND f.followed_at < :d29 AND f.opted_out_at IS NULL""",
    ),
    Question(
        [
            {"is": "has_coupon", "keys": ["coupon1", "coupon2"]},
            {"is": "last_purchase", "before_days": 60},
            {"is": "route", "routes": ["route-0", "route-3"]},
            {"is": "spend", "at_least": 3_000},
            OPTED_IN,
        ],
        f"""{GRANTED.format("'coupon1', 'coupon2'")} AND k.last_purchase_at < :d59
        AND f.route IN ('route-0', 'route-3') AND k.spend_yen >= 3000 AND f.opted_out_at IS NULL""",
    ),
    Question(
        [
            {"is": "none", "of": [{"is": "tag", "names": ["タグ2", "タグ3"]}]},
            {"is": "any", "of": [{"is": "free_item_claimed"}, {"is": "purchase_count", "at_least": 5}]},
            JAPANESE,
            {"is": "followed", "within_days": 730},
        ],
        f"""NOT ({TAGGED.format("'タグ2', 'タグ3'")})
        AND (k.free_item_claimed_at IS NOT NULL OR k.purchase_count >= 5) AND f.language = 'ja'
        AND f.followed_at >= :d729""",
    ),
    Question(
        [
            {"is": "bought", "products": ["P010"]},
            {"is": "tag", "names": ["タグ5"]},
            {"is": "spend", "at_least": 5_000, "at_most": 200_000},
            {"is": "last_purchase", "within_days": 365},
            OPTED_IN,
        ],
        f"""{BOUGHT.format("products.code = 'P010'")} AND {TAGGED.format("'タグ5'")}
        AND k.spend_yen BETWEEN 5000 AND 200000 AND k.last_purchase_at >= :d364 AND f.opted_out_at IS NULL""",
    ),
    Question(
        [
            {"is": "any", "of": [{"is": "referral_count", "at_least": 1}, {"is": "free_item_claimed"}]},
            {"is": "purchase_count", "at_most": 2},
            {"is": "route", "routes": ["route-1", "route-2", "route-4"]},
            {"is": "reachable"},
        ],
        """(k.referral_count >= 1 OR k.free_item_claimed_at IS NOT NULL) AND k.purchase_count <= 2
        AND f.route IN ('route-1', 'route-2', 'route-4') AND f.blocked_at IS NULL AND f.opted_out_at IS NULL""",
    ),
)


def by_hand(question: Question, *, sqlite: bool) -> TextClause:
    """Return the statement that answers the question for the friends a message could be written to."""
    mmdd = "strftime('%m%d', f.birthday)" if sqlite else "to_char(f.birthday, 'MMDD')"
    where = question.sql.replace("{mmdd}", mmdd)
    statement = text(
        "SELECT count(*) FROM friends f JOIN facts k ON k.friend_id = f.id"  # noqa: S608 — no input
        f" WHERE f.line_user_id IS NOT NULL AND f.followed_at IS NOT NULL AND {where}"
    )
    moments = {name: _moment(name) for name in statement.compile().params}
    return statement.bindparams(*(bindparam(name, at, type_=UtcDateTime()) for name, at in moments.items()))


def _moment(name: str) -> datetime:
    if name == "now":
        return NOW
    zone = ZoneInfo("Asia/Tokyo")
    days = -int(name[2:]) if name.startswith("d_") else int(name[1:])
    return datetime.combine(NOW.astimezone(zone).date() - timedelta(days=days), time(), zone)
