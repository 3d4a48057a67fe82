"""The small, bounded template language of message strings: Jinja2 in a sandbox, cut down to what messages need.

A template can neither hang nor reach into Python: no calls but `link("name")`, no assignments, no
multiplication, loops over facts only and two deep, filters from a short list. What is left runs in time
bounded by its length.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.environment import Template
from jinja2.runtime import Context

from scheduler import link_calls
from scheduler.sandbox import ENVIRONMENT, BadTemplate, MissingFact, RenderError

__all__ = [
    "BadTemplate",
    "MissingFact",
    "RenderError",
    "Scope",
    "Source",
    "compile_source",
    "compile_test",
    "is_dynamic",
]

SOURCE_LIMIT = 10_000
LOOP_DEPTH = 2
RESERVED = frozenset({"self", "super", "caller", "varargs", "kwargs", link_calls.FACT})
"""Names that Jinja, or we, fill in by ourselves."""
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
    links: frozenset[str] = frozenset()
    """Names of tracked links it leads to."""

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
        tree, links = link_calls.take(tree)
        facts, unquoted = _named(tree), frozenset(_printed_as_is(tree))
        template = Template.from_code(ENVIRONMENT, ENVIRONMENT.compile(tree), {}, None)
    except TemplateSyntaxError as error:
        raise BadTemplate("syntax_error", message=error.message or "", line=error.lineno) from error
    except (RecursionError, ValueError) as error:
        if isinstance(error, BadTemplate):
            raise
        raise BadTemplate("syntax_error", message=type(error).__name__, line=1) from error
    return Source(template, facts, unquoted & facts, links)


def compile_test(expression: str) -> Source:
    """Compile a bare expression into a source that renders to something when it holds and to "" when not."""
    return compile_source("{% if " + expression + " %}1{% endif %}")


def is_dynamic(text: str) -> bool:
    """Tell whether a string has anything to fill in."""
    return "{" in text and any(mark in text for mark in ("{{", "{%", "{#"))


def _refuse_beyond_messages(node: nodes.Node, depth: int) -> None:
    if isinstance(node, nodes.Call):
        link_calls.name_of(node)
        return
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
