"""What the steps of a scenario's file say: checked by LINE before anything is stored, tried on friends after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from scheduler import message_checks, sample_renders
from scheduler.gateway import MessageGateway
from scheduler.message_asking import ask_line
from scheduler.sample_renders import Tried
from scheduler.scenario_shapes import FileStep, Problem, Said, parse, problem_at, refused
from segments.errors import Invalid
from segments.shop import Shop

_Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Wording:
    """A message of the scenario's own, with the step that says it."""

    path: _Path
    """Where it stands in the file: `("steps", 2, "message")`."""
    step: str
    """What the step is called; "" when it has no name."""
    content: dict[str, Any]

    @property
    def at(self) -> str:
        """The place of its step in words of the file: `steps.2`."""
        return ".".join(map(str, self.path[:-1]))


def wordings(text: str) -> list[Wording]:
    """Return a file's own messages, those alone that our own check finds good: it tells of the others by itself.

    Raises Invalid (scenario_file_invalid) as `scenario_shapes.parse`.
    """
    found = _said(parse(text).steps, ("steps",))
    return [each for each in found if not message_checks.check(each.content)]


def _said(steps: list[FileStep], path: _Path) -> Iterator[Wording]:
    for number, step in enumerate(steps):
        here = (*path, number)
        if isinstance(step.message, Said):
            yield Wording((*here, "message"), step.name, step.message.content)
        for _arm, below, inner in step.inside():
            yield from _said(inner, (*here, *below))


def ask_line_of(gateway: MessageGateway, text: str, settings: Shop, now: datetime) -> bool:
    """Have LINE check what a file says, with no transaction open; False when LINE could not be asked.

    Raises Invalid (scenario_file_invalid: problems) with the step and the language of each refusal.
    """
    problems: list[Problem] = []
    is_there = True
    for each in wordings(text):
        try:
            is_there = is_there and ask_line(gateway, each.content, settings, now)
        except Invalid as error:
            at = f"content.{error.params['language']}"
            problems.append(problem_at(text, each.path, Invalid(error.code, **error.params, at=at)))
    if problems:
        raise refused(problems)
    return is_there


def try_all(session: Session, text: str, now: datetime) -> list[tuple[Wording, Tried]]:
    """Make a file's messages for a sample of all who can be sent to; return those that some would not get."""
    found = wordings(text)
    tried = sample_renders.try_each(session, {number: each.content for number, each in enumerate(found)}, now)
    return [(each, tried[number]) for number, each in enumerate(found) if tried[number].failed]
