"""The form of conditions for every page: a friends' filter, a segment, a scenario's condition, a broadcast's audience.

How a page takes it in, here under the prefix "c":

    draft = condition_form.of(stored, "c")                 # a condition, its JSON, or None for "everybody"
    draft = condition_form.read(request.form, "c")         # what was sent; request.args does as well
    if draft.pressed: …                                    # a button of the builder: show the page again, save nothing
    with database.reading() as session:
        builder = condition_form.shown(session, draft)     # what the template draws; notes in draft.errors what is gone
    if draft.tree is None or draft.errors: …               # show the page again with status 422
    dump(draft.tree)                                       # segments.conditions.dump: the JSON to be stored

In the template:

    {% import "console/_condition.html" as conditions with context %}
    {% block head %}{{ super() }}{{ conditions.head() }}{% endblock %}
    <form method="post">{{ parts.csrf() }} … {{ conditions.builder(builder) }} {{ conditions.counted(builder) }} …</form>

Everything typed is kept, whatever it is, until it is removed. With scripts the builder's buttons and the live count
are fetched from bot.console.conditions, without them they send the page's own form: `draft.pressed` is then true and
the page has to show all its other fields as they were sent. `draft.is_empty` is true while nothing is asked: such a
draft's tree is {"is": "all", "of": []}, which means everybody.
In an address: `?where=` + condition_form.compact(draft.tree); back: condition_form.of_text(request.args["where"], "c").
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from bot.console import condition_pressing, condition_reading, condition_showing
from bot.console.condition_parts import Part, Path, sent_whole, whole_of
from bot.console.condition_shown import Builder
from segments.conditions import All, Condition, dump


@dataclass
class Draft:
    """A condition on its way through a form."""

    prefix: str
    whole: Part
    tree: Condition | None
    """The condition; None while something is lacking or must be mended."""
    errors: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What to mend, in words, by the name of the field (c.0.at_least) or of the part (c.0)."""
    leaves: Mapping[Path, Condition] = field(default_factory=dict[Path, Condition])
    """The single conditions that make sense by themselves."""
    pressed: bool = False
    """Whether a button of the builder was pressed: somebody is at it still."""
    counting: bool = False
    """Whether that button was the one which counts, as it is pressed without scripts (condition_counting.count)."""
    focus: str = ""
    """Where to go on: the id of what was added or moved."""
    removed: str = ""
    """What was just taken out, to be put back by one button."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked, which means everybody."""
        return not self.whole.parts and self.whole.kind != "any"


def of(condition: Condition | Mapping[str, Any] | None, prefix: str) -> Draft:
    """Return the draft of a stored condition, of its JSON (be it no longer understood), or of everybody."""
    if condition is None:
        condition = All(of=[])
    data = dict(condition) if isinstance(condition, Mapping) else dump(condition)
    return _draft(whole_of(data), prefix, is_sent=False)


def read(form: MultiDict[str, str], prefix: str) -> Draft:
    """Return the draft that a form was sent with, after what its button asked for; everybody when it holds none."""
    whole = sent_whole(form, prefix) or Part("all")
    button = form.get(f"{prefix}.do", "")
    if not button:
        return _draft(whole, prefix)
    after = condition_pressing.press(whole, button, form, prefix)
    draft = _draft(after.whole, prefix, is_sent=False)
    draft.pressed, draft.counting = True, button == "count"
    draft.focus, draft.removed = after.focus, after.removed
    draft.errors |= after.errors
    return draft


def shown(session: Session, draft: Draft) -> Builder:
    """Return what a template draws of a draft; what its conditions name and is gone comes into `draft.errors`."""
    return condition_showing.show(session, draft)


def compact(tree: Condition) -> str:
    """Write a condition as short as it goes, for an address."""
    tree_json = dump(tree)
    tree_json.pop("version")
    return json.dumps(tree_json, ensure_ascii=False, separators=(",", ":"))


def of_text(text: str, prefix: str) -> Draft:
    """Return the draft of a condition in an address; of everybody when it is no JSON."""
    try:
        data: Any = json.loads(text) if text else None
    except (ValueError, RecursionError):
        data = None
    return of(cast("dict[str, Any]", data) if isinstance(data, dict) else None, prefix)


def _draft(whole: Part, prefix: str, *, is_sent: bool = True) -> Draft:
    reading = condition_reading.read(whole, prefix)
    errors = reading.errors | (reading.lacking if is_sent else {})
    return Draft(prefix, whole, reading.tree, errors, reading.leaves)
