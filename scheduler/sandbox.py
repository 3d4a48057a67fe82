"""The sandbox that message templates run in: plain facts, few filters, and errors that concern one friend alone."""

from collections.abc import Mapping
from typing import Any, NoReturn, cast

from jinja2 import Undefined
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from scheduler.wording import FILTERS

LOOP_FACTS = frozenset({"index", "index0", "first", "last", "length"})
JINJA_FILTERS = (
    "default",
    "d",
    "upper",
    "lower",
    "trim",
    "truncate",
    "round",
    "int",
    "length",
    "first",
    "last",
)
TESTS = ("defined", "undefined", "none", "odd", "even", "in", "string", "number")


class RenderError(Exception):
    """One friend's message cannot be made; the others' can."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail

    @property
    def reason(self) -> str:
        """What a skipped Delivery keeps as its reason: `fact_missing:coupon.title`, at most 64 characters."""
        return f"{self.code}:{self.detail}"[:64]


class MissingFact(RenderError):
    """A template says a fact that is not known of this friend, and offers nothing instead."""

    def __init__(self, fact: str) -> None:
        super().__init__("fact_missing", fact)
        self.fact = fact


class BadTemplate(ValueError):
    """A template that may not be used, whoever the friend; `code` and `params` are told to the operator."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(f"{code} {params}")
        self.code = code
        self.params = params


class Missing(Undefined):
    """A fact that is not known: false, replaceable by `default` and `or`, but never printed as nothing."""

    __slots__ = ()

    def _fail_with_undefined_error(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise MissingFact(self._undefined_name or "?")

    __str__ = __iter__ = __len__ = __add__ = __radd__ = __sub__ = __rsub__ = _fail_with_undefined_error
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __int__ = __float__ = _fail_with_undefined_error  # type: ignore[assignment] — comparing with the unknown has no answer

    def __hash__(self) -> int:
        return id(type(self))

    def part(self, name: object) -> "Missing":
        """Return the unknown part of this unknown fact, so that `coupon.title or "…"` works."""
        return Missing(name=f"{self._undefined_name}.{name}")


class MessageEnvironment(ImmutableSandboxedEnvironment):
    """Facts are plain data here: a dot means an item of a mapping and never an attribute of a Python object."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a part of a fact."""
        if isinstance(obj, LoopContext) and attribute in LOOP_FACTS:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item of a fact, or a piece of a text."""
        if isinstance(obj, Missing):
            return obj.part(argument)
        by_place = isinstance(obj, str | list) and isinstance(argument, int | slice)
        if by_place or isinstance(obj, Mapping):
            try:
                return cast("Any", obj)[argument]
            except LookupError:
                pass
        return Missing(name=str(cast("Any", argument)))


def _plain(value: Any) -> Any:
    """Let only texts, numbers and unknown facts (which then complain by name) be printed."""
    if isinstance(value, str | int | float | Undefined):
        return value
    raise RenderError("not_printable", type(value).__name__)


def _environment() -> MessageEnvironment:
    env = MessageEnvironment(undefined=Missing, finalize=_plain, keep_trailing_newline=True, autoescape=False)
    env.globals.clear()
    for name in env.filters.keys() - set(JINJA_FILTERS):
        del env.filters[name]
    env.filters.update(cast("Any", FILTERS))
    for name in env.tests.keys() - set(TESTS):
        del env.tests[name]
    return env


ENVIRONMENT = _environment()
