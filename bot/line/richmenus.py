"""The rich menu every friend sees below the chat: made once, and anew only when it changed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.line.ports import RichMenuGateway
from bot.models import RichMenu
from scheduler.gateway import GatewayError
from segments.db import Database

FOLDER = Path(__file__).parents[2] / "templates" / "richmenu"
DEFAULT = "default"
PNG = "image/png"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class MenuDesign:
    """A menu as we ship it: areas and image."""

    areas: dict[str, Any]
    image: bytes

    @property
    def fingerprint(self) -> str:
        """Hash of areas and image."""
        said = json.dumps(self.areas, sort_keys=True, ensure_ascii=False).encode()
        return hashlib.sha256(said + self.image).hexdigest()

    @property
    def name(self) -> str:
        """The name LINE keeps it under; never shown to friends. It finds a menu that a crash left behind."""
        return f"kokyaku-default-{self.fingerprint[:16]}"


def default_design() -> MenuDesign:
    """Read the menu of six areas; its picture is made from default.html beside it."""
    areas = json.loads((FOLDER / "default.json").read_text(encoding="utf-8"))
    return MenuDesign(areas, (FOLDER / "default.png").read_bytes())


def ensure_default_menu(
    database: Database, gateway: RichMenuGateway, now: datetime, design: MenuDesign | None = None
) -> str:
    """Let every friend see the present menu; return LINE's id of it. Calls LINE only when something changed.

    LINE never replaces an image, so a changed menu is a new one, and the old one is deleted after it.
    No transaction is open while LINE is called. Raises GatewayError.
    """
    wanted = design or default_design()
    with database.reading() as session:
        known = session.scalar(select(RichMenu).where(RichMenu.key == DEFAULT))
    if known is not None and known.fingerprint == wanted.fingerprint:
        return known.line_rich_menu_id
    menu_id = _made(gateway, wanted)
    gateway.set_default_rich_menu(menu_id)
    old = known.line_rich_menu_id if known is not None else None
    with database.begin() as session:
        _remember(session, wanted, menu_id, now)
    if old is not None and old != menu_id:
        _delete(gateway, old)
    return menu_id


def _made(gateway: RichMenuGateway, design: MenuDesign) -> str:
    for found in gateway.list_rich_menus():
        # Left by a crash, perhaps before its image came: a half-made menu cannot be told from a whole one.
        if found.name == design.name:
            _delete(gateway, found.rich_menu_id)
    menu_id = gateway.create_rich_menu({**design.areas, "name": design.name})
    gateway.upload_rich_menu_image(menu_id, design.image, PNG)
    return menu_id


def _remember(session: Session, design: MenuDesign, menu_id: str, now: datetime) -> None:
    row = session.scalar(select(RichMenu).where(RichMenu.key == DEFAULT)) or RichMenu(key=DEFAULT)
    row.fingerprint, row.line_rich_menu_id, row.created_at = design.fingerprint, menu_id, now
    session.add(row)


def _delete(gateway: RichMenuGateway, menu_id: str) -> None:
    try:
        gateway.delete_rich_menu(menu_id)
    except GatewayError as error:
        # A thousand menus fit: one left over harms nobody.
        log.warning("rich_menu_left_over", rich_menu=menu_id, error=type(error).__name__)
