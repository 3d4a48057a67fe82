"""What a template is handed of a condition in a form: parts and fields with their texts, choices and errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.console import condition_kinds
from bot.console.condition_choices import Option
from bot.console.condition_fields import Widget
from bot.console.condition_parts import Part, Path
from segments.conditions import Condition


class Drafted(Protocol):
    """What is shown; condition_form.Draft."""

    prefix: str
    whole: Part
    tree: Condition | None
    errors: dict[str, list[str]]
    leaves: Mapping[Path, Condition]
    focus: str
    removed: str


@dataclass(frozen=True)
class Ticked(Option):
    """Something that can be chosen, and whether it is."""

    chosen: bool = False


@dataclass(frozen=True)
class FieldShown:
    """One field as it is drawn."""

    name: str
    """Its name in the form, and its id."""
    widget: Widget
    label: str
    """The whole text, read out."""
    before: str
    after: str
    """The text on both sides of the value."""
    values: list[str]
    options: list[Ticked] = field(default_factory=list[Ticked])
    was: str = ""
    """JSON of what the form by itself would not bring back."""
    unseen: int = 0
    """How many values of a long list are not drawn."""
    suggestions: str = ""
    """The id of the list of suggestions."""
    takes_more: bool = False
    has_blank: bool = False
    is_number: bool = False
    is_required: bool = False
    refreshes: bool = False
    """Whether another choice here changes what other fields offer."""
    low: float | None = None
    high: float | None = None
    errors: list[str] = field(default_factory=list[str])

    @property
    def value(self) -> str:
        """What stands in a field of one value."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True)
class PartShown:
    """One condition or group as it is drawn."""

    name: str
    place: str
    """As buttons name it: 0.1."""
    number: str
    """As people are told it: 1.2."""
    kind: str
    title: str
    is_group: bool
    is_bare: bool
    raw: str
    can_nest: bool
    is_first: bool
    is_last: bool
    fields: list[FieldShown]
    parts: "list[PartShown]"
    errors: list[str]
    adding_errors: list[str]
    """What is wrong with what was to be added."""


@dataclass(frozen=True)
class Suggestions:
    """A list of what may be typed into a field; `source` to ask for others by what is typed."""

    id: str
    options: tuple[Option, ...]
    source: str
    about: str


@dataclass
class Builder:
    """A draft as it is drawn."""

    prefix: str
    whole: PartShown
    suggestions: list[Suggestions]
    words: str
    """The whole in one sentence; "" while it makes no sense yet."""
    focus: str
    removed: str
    """What was taken out last, to be put back; "" for nothing."""
    errors: dict[str, list[str]]
    groups: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=condition_kinds.choices)
    branches: list[tuple[str, str]] = field(default_factory=condition_kinds.branches)
