"""Tables of rich menus: what operators designed, what LINE shows, and to whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class MenuDesign(Base):
    """A rich menu as an operator designed it; friends see nothing of a change before it is published."""

    __tablename__ = "menu_designs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    layout: Mapped[str] = mapped_column(String(16))
    """One of bot.line.menu_layouts."""
    palette: Mapped[str] = mapped_column(String(16))
    chat_bar_text: Mapped[str] = mapped_column(String(14))
    opens: Mapped[bool] = mapped_column(default=True)
    """Whether the menu is open when a friend opens the chat."""
    areas: Mapped[list[Any]]
    """For each area of the layout: label, icon, kind of action and what it needs."""
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)
    """A picture of the operator's own instead of the one we draw."""
    picture_type: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(64))


class RichMenu(Base):
    """A rich menu of ours on LINE's side, and whom it is for."""

    __tablename__ = "rich_menus"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """`default` (all who have no other), `stage:` and a rung of the pyramid, or `tag:` and a tag's id."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Hash of areas and image: when it differs, a new menu is uploaded."""
    line_rich_menu_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    design_id: Mapped[int | None] = mapped_column(ForeignKey("menu_designs.id", ondelete="RESTRICT"))
    """What it was made from; None for the menu that comes with the program."""


class RetiredMenu(Base):
    """A menu that was replaced: deleted on LINE's side once no friend is linked to it any more."""

    __tablename__ = "retired_menus"

    line_rich_menu_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    retired_at: Mapped[datetime]


class MenuLink(Base):
    """Which menu of their own a friend was last linked to on LINE; no row or no menu = the default one."""

    __tablename__ = "menu_links"

    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True)
    line_rich_menu_id: Mapped[str | None] = mapped_column(String(64))
    linked_at: Mapped[datetime]
    refused: Mapped[bool] = mapped_column(default=False)
    """LINE would not link this friend; tried again when another menu is theirs."""

    __table_args__ = (
        Index(
            "ix_menu_links_line_rich_menu_id",
            "line_rich_menu_id",
            sqlite_where=line_rich_menu_id.is_not(None),
            postgresql_where=line_rich_menu_id.is_not(None),
        ),
    )
