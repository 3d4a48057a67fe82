"""Tapping: finding an action object in a message or rich menu and doing what LINE's app does with it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.simulator.acts import Acts
from bot.simulator.errors import LineError
from bot.simulator.json_types import JsonObject, as_array, as_object
from bot.simulator.menu_aliases import MenuAliases
from bot.simulator.people import Person
from bot.simulator.pictures import camera_picture
from bot.simulator.rich_menus import RichMenus

_DEFAULT_MOMENTS = {"date": "2026-01-01", "time": "10:00", "datetime": "2026-01-01T10:00"}
_ACTION_KEYS = ("action", "defaultAction")


class Taps:
    """Performs actions; what a tap leads to is answered as JSON."""

    def __init__(self, acts: Acts, menus: RichMenus, aliases: MenuAliases) -> None:
        self._acts, self._menus, self._aliases = acts, menus, aliases

    def perform(self, person: Person, action: JsonObject, params: JsonObject | None = None) -> JsonObject:
        """Do it; answers {"event"}, {"open"}, {"fill"}, {"copied"} or nothing. Raises LineError 400."""
        match action.get("type"):
            case "message":
                return {"event": self._acts.write(person, str(action["text"]))}
            case "postback":
                return self._postback(person, action)
            case "datetimepicker":
                return self._pick_moment(person, action, params)
            case "uri":
                return _open(str(action.get("uri") or action.get("linkUri")))
            case "clipboard":
                return {"copied": action.get("clipboardText")}
            case "richmenuswitch":
                return self._switch(person, action)
            case "location":
                return {
                    "event": self._acts.location(
                        person, "東京タワー", "東京都港区芝公園4-2-8", 35.65858, 139.745433
                    )
                }
            case "camera" | "cameraRoll":
                return {"event": self._acts.image(person, camera_picture())}
            case other:
                raise LineError(400, f"no such action: {other}")

    def _postback(self, person: Person, action: JsonObject) -> JsonObject:
        done: JsonObject = {}
        if action.get("text"):
            done["message_event"] = self._acts.write(person, str(action["text"]))
        done["event"] = self._acts.postback(
            person, str(action.get("data", "")), shown=action.get("displayText")
        )
        if action.get("inputOption"):
            done["input"] = action["inputOption"]
            done["fill"] = action.get("fillInText", "")
        return done

    def _pick_moment(self, person: Person, action: JsonObject, params: JsonObject | None) -> JsonObject:
        mode = str(action.get("mode"))
        picked = params or {mode: action.get("initial") or _DEFAULT_MOMENTS[mode]}
        return {"event": self._acts.postback(person, str(action.get("data", "")), picked)}

    def _switch(self, person: Person, action: JsonObject) -> JsonObject:
        alias = str(action.get("richMenuAliasId"))
        status = "SUCCESS"
        try:
            self._menus.link(self._aliases.get(alias)["richMenuId"], [person])
        except LineError as failure:
            status = "RICHMENU_ALIAS_ID_NOTFOUND" if failure.status == 404 else "FAILED"
        params = {"newRichMenuAliasId": alias, "status": status}
        return {"event": self._acts.postback(person, str(action.get("data", "")), params)}


def actions_in(value: Any) -> Iterator[JsonObject]:
    """Every action object inside a message or rich menu, in reading order."""
    found = as_object(value)
    if found is not None:
        for key, inside in found.items():
            nested = as_object(inside)
            if key in _ACTION_KEYS and nested is not None:
                yield nested
            elif key == "actions":
                yield from (
                    action for each in as_array(inside) or [] if (action := as_object(each)) is not None
                )
            else:
                yield from actions_in(inside)
    for item in as_array(value) or []:
        yield from actions_in(item)


def labelled(messages: list[JsonObject], label: str) -> JsonObject:
    """The newest action with this label. Raises LineError 404."""
    for message in reversed(messages):
        for action in actions_in(message):
            if label in {action.get("label"), action.get("text"), action.get("displayText")}:
                return action
    raise LineError(404, f"no action labelled {label!r} in this chat")


def _open(uri: str) -> JsonObject:
    """A link opens, except the prefilled chat link, which fills the input box."""
    parts = urlsplit(uri)
    if parts.netloc == "line.me" and parts.path.startswith("/R/oaMessage/"):
        return {"fill": unquote(parts.query)}
    if parts.netloc == "line.me" and parts.path.startswith("/R/ti/p/"):
        return {"ignored": uri}
    return {"open": uri}
