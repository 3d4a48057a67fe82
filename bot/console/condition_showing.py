"""Draws a condition that is being made in a form: what a template needs of each part and field."""

import json
from collections.abc import Iterable, Mapping

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import condition_choices, condition_gone, condition_kinds, condition_told
from bot.console.condition_choices import Offer, Option
from bot.console.condition_fields import Field, Source, Widget, fields_of
from bot.console.condition_labels import label_of, option_label
from bot.console.condition_parts import Part, Path, name_of
from bot.console.condition_shown import Builder, Drafted, FieldShown, PartShown, Suggestions, Ticked
from bot.console.condition_values import SHOWN
from segments.conditions import DEEPEST

TICKED_AT_MOST = 12
"""What there are so few of is shown whole, to be ticked; of more only what was chosen, and a field to add."""
_About = tuple[Source, str]


def show(session: Session, draft: Drafted) -> Builder:
    """Return a draft as it is drawn; what it names and is gone is noted in its errors."""
    condition_gone.note(session, draft.leaves, draft.prefix, draft.errors)
    words = condition_told.told(session, draft.tree, draft.prefix, draft.errors)
    drawing = _Drawing(session, draft)
    whole = drawing.part(draft.whole, (), 0, 1)
    return Builder(
        draft.prefix, whole, drawing.suggestions(), words, draft.focus, draft.removed, draft.errors
    )


class _Drawing:
    """Draws the parts of one draft; each source is read once."""

    def __init__(self, session: Session, draft: Drafted) -> None:
        self._session, self._draft = session, draft
        self._offers: dict[_About, Offer] = {}
        self._labels = self._read_labels()

    def part(self, part: Part, path: Path, number: int, of: int) -> PartShown:
        name, errors = name_of(self._draft.prefix, path), self._draft.errors
        known = part.is_known and not part.is_group and not part.raw
        return PartShown(
            name=name,
            place=".".join(map(str, path)),
            number=".".join(str(each + 1) for each in path),
            kind=part.kind,
            title=_("条件のまとまり") if part.is_group else condition_kinds.name_of(part.kind),
            is_group=part.is_group,
            is_bare=part.is_bare,
            raw=part.raw,
            can_nest=len(path) < DEEPEST - 1,
            is_first=number == 0,
            is_last=number == of - 1,
            fields=[self._field(each, part, name) for each in fields_of(part.kind)] if known else [],
            parts=[
                self.part(each, (*path, place), place, len(part.parts))
                for place, each in enumerate(part.parts)
            ],
            errors=errors.get(name, []),
            adding_errors=errors.get(f"{name}.new", []),
        )

    def suggestions(self) -> list[Suggestions]:
        """Return the lists that fields point to."""
        return [
            Suggestions(
                self._list_id((source, about)), offer.options, "" if offer.is_whole else source.value, about
            )
            for (source, about), offer in self._offers.items()
        ]

    def _field(self, field: Field, part: Part, name: str) -> FieldShown:
        values = part.typed.get(field.name, [])
        label = _(label_of(part.kind, field.name))
        before, _gap, after = label.rpartition("…") if "…" in label else (label, "", "")
        about = (field.source, _about(field, part)) if field.source else None
        offer = self._offer(about) if about else Offer()
        options, shown_values = self._options(field, part, values, offer)
        is_long = field.is_list and len(values) > SHOWN
        return FieldShown(
            name=f"{name}.{field.name}",
            widget=_drawn_as(field, offer),
            label=label.replace("…", " … ").strip(),
            before=before.strip(),
            after=after.strip(),
            values=values,
            options=options,
            was=_was(field, values, shown_values),
            unseen=len(values) - SHOWN if is_long else 0,
            suggestions=self._list_id(about) if about else "",
            takes_more=field.widget is Widget.PICKS
            and (field.source in _OPEN or not self._is_shown_whole(field, offer)),
            has_blank=not field.default,
            is_number=field.is_number,
            is_required=field.is_required,
            refreshes=field.name in ("ladder", "question"),
            low=field.low,
            high=field.high,
            errors=self._draft.errors.get(f"{name}.{field.name}", []),
        )

    def _options(
        self, field: Field, part: Part, values: list[str], offer: Offer
    ) -> tuple[list[Ticked], list[str]]:
        """Return what can be ticked or selected, and the chosen of it in the order of drawing."""
        if field.options:
            found = [Option(each, option_label(part.kind, field.name, each)) for each in field.options]
        elif field.widget is Widget.PICK or self._is_shown_whole(field, offer):
            found = list(offer.options)
        else:
            found = []
        there = {each.value for each in found}
        others = [each for each in dict.fromkeys(values) if each not in there]
        if field.is_list:
            others = others[:SHOWN]
        elif field.source not in _SELECTED:
            others = []
        found += [Option(each, self._label(field, each)) for each in others if each]
        chosen = set(values)
        options = [Ticked(each.value, each.label, each.value in chosen) for each in found]
        return options, [each.value for each in options if each.chosen]

    def _is_shown_whole(self, field: Field, offer: Offer) -> bool:
        is_few = offer.is_whole and 0 < len(offer.options) <= TICKED_AT_MOST
        return is_few and field.source is not Source.FRIEND

    def _label(self, field: Field, value: str) -> str:
        names: Mapping[str, str] = self._labels.get(field.source, {}) if field.source else {}
        key = value.split(maxsplit=1)[0] if field.source is Source.FRIEND and value.split() else value
        return names.get(key) or value

    def _offer(self, about: _About) -> Offer:
        if about not in self._offers:
            self._offers[about] = condition_choices.offer(self._session, about[0], about=about[1])
        return self._offers[about]

    def _list_id(self, about: _About) -> str:
        return f"{self._draft.prefix}-list-{list(self._offers).index(about)}"

    def _read_labels(self) -> dict[Source, Mapping[str, str]]:
        chosen: dict[Source, set[str]] = {}
        for source, values in _chosen(part for _path, part in self._draft.whole.walk()):
            chosen.setdefault(source, set()).update(values)
        return {
            source: condition_choices.labels(self._session, source, values)
            for source, values in chosen.items()
        }


_SELECTED = (Source.AUDIENCE, Source.SEGMENT)
"""Sources of one thing that are drawn as a list to choose from, not as a text to type."""
_OPEN = (Source.ROUTE, Source.LANGUAGE, Source.ANSWER, Source.FRIEND)
"""Sources of which there may be more than the shop has seen so far."""


def _chosen(parts: Iterable[Part]) -> Iterable[tuple[Source, list[str]]]:
    for part in parts:
        if part.is_known and not part.is_group and not part.raw:
            for each in fields_of(part.kind):
                if each.source:
                    yield each.source, part.typed.get(each.name, [])


def _about(field: Field, part: Part) -> str:
    given = {Source.ANSWER: "question", Source.RUNG: "ladder"}.get(field.source) if field.source else None
    return (part.typed.get(given) or [""])[0] if given else ""


def _drawn_as(field: Field, offer: Offer) -> Widget:
    return Widget.CHOICE if field.widget is Widget.PICK and field.source in _SELECTED else field.widget


def _was(field: Field, values: list[str], shown: list[str]) -> str:
    """Return what must travel beside the fields for the form to bring back these very values."""
    is_same = values == shown if field.is_list else all(each == each.strip() for each in values)
    return "" if is_same else json.dumps(values, ensure_ascii=False)
