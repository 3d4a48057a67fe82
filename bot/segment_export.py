"""Friends of a segment or of a list as lines of a table, read page by page and safe to open in a spreadsheet."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from segments import audience, friend_choice
from segments.compiler import sendable
from segments.conditions import Condition
from segments.friend_choice import FriendChoice
from segments.leaves.ladder_names import Ladder, rung_name
from segments.leaves.said import Said
from segments.models import Facts, Friend

PAGE = 1000
HEADINGS = (
    Said("友だちID", "Friend ID"),
    Said("会員番号", "Member number"),
    Said("名前", "Name"),
    Said("言語", "Language"),
    Said("タイムゾーン", "Time zone"),
    Said("友だち追加日", "Followed on"),
    Said("顧客ステージ", "Customer stage"),
    Said("成長段階", "Growth stage"),
    Said("購入回数", "Purchases"),
    Said("購入金額の合計（円）", "Spent (yen)"),
    Said("最後の購入日", "Last purchase"),
    Said("ポイント", "Points"),
)
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def rows(
    session: Session, condition: Condition, now: datetime, zone: tzinfo, language: str
) -> Iterator[list[str]]:
    """Return a line for each friend of a condition, by id; its cells stand under HEADINGS, days are those of `zone`.

    Raises at once, and not while being read, for a name that is gone.
    """
    chosen = audience.matching(session, condition, now)
    return _rows(session, and_(sendable(), chosen), zone, language)


def rows_of_choice(
    session: Session, choice: FriendChoice, now: datetime, zone: tzinfo, language: str
) -> Iterator[list[str]]:
    """Return a line for each friend of a choice, on LINE or not; otherwise as `rows`."""
    return _rows(session, friend_choice.chosen(session, choice, now), zone, language)


def _rows(session: Session, chosen: ColumnElement[bool], zone: tzinfo, language: str) -> Iterator[list[str]]:
    query: Select[*tuple[Any, ...]] = (
        select(
            *(Friend.id, Friend.member_number, Friend.display_name),
            *(Friend.language, Friend.timezone, Friend.followed_at),
            *(
                Facts.stage,
                Facts.growth,
                Facts.purchase_count,
                Facts.spend_yen,
                Facts.last_purchase_at,
                Facts.points,
            ),
        )
        .join(Facts, Facts.friend_id == Friend.id)
        .where(chosen)
        .order_by(Friend.id)
        .limit(PAGE)
    )
    return _lines(session, query, zone, language)


def _lines(
    session: Session, query: Select[*tuple[Any, ...]], zone: tzinfo, language: str
) -> Iterator[list[str]]:
    after = 0
    while page := session.execute(query.where(Friend.id > after)).all():
        for row in page:
            yield _line(row, zone, language)
        after = page[-1].id


def safe(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before what would begin one."""
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) else text


def _line(row: Any, zone: tzinfo, language: str) -> list[str]:
    return [
        str(row.id),
        safe(row.member_number or ""),
        safe(row.display_name),
        safe(row.language),
        safe(row.timezone or ""),
        _day(row.followed_at, zone),
        rung_name(row.stage, Ladder.PYRAMID).of(language),
        rung_name(row.growth, Ladder.GROWTH).of(language) if row.growth else "",
        str(row.purchase_count),
        str(row.spend_yen),
        _day(row.last_purchase_at, zone),
        str(row.points),
    ]


def _day(at: datetime | None, zone: tzinfo) -> str:
    return at.astimezone(zone).date().isoformat() if at else ""
