"""Rich menus of the channel: kept, pictured, linked to people, named by aliases."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.simulator import ids
from bot.simulator.channel import Channel
from bot.simulator.errors import LineError, not_found
from bot.simulator.json_types import JsonObject, compact
from bot.simulator.people import Person
from bot.simulator.state import State

MENUS_A_CHANNEL = 1000
IMAGE_BYTES = 1024 * 1024
_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


@dataclass(frozen=True)
class Picture:
    """A rich menu's image."""

    content: bytes
    content_type: str


class RichMenus:
    """Keeps rich menus in the state."""

    def __init__(self, state: State, channel: Channel) -> None:
        self._state = state
        self._channel = channel

    def create(self, menu: JsonObject) -> str:
        """Keep a checked rich menu; answer its id. Raises LineError 400 beyond 1,000."""
        if self._state.number("SELECT count(*) FROM rich_menus") >= MENUS_A_CHANNEL:
            raise LineError(400, "You have reached the maximum number of rich menus")
        menu_id, no = ids.rich_menu_id(), self._state.take_numbers("rich_menus")
        self._state.write(
            "INSERT INTO rich_menus (id, no, menu) VALUES (?, ?, ?)", (menu_id, no, compact(menu))
        )
        return menu_id

    def get(self, menu_id: str) -> JsonObject:
        """The rich menu with its id. Raises LineError 404."""
        row = self._state.row("SELECT id, menu FROM rich_menus WHERE id = ?", (menu_id,))
        if row is None:
            raise LineError(404, "richmenu not found")
        return {"richMenuId": row["id"], **json.loads(row["menu"])}

    def every(self) -> list[JsonObject]:
        """All rich menus, the newest first."""
        found = self._state.rows("SELECT id, menu FROM rich_menus ORDER BY no DESC")
        return [{"richMenuId": row["id"], **json.loads(row["menu"])} for row in found]

    def delete(self, menu_id: str) -> None:
        """Forget a rich menu and every use of it."""
        self.get(menu_id)
        with self._state.transaction() as connection:
            connection.execute("DELETE FROM rich_menus WHERE id = ?", (menu_id,))
            connection.execute("UPDATE people SET rich_menu = NULL WHERE rich_menu = ?", (menu_id,))
        if self._channel.default_menu() == menu_id:
            self._channel.set_default_menu(None)

    def put_picture(self, menu_id: str, picture: Picture) -> None:
        """Give a rich menu its image, once. Raises LineError 400, 404, 413 or 415."""
        self.get(menu_id)
        if len(picture.content) > IMAGE_BYTES:
            raise LineError(413, "The image is too large: 1 MB at most")
        magic = _MAGIC.get(picture.content_type)
        if magic is None or not picture.content.startswith(magic):
            raise LineError(415, f"The content type, {picture.content_type}, is not supported")
        changed = self._state.write(
            "UPDATE rich_menus SET image = ?, image_type = ? WHERE id = ? AND image IS NULL",
            (picture.content, picture.content_type, menu_id),
        )
        if not changed:
            raise LineError(400, "An image has already been uploaded to the richmenu")

    def picture(self, menu_id: str) -> Picture:
        """The image. Raises LineError 404."""
        row = self._state.row("SELECT image, image_type FROM rich_menus WHERE id = ?", (menu_id,))
        if row is None or row["image"] is None:
            raise not_found()
        return Picture(bytes(row["image"]), row["image_type"])

    def make_default(self, menu_id: str) -> None:
        """Show it to everyone without a rich menu of their own."""
        self._need_picture(menu_id)
        self._channel.set_default_menu(menu_id)

    def link(self, menu_id: str, people: Sequence[Person]) -> None:
        """Show it to these people. Raises LineError 400 without an image."""
        self._need_picture(menu_id)
        rows = [(menu_id, person.no) for person in people]
        self._state.write_many("UPDATE people SET rich_menu = ? WHERE no = ?", rows)

    def unlink(self, people: Sequence[Person]) -> None:
        """Leave these people to the default."""
        self._state.write_many(
            "UPDATE people SET rich_menu = NULL WHERE no = ?", [(person.no,) for person in people]
        )

    def relink(self, old: str | None, new: str | None) -> None:
        """Move everyone from one rich menu to another; None for any, or for none."""
        self._state.write(
            "UPDATE people SET rich_menu = ? WHERE rich_menu IS NOT NULL AND (? IS NULL OR rich_menu = ?)",
            (new, old, old),
        )

    def shown_to(self, person: Person) -> JsonObject | None:
        """The rich menu a person sees."""
        menu_id = person.rich_menu or self._channel.default_menu()
        return None if menu_id is None else self.get(menu_id)

    def _need_picture(self, menu_id: str) -> None:
        self.get(menu_id)
        if not self._state.number("SELECT image IS NOT NULL FROM rich_menus WHERE id = ?", (menu_id,)):
            raise LineError(400, "must upload richmenu image before applying it to user")
