"""The one call a template may make, `link("春のカタログ")`: turned into a plain fact before anything runs."""

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from scheduler.sandbox import BadTemplate
from segments.link_tokens import Tapped, Tracking
from segments.links import Target

CALL = "link"
FACT = "tracked_links"
"""The fact that the call becomes: addresses by name. Templates cannot write it themselves."""


class _Calls(NodeTransformer):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 — Jinja's name for it
        name = name_of(node)
        self.names.add(name)
        fact = nodes.Name(FACT, "load", lineno=node.lineno)
        return nodes.Getitem(fact, nodes.Const(name, lineno=node.lineno), "load", lineno=node.lineno)


def name_of(node: nodes.Call) -> str:
    """Return the name in `link("name")`; raises BadTemplate for every other call."""
    if not isinstance(node.node, nodes.Name) or node.node.name != CALL:
        raise BadTemplate("not_allowed", what="call")
    named = node.args[0] if len(node.args) == 1 else None
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not isinstance(named, nodes.Const):
        raise BadTemplate("link_name_missing")
    if not isinstance(named.value, str) or not named.value:
        raise BadTemplate("link_name_missing")
    return named.value


def take(tree: nodes.Template) -> tuple[nodes.Template, frozenset[str]]:
    """Return a tree without calls, and the names of the links it leads to."""
    calls = _Calls()
    changed = calls.visit(tree)
    assert isinstance(changed, nodes.Template)
    return changed, frozenset(calls.names)


class FriendLinks(Mapping[str, str]):
    """Addresses of links for one friend, made when a message names them."""

    def __init__(
        self,
        targets: Mapping[str, Target],
        tracking: Tracking | None,
        friend_id: int,
        delivery_id: int | None = None,
    ) -> None:
        """Lead through us when friends' phones can reach us, else straight to where the link leads."""
        self._targets, self._tracking = targets, tracking
        self._friend_id, self._delivery_id = friend_id, delivery_id

    def __getitem__(self, name: str) -> str:
        target = self._targets[name]
        if self._tracking is None or not self._tracking.is_possible:
            return target.url
        return self._tracking.address(Tapped(target.id, self._friend_id, self._delivery_id))

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)


class SampleLinks(Mapping[str, str]):
    """Addresses for a made-up friend: every name leads to the same place, and nobody's taps are counted."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __getitem__(self, name: Any) -> str:
        return self._address

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
