"""Rich menus on LINE's side: the one that comes with the program, and those that operators publish."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.line import menu_designs, menu_linking, menu_targets
from bot.line.ports import RichMenuGateway
from bot.models import RetiredMenu, RichMenu
from scheduler.gateway import GatewayError
from scheduler.jobs import JobQueue
from segments.db import Database
from segments.errors import NotFound
from segments.upsert import insert_ignore

FOLDER = Path(__file__).parents[2] / "templates" / "richmenu"
DEFAULT = menu_targets.DEFAULT
PNG = "image/png"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class MenuDesign:
    """A menu as LINE is to have it: areas and image."""

    areas: dict[str, Any]
    image: bytes
    image_type: str = PNG
    key: str = DEFAULT

    @property
    def fingerprint(self) -> str:
        """Hash of areas and image."""
        said = json.dumps(self.areas, sort_keys=True, ensure_ascii=False).encode()
        return hashlib.sha256(said + self.image).hexdigest()

    @property
    def name(self) -> str:
        """The name LINE keeps it under; never shown to friends. It finds a menu that a crash left behind."""
        return f"kokyaku-{self.key}-{self.fingerprint[:16]}"


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
    if known is not None and (known.fingerprint == wanted.fingerprint or known.design_id is not None):
        # One that an operator published stays until they take it back.
        return known.line_rich_menu_id
    menu_id = _made(gateway, wanted)
    gateway.set_default_rich_menu(menu_id)
    old = known.line_rich_menu_id if known is not None else None
    with database.begin() as session:
        _remember(session, wanted, menu_id, now)
    if old is not None and old != menu_id:
        _delete(gateway, old)
    return menu_id


def publish(
    database: Database, gateway: RichMenuGateway, queue: JobQueue, design_id: int, key: str, now: datetime
) -> str:
    """Show a design to those that `key` says (bot.line.menu_targets) and return LINE's id of it.

    The menu that was theirs stays until they are linked to the new one, by a job for all but the default.
    Raises NotFound (menu_unknown, menu_target_unknown) or GatewayError: then everything is as it was.
    """
    with database.reading() as session:
        menu_targets.check(session, key)
        ready = menu_designs.ready(menu_designs.get(session, design_id))
    design = MenuDesign(ready.body, ready.image, ready.image_type, key)
    menu_id = _made(gateway, design, keep=_in_force(database))
    if key == DEFAULT:
        gateway.set_default_rich_menu(menu_id)
    with database.begin() as session:
        _retire(session, key, menu_id, now)
        _remember(session, design, menu_id, now, design_id)
        menu_linking.compare_all(session, queue, now)
    return menu_id


def take_back(database: Database, gateway: RichMenuGateway, queue: JobQueue, key: str, now: datetime) -> None:
    """Show a menu no longer: its friends see the default one; instead of the default, the one that came with us.

    Raises NotFound (menu_not_shown) or GatewayError.
    """
    with database.reading() as session:
        if session.scalar(select(RichMenu.design_id).where(RichMenu.key == key)) is None:
            raise NotFound("menu_not_shown")
    if key == DEFAULT:
        _take_back_default(database, gateway, queue, now)
        return
    with database.begin() as session:
        _retire(session, key, None, now)
        session.execute(delete(RichMenu).where(RichMenu.key == key))
        menu_linking.compare_all(session, queue, now)


def _take_back_default(database: Database, gateway: RichMenuGateway, queue: JobQueue, now: datetime) -> None:
    shipped = default_design()
    menu_id = _made(gateway, shipped, keep=_in_force(database))
    gateway.set_default_rich_menu(menu_id)
    with database.begin() as session:
        _retire(session, DEFAULT, menu_id, now)
        _remember(session, shipped, menu_id, now)
        menu_linking.compare_all(session, queue, now)


def _in_force(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(RichMenu.line_rich_menu_id)))


def _retire(session: Session, key: str, by: str | None, now: datetime) -> None:
    """Let the menu that is shown for a key be deleted once nobody is linked to it."""
    old = session.scalar(select(RichMenu.line_rich_menu_id).where(RichMenu.key == key))
    if old is not None and old != by:
        insert_ignore(session, RetiredMenu, [{"line_rich_menu_id": old, "retired_at": now}])


def _made(gateway: RichMenuGateway, design: MenuDesign, keep: Collection[str] = ()) -> str:
    for found in gateway.list_rich_menus():
        # Left by a crash, perhaps before its image came: a half-made menu cannot be told from a whole one.
        if found.name == design.name and found.rich_menu_id not in keep:
            _delete(gateway, found.rich_menu_id)
    menu_id = gateway.create_rich_menu({**design.areas, "name": design.name})
    gateway.upload_rich_menu_image(menu_id, design.image, design.image_type)
    return menu_id


def _remember(
    session: Session, design: MenuDesign, menu_id: str, now: datetime, design_id: int | None = None
) -> None:
    row = session.scalar(select(RichMenu).where(RichMenu.key == design.key)) or RichMenu(key=design.key)
    row.fingerprint, row.line_rich_menu_id, row.created_at = design.fingerprint, menu_id, now
    row.design_id = design_id
    session.add(row)


def _delete(gateway: RichMenuGateway, menu_id: str) -> None:
    try:
        gateway.delete_rich_menu(menu_id)
    except GatewayError as error:
        # A thousand menus fit: one left over harms nobody.
        log.warning("rich_menu_left_over", rich_menu=menu_id, error=type(error).__name__)
