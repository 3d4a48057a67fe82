"""Names for rich menus, which rich menu switches refer to."""

from bot.simulator import ids
from bot.simulator.errors import LineError, body_errors
from bot.simulator.json_types import JsonObject
from bot.simulator.rich_menus import RichMenus
from bot.simulator.state import State


class MenuAliases:
    """Keeps aliases in the state."""

    def __init__(self, state: State, menus: RichMenus) -> None:
        self._state = state
        self._menus = menus

    def create(self, alias: object, menu_id: object) -> None:
        """Name a rich menu. Raises LineError 400 for a bad or taken name."""
        if not isinstance(alias, str) or ids.ALIAS_ID.fullmatch(alias) is None:
            raise body_errors([("invalid property", "richMenuAliasId")])
        self._check_menu(menu_id)
        if not self._state.write("INSERT OR IGNORE INTO menu_aliases VALUES (?, ?)", (alias, menu_id)):
            raise LineError(400, "conflict richmenu alias id")

    def update(self, alias: str, menu_id: object) -> None:
        """Let the name stand for another rich menu."""
        self.get(alias)
        self._check_menu(menu_id)
        self._state.write("UPDATE menu_aliases SET menu = ? WHERE alias = ?", (menu_id, alias))

    def delete(self, alias: str) -> None:
        """Forget the name."""
        if not self._state.write("DELETE FROM menu_aliases WHERE alias = ?", (alias,)):
            raise LineError(404, "richmenu alias not found")

    def get(self, alias: str) -> JsonObject:
        """Name and rich menu. Raises LineError 404."""
        row = self._state.row("SELECT * FROM menu_aliases WHERE alias = ?", (alias,))
        if row is None:
            raise LineError(404, "richmenu alias not found")
        return {"richMenuAliasId": row["alias"], "richMenuId": row["menu"]}

    def every(self) -> list[JsonObject]:
        """All names."""
        found = self._state.rows("SELECT * FROM menu_aliases ORDER BY alias")
        return [{"richMenuAliasId": row["alias"], "richMenuId": row["menu"]} for row in found]

    def _check_menu(self, menu_id: object) -> None:
        try:
            self._menus.get(str(menu_id))
        except LineError as failure:
            raise LineError(400, "richmenu not found") from failure
