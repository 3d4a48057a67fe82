"""For whom a rich menu is: everybody, who stands on a rung of the pyramid, or who has a tag such as VIP."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, and_, case, func, literal, null, select
from sqlalchemy.orm import Session

from bot.models import MenuLink, RichMenu
from segments.errors import NotFound
from segments.models import Facts, Friend, FriendTag, Tag
from segments.stages import Stage

DEFAULT = "default"
STAGE, TAG = "stage:", "tag:"


@dataclass(frozen=True)
class Showing:
    """One menu of their own that some friends are to see."""

    key: str
    line_rich_menu_id: str


def check(session: Session, key: str) -> None:
    """Raise NotFound (menu_target_unknown) for a target that does not exist."""
    if key == DEFAULT or (key.startswith(STAGE) and key.removeprefix(STAGE) in set(Stage)):
        return
    number = key.removeprefix(TAG)
    if key.startswith(TAG) and number.isdecimal() and session.get(Tag, int(number)) is not None:
        return
    raise NotFound("menu_target_unknown", key=key)


def showings(session: Session) -> list[Showing]:
    """Return the menus for some friends, those for a tag first: whoever has the tag sees it whatever their rung."""
    rows = session.scalars(
        select(RichMenu).where(RichMenu.key != DEFAULT).order_by(RichMenu.key.desc())
    ).all()
    return [Showing(row.key, row.line_rich_menu_id) for row in rows]


def wanted(showing: list[Showing]) -> ColumnElement[str | None]:
    """Return which menu of their own a friend is to see, as a column beside `Friend` and `Facts`; NULL = none."""
    whens = [(_belongs(each.key), literal(each.line_rich_menu_id)) for each in showing]
    nobody = cast("ColumnElement[str | None]", null())
    return case(*whens, else_=nobody) if whens else nobody


def _belongs(key: str) -> ColumnElement[bool]:
    if key.startswith(STAGE):
        return Facts.stage == key.removeprefix(STAGE)
    tagged = select(FriendTag.friend_id).where(
        FriendTag.friend_id == Friend.id, FriendTag.tag_id == int(key.removeprefix(TAG))
    )
    return tagged.correlate(Friend).exists()


def reachable() -> ColumnElement[bool]:
    """Tell who can be linked to a menu: LINE links friends alone."""
    return and_(
        Friend.line_user_id.is_not(None), Friend.followed_at.is_not(None), Friend.blocked_at.is_(None)
    )


def people(session: Session, key: str) -> int:
    """Return how many friends a menu for `key` would be shown to, as things stand."""
    rows = (
        select(func.count()).select_from(Friend).join(Facts, Facts.friend_id == Friend.id).where(reachable())
    )
    if key != DEFAULT:
        rows = rows.where(_belongs(key))
    return session.scalar(rows) or 0


def linked(session: Session) -> dict[str, int]:
    """Return how many friends are linked to each menu on LINE."""
    rows = (
        select(MenuLink.line_rich_menu_id, func.count())
        .where(MenuLink.line_rich_menu_id.is_not(None), MenuLink.refused.is_(False))
        .group_by(MenuLink.line_rich_menu_id)
    )
    return {menu: count for menu, count in session.execute(rows) if menu}
