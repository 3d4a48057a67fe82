"""Rich menus as operators design them: stored, checked, and made into what LINE takes."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.line import menu_areas, menu_picture
from bot.line.menu_areas import Area
from bot.line.menu_layouts import LAYOUTS, WIDTH, Layout
from bot.line.menu_picture import PALETTES
from bot.models import MenuDesign, RichMenu
from segments.errors import Conflict, Invalid, NotFound

NAME_LONGEST = 64
BAR_LONGEST = 14
PNG = "image/png"


@dataclass(frozen=True)
class Draft:
    """A menu as a form has it."""

    name: str
    layout: str
    palette: str
    chat_bar_text: str
    opens: bool
    areas: tuple[Area, ...]

    @property
    def division(self) -> Layout:
        """The layout; raises KeyError for one that `problems` would have named."""
        return LAYOUTS[self.layout]


@dataclass(frozen=True)
class Ready:
    """A menu as LINE takes it."""

    body: dict[str, Any]
    """The rich menu object without its name."""
    image: bytes
    image_type: str

    @property
    def fingerprint(self) -> str:
        """Hash of areas and image."""
        said = json.dumps(self.body, sort_keys=True, ensure_ascii=False).encode()
        return hashlib.sha256(said + self.image).hexdigest()


def problems(draft: Draft) -> dict[str, Invalid]:
    """Return what must be mended, by field: `name`, `chat_bar_text`, `layout`, or `areas-1-label` and the like."""
    found: dict[str, Invalid] = {}
    if not draft.name:
        found["name"] = Invalid("name_missing")
    elif len(draft.name) > NAME_LONGEST:
        found["name"] = Invalid("name_too_long", limit=NAME_LONGEST)
    if not 1 <= len(draft.chat_bar_text) <= BAR_LONGEST:
        found["chat_bar_text"] = Invalid("menu_bar_bad", limit=BAR_LONGEST)
    if draft.layout not in LAYOUTS:
        found["layout"] = Invalid("menu_layout_unknown")
    if draft.palette not in PALETTES:
        found["palette"] = Invalid("menu_layout_unknown")
    for number, area in enumerate(draft.areas):
        try:
            menu_areas.check(area)
        except Invalid as error:
            found[f"areas-{number}-{error.params['part']}"] = error
    return found


def save(session: Session, design_id: int | None, draft: Draft, by: str, now: datetime) -> MenuDesign:
    """Store a checked draft, as a new menu or over an old one; an own picture stays while its size still fits."""
    design = get(session, design_id) if design_id is not None else MenuDesign(created_at=now)
    if design.picture is not None and LAYOUTS[design.layout].height != draft.division.height:
        design.picture = design.picture_type = None
    design.name, design.layout, design.palette = draft.name, draft.layout, draft.palette
    design.chat_bar_text, design.opens = draft.chat_bar_text, draft.opens
    design.areas = [area.as_json() for area in draft.areas]
    design.updated_at, design.updated_by = now, by
    session.add(design)
    session.flush()
    return design


def put_picture(session: Session, design_id: int, content: bytes | None, by: str, now: datetime) -> None:
    """Give a menu a picture of the operator's own; None = the one we draw again. Raises Invalid as `checked` does."""
    design = get(session, design_id)
    kind = menu_picture.checked(content, LAYOUTS[design.layout]) if content is not None else None
    design.picture, design.picture_type = content, kind
    design.updated_at, design.updated_by = now, by


def get(session: Session, design_id: int) -> MenuDesign:
    """Return a design. Raises NotFound (menu_unknown)."""
    design = session.get(MenuDesign, design_id)
    if design is None:
        raise NotFound("menu_unknown", design_id=design_id)
    return design


def every(session: Session) -> Sequence[MenuDesign]:
    """Return all designs, the one changed last first."""
    return session.scalars(select(MenuDesign).order_by(MenuDesign.updated_at.desc(), MenuDesign.id)).all()


def remove(session: Session, design_id: int) -> str:
    """Delete a design that is not published and return its name. Raises Conflict (menu_in_use)."""
    design = get(session, design_id)
    if session.scalars(select(RichMenu.id).where(RichMenu.design_id == design_id)).first() is not None:
        raise Conflict("menu_in_use", name=design.name)
    session.delete(design)
    return design.name


def draft_of(design: MenuDesign) -> Draft:
    """Return a stored design as a form has it."""
    return Draft(
        name=design.name,
        layout=design.layout,
        palette=design.palette,
        chat_bar_text=design.chat_bar_text,
        opens=design.opens,
        areas=tuple(menu_areas.read(each) for each in design.areas),
    )


def ready(design: MenuDesign) -> Ready:
    """Return what LINE takes."""
    draft = draft_of(design)
    cells = draft.division.cells
    body = {
        "size": {"width": WIDTH, "height": draft.division.height},
        "selected": draft.opens,
        "chatBarText": draft.chat_bar_text,
        "areas": [
            {"bounds": cell.bounds, "action": area.action()}
            for cell, area in zip(cells, draft.areas, strict=True)
        ],
    }
    if design.picture is not None and design.picture_type is not None:
        return Ready(body, design.picture, design.picture_type)
    return Ready(body, menu_picture.drawn(draft.division, draft.areas, PALETTES[draft.palette]), PNG)
