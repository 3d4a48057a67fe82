"""How the steps of a scenario follow each other: a main line, and arms that lead back to it. Pure.

Every way leads onwards: an arm's end goes on behind the step that led into it, so that nobody goes in a circle.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from scheduler.models import Step, StepKind
from scheduler.step_settings import NO, YES, of_step

BRANCHING = frozenset({StepKind.BRANCH, StepKind.SPLIT})
DEEPEST = 4
"""Arms within arms."""
MOST = 100
"""Steps in a scenario, those in arms included."""

_Line = tuple[int | None, str]
"""The step an arm belongs to, and the arm's name; (None, "") is the main line."""
MAIN: _Line = (None, "")


@dataclass(frozen=True)
class Placed:
    """A step as it stands in the whole: its number as people count it, and how deep it lies in arms."""

    step: Step
    number: str
    """`3` on the main line; `3-yes-1` in an arm."""
    depth: int
    line: _Line


@dataclass(frozen=True)
class Flow:
    """The steps of one scenario, those taken out included: who stands at one still has to leave it."""

    steps: Sequence[Step]
    _by_id: dict[int, Step] = field(init=False, repr=False, compare=False, default_factory=dict[int, Step])

    def __post_init__(self) -> None:
        self._by_id.update({step.id: step for step in self.steps})

    @property
    def first(self) -> Step | None:
        """The step a friend comes to first; None when there is none."""
        return self._first_of(MAIN)

    @property
    def main(self) -> Sequence[Step]:
        """The steps in force on the main line."""
        return self._line(MAIN)

    def after(self, step: Step) -> Step | None:
        """Return the step that follows `step` and its arms; None at the end of the scenario."""
        current: Step | None = step
        while current is not None:
            line = line_of(current)
            behind = (each for each in self._line(line) if each.position > current.position)
            if (found := next(behind, None)) is not None:
                return found
            current = self._by_id.get(current.parent_id) if current.parent_id is not None else None
        return None

    def into(self, step: Step, arm: str) -> Step | None:
        """Return the first step in an arm of `step`, or what follows it when the arm is empty."""
        return self._first_of((step.id, arm)) or self.after(step)

    def placed(self) -> Iterator[Placed]:
        """Yield the steps in force as they are read: each followed by its arms."""
        yield from self._below(MAIN, "", 0)

    def in_arm(self, step: Step, arm: str) -> Sequence[Step]:
        """Return the steps in force that stand directly in an arm."""
        return self._line((step.id, arm))

    def siblings(self, step: Step) -> Sequence[Step]:
        """Return the steps in force on the same line, itself included."""
        return self._line(line_of(step))

    def inside(self, step: Step) -> list[Step]:
        """Return the steps in force in all arms of `step`, however deep."""
        return [each.step for arm in arms_of(step) for each in self._below((step.id, arm), "", 0)]

    def depth(self, step: Step) -> int:
        """Return how many arms `step` lies in."""
        parent = self._by_id.get(step.parent_id) if step.parent_id is not None else None
        return 0 if parent is None else 1 + self.depth(parent)

    def _below(self, line: _Line, prefix: str, depth: int) -> Iterator[Placed]:
        for number, step in enumerate(self._line(line), start=1):
            name = f"{prefix}{number}"
            yield Placed(step, name, depth, line)
            for arm in arms_of(step):
                yield from self._below((step.id, arm), f"{name}-{arm}-", depth + 1)

    @cached_property
    def _lines(self) -> dict[_Line, list[Step]]:
        lines: dict[_Line, list[Step]] = {}
        for step in sorted(self.steps, key=lambda each: each.position):
            if step.removed_at is None:
                lines.setdefault(line_of(step), []).append(step)
        return lines

    def _line(self, line: _Line) -> Sequence[Step]:
        return self._lines.get(line, ())

    def _first_of(self, line: _Line) -> Step | None:
        return next(iter(self._line(line)), None)


def line_of(step: Step) -> _Line:
    """Return the line a step stands on."""
    return (step.parent_id, step.arm) if step.parent_id is not None else MAIN


def arms_of(step: Step) -> list[str]:
    """Return the names of the arms a step leads into."""
    if step.kind is StepKind.BRANCH:
        return [YES, NO]
    return [arm.name for arm in of_step(step).arms] if step.kind is StepKind.SPLIT else []


def in_force(steps: Iterable[Step]) -> list[Step]:
    """Return the steps that are not taken out."""
    return [step for step in steps if step.removed_at is None]
