"""Faults asked for by a test: which of them strikes the present request, drawn from a seeded generator."""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from bot.simulator.json_types import JsonObject, as_array

T = TypeVar("T")


@dataclass(frozen=True)
class FaultPlan:
    """What may go wrong. A float below or at 1.0 is a rate, a whole number means the next n requests."""

    latency_ms: int = 0
    error_500: float = 0
    error_429: float = 0
    connection_reset: float = 0
    answer_lost: float = 0
    duplicate_webhooks: float = 0
    late_webhooks_ms: int = 0
    reorder_webhooks: float = 0
    batch_webhooks: int = 1
    endpoints: tuple[str, ...] = ()
    seed: int = 0


class Faults:
    """The present plan with its generator; whole-number faults are used up one by one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Nothing goes wrong any more."""
        self.plan = FaultPlan()
        self._chance = random.Random(0)

    def change(self, wishes: JsonObject) -> None:
        """Take over a PUT /sim/faults body; what it does not name is switched off. Raises ValueError."""
        names = {field.name for field in fields(FaultPlan)}
        unknown = sorted(set(wishes) - names)
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(unknown)}")
        values = {name: _value(name, value) for name, value in wishes.items()}
        with self._lock:
            self.plan = FaultPlan(**values)
            self._chance = random.Random(self.plan.seed)

    def strikes(self, name: str, endpoint: str | None = None) -> bool:
        """Whether this fault strikes now; `endpoint` None means the fault is not about a request."""
        if not getattr(self.plan, name):
            return False
        with self._lock:
            if endpoint is not None and self.plan.endpoints and endpoint not in self.plan.endpoints:
                return False
            level: float = getattr(self.plan, name)
            if isinstance(level, int):
                if level > 0:
                    self.plan = replace(self.plan, **{name: level - 1})
                return level > 0
            return self._chance.random() < level

    def latency(self, endpoint: str) -> float:
        """Seconds to hold this request."""
        plan = self.plan
        return 0 if plan.endpoints and endpoint not in plan.endpoints else plan.latency_ms / 1000

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """The same items in another order."""
        with self._lock:
            return self._chance.sample(list(items), len(items))


def _value(name: str, value: Any) -> Any:
    if name == "endpoints":
        listed = as_array(value)
        if listed is None:
            raise ValueError("endpoints must be a list of names")
        return tuple(str(item) for item in listed)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} must be a number from 0")
    if name in {"latency_ms", "late_webhooks_ms", "seed"}:
        return int(value)
    if name == "batch_webhooks":
        return max(1, int(value))
    if isinstance(value, float) and value > 1:
        raise ValueError(f"{name} is a rate up to 1.0, or a whole number of requests")
    return value
