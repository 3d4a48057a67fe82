"""Sends a drawn form as a browser would: every field with what stands in it, the button that was pressed on top."""

from html.parser import HTMLParser

from werkzeug.datastructures import MultiDict


class _Fields(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.buttons: list[str] = []
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "input" if "name" in given:
                is_box = given.get("type") in ("checkbox", "radio")
                if not is_box or "checked" in given:
                    self.fields.append((given["name"], given.get("value", "")))
            case "select":
                self._select = (given["name"], [])
            case "option" if self._select:
                self._select[1].append((given["value"], "selected" in given))
            case "button" if given.get("name", "").endswith(".do"):
                self.buttons.append(given["value"])
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            name, options = self._select
            # Nothing selected is the first option.
            chosen = [value for value, selected in options if selected] or [value for value, _ in options[:1]]
            self.fields += [(name, value) for value in chosen[-1:]]
            self._select = None


def sent(page: str, button: str = "", **changed: str) -> MultiDict[str, str]:
    """Return what the builder drawn on `page` under the prefix c sends; `changed` fields by name, `__` for a dot."""
    fields = MultiDict([each for each in _Fields(page).fields if each[0].startswith("c.")])
    for name, value in changed.items():
        fields[name.replace("__", ".")] = value
    if button:
        fields["c.do"] = button
    return fields


def buttons(page: str) -> list[str]:
    """Return the values of the builder's buttons, in their order."""
    return _Fields(page).buttons
