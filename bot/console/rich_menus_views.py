"""What the pages of rich menus show: which menu is whose, how far the linking is, pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.line import menu_designs, menu_picture, menu_targets
from bot.line.menu_areas import LABEL_LONGEST, Area
from bot.line.menu_icons import ICONS
from bot.line.menu_layouts import LAYOUTS
from bot.line.menu_picture import PALETTES
from bot.models import MenuDesign, MenuLink, RichMenu
from scheduler.gateway import GatewayError, RateLimited, RefusedByLine, TemporaryGatewayError, TokenInvalid
from segments.errors import NotFound
from segments.models import Facts, Friend


@dataclass(frozen=True)
class Shown:
    """One menu that friends see."""

    key: str
    design_id: int | None
    name: str
    since: datetime
    people: int
    """How many it is for."""
    linked: int
    """How many LINE was told of; of the default menu LINE itself knows who sees it."""
    is_stale: bool
    """Whether the design was changed after it was published."""


@dataclass(frozen=True)
class Picture:
    """A picture as it goes to the browser."""

    content: bytes
    content_type: str


def shown(session: Session) -> Sequence[Shown]:
    """Return the menus in force: that of everybody first."""
    rows = session.execute(
        select(RichMenu, MenuDesign).outerjoin(MenuDesign, MenuDesign.id == RichMenu.design_id)
    )
    linked = menu_targets.linked(session)
    found = [_shown(session, menu, design, linked) for menu, design in rows]
    return sorted(found, key=lambda each: (each.key != menu_targets.DEFAULT, each.key))


def one_shown(session: Session, key: str) -> Shown:
    """Return the menu in force for a target. Raises NotFound (menu_not_shown)."""
    found = next((each for each in shown(session) if each.key == key and each.design_id is not None), None)
    if found is None:
        raise NotFound("menu_not_shown")
    return found


def _shown(session: Session, menu: RichMenu, design: MenuDesign | None, linked: dict[str, int]) -> Shown:
    return Shown(
        key=menu.key,
        design_id=menu.design_id,
        name=design.name if design else "",
        since=menu.created_at,
        people=menu_targets.people(session, menu.key),
        linked=linked.get(menu.line_rich_menu_id, 0),
        is_stale=design is not None and design.updated_at > menu.created_at,
    )


def menu_of_friend(session: Session, friend_id: int) -> str | None:
    """Return the name of the menu a friend sees by what LINE was told; None for the one that comes with the program."""
    told = select(MenuLink.line_rich_menu_id).where(
        MenuLink.friend_id == friend_id, MenuLink.refused.is_(False)
    )
    own = session.scalar(told)
    which = RichMenu.line_rich_menu_id == own if own else RichMenu.key == menu_targets.DEFAULT
    named = select(MenuDesign.name).join(RichMenu, RichMenu.design_id == MenuDesign.id).where(which)
    return session.scalar(named)


def waits_for_menu(session: Session, friend_id: int) -> bool:
    """Tell whether a friend is to see another menu than the one LINE was told of."""
    wanted = menu_targets.wanted(menu_targets.showings(session))
    found = session.execute(
        select(wanted, MenuLink.line_rich_menu_id)
        .select_from(Friend)
        .join(Facts, Facts.friend_id == Friend.id)
        .outerjoin(MenuLink, MenuLink.friend_id == Friend.id)
        .where(Friend.id == friend_id, menu_targets.reachable())
    ).one_or_none()
    return found is not None and found[0] != found[1]


def picture(design: MenuDesign, width: int) -> Picture:
    """Return a design's picture: the operator's own, or ours `width` pixels wide."""
    if design.picture is not None and design.picture_type is not None:
        return Picture(design.picture, design.picture_type)
    draft = menu_designs.draft_of(design)
    layout, palette = LAYOUTS[draft.layout], PALETTES[draft.palette]
    return Picture(menu_picture.drawn(layout, draft.areas, palette, width), menu_designs.PNG)


def drawable(area: Area) -> Area:
    """Return an area that is still being typed as it can be drawn."""
    icon = area.icon if area.icon in ICONS else "none"
    return replace(area, label=area.label[:LABEL_LONGEST], icon=icon)


def gateway_words(error: GatewayError) -> str:
    """Return why LINE did not take a menu, and what to do about it."""
    if isinstance(error, TokenInvalid):
        return _(
            "LINEのアクセストークンが無効です。「設定」の「LINE連携」を確かめてから、もう一度お試しください。"
        )
    if isinstance(error, RateLimited):
        return _(
            "LINEのメニューは1時間に100回までしか変更できません。しばらくしてから、もう一度お試しください。"
        )
    if isinstance(error, RefusedByLine):
        details = "; ".join(f"{name}: {what}" for name, what in error.details)[:300] or str(error)[:300]
        return _(
            "LINEがこのメニューを受け付けませんでした（%(details)s）。リンクや画像をご確認ください。",
            details=details,
        )
    if isinstance(error, TemporaryGatewayError):
        return _(
            "LINEに接続できませんでした。しばらくしてから、もう一度お試しください。いまのメニューはそのままです。"
        )
    return _(
        "LINEからの返事がなく、公開できたか分かりません。もう一度「公開する」を押してください。二重にはなりません。"
    )
