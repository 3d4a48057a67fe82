"""The small, bounded template language of message strings: Jinja2 in a sandbox, cut down to what messages need.

A template can neither hang nor reach into Python: no calls, no assignments, no multiplication, loops
over facts only and two deep, filters from a short list. What is left runs in time bounded by its length.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn, cast

from jinja2 import TemplateSyntaxError, Undefined, meta, nodes
from jinja2.environment import Template
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from scheduler.wording import FILTERS

SOURCE_LIMIT = 10_000
LOOP_DEPTH = 2
RESERVED = frozenset({"self", "super", "caller", "varargs", "kwargs"})
"""Names that Jinja fills in by itself."""
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
ALLOWED = (
    *(
        nodes.Template,
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Const,
        nodes.Getattr,
        nodes.Getitem,
    ),
    *(nodes.Slice, nodes.Filter, nodes.Keyword, nodes.Test, nodes.If, nodes.For, nodes.CondExpr, nodes.And),
    *(nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg),
)


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


class Scope:
    """The facts that one rendering may name."""

    __slots__ = ("context", "facts")

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.context = Context(ENVIRONMENT, facts, None, {})

    def having(self, name: str, value: Any) -> "Scope":
        """Return this scope with one more fact."""
        return Scope({**self.facts, name: value})


@dataclass(frozen=True)
class Source:
    """One compiled string."""

    template: Template
    facts: frozenset[str]
    """Facts it names, as `name` or `coupon.title`."""
    unquoted: frozenset[str]
    """Those of them that are printed without the filter `url`."""

    def render(self, scope: Scope) -> str:
        """Fill in the facts; raises MissingFact and RenderError."""
        try:
            return "".join(self.template.root_render_func(scope.context))
        except RenderError:
            raise
        except Exception as error:
            # A template that trips over the facts of one friend concerns that friend alone.
            raise RenderError("template_failed", type(error).__name__) from error


@lru_cache(maxsize=4096)
def compile_source(source: str) -> Source:
    """Compile one string of a message; raises BadTemplate."""
    if len(source) > SOURCE_LIMIT:
        raise BadTemplate("template_too_long", limit=SOURCE_LIMIT)
    try:
        tree = ENVIRONMENT.parse(source)
        _refuse_beyond_messages(tree, depth=0)
        facts, unquoted = _named(tree), frozenset(_printed_as_is(tree))
        template = Template.from_code(ENVIRONMENT, ENVIRONMENT.compile(tree), {}, None)
    except TemplateSyntaxError as error:
        raise BadTemplate("syntax_error", message=error.message or "", line=error.lineno) from error
    except (RecursionError, ValueError) as error:
        if isinstance(error, BadTemplate):
            raise
        raise BadTemplate("syntax_error", message=type(error).__name__, line=1) from error
    return Source(template, facts, unquoted & facts)


def compile_test(expression: str) -> Source:
    """Compile a bare expression into a source that renders to something when it holds and to "" when not."""
    return compile_source("{% if " + expression + " %}1{% endif %}")


def is_dynamic(text: str) -> bool:
    """Tell whether a string has anything to fill in."""
    return "{" in text and any(mark in text for mark in ("{{", "{%", "{#"))


def _refuse_beyond_messages(node: nodes.Node, depth: int) -> None:
    if not isinstance(node, ALLOWED):
        raise BadTemplate("not_allowed", what=type(node).__name__.lower())
    if isinstance(node, nodes.For):
        depth += 1
        if depth > LOOP_DEPTH or node.recursive or not isinstance(node.iter, nodes.Name | nodes.Getattr):
            raise BadTemplate("not_allowed", what="loop")
    if isinstance(node, nodes.Name) and node.name in RESERVED:
        raise BadTemplate("not_allowed", what=node.name)
    if isinstance(node, nodes.Filter) and node.name not in ENVIRONMENT.filters:
        raise BadTemplate("unknown_filter", name=node.name)
    for child in node.iter_child_nodes():
        _refuse_beyond_messages(child, depth)


def _path(node: nodes.Node) -> str | None:
    """Return `coupon.title` for such an expression, None for anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    inner = _path(node.node) if isinstance(node, nodes.Getattr) else None
    return f"{inner}.{node.attr}" if inner and isinstance(node, nodes.Getattr) else None


def _named(tree: nodes.Template) -> frozenset[str]:
    given = meta.find_undeclared_variables(tree)
    paths = {path for node in tree.find_all((nodes.Name, nodes.Getattr)) if (path := _path(node))}
    longest = {path for path in paths if not any(other.startswith(f"{path}.") for other in paths)}
    return frozenset(path for path in longest if path.split(".")[0] in given)


def _printed_as_is(node: nodes.Node) -> Iterator[str]:
    """Yield facts printed anywhere but inside the filter `url`."""
    if isinstance(node, nodes.Filter) and node.name == "url":
        return
    if isinstance(node, nodes.If | nodes.CondExpr):
        children = [child for child in node.iter_child_nodes() if child is not node.test]
    else:
        children = list(node.iter_child_nodes())
    if path := _path(node):
        yield path
        return
    for child in children:
        yield from _printed_as_is(child)
