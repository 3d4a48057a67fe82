"""What all customers of a shop have in common: the parameters of the purchase-cycle model, as they are stored.

The defaults were measured on CDNOW.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import isfinite, log
from typing import Any, cast

from segments.cycle_shape import decode
from segments.errors import Invalid


@dataclass(frozen=True)
class CycleParams:
    """What all customers of the shop have in common."""

    m: float = log(30) + 0.5
    """Prior mean of ln(gap in days): ln of the median gap, plus ½ for the gaps that are still open."""
    kappa0: float = 0.9
    alpha0: float = 4.0
    beta0: float = 3.3
    a: float = 0.1
    b: float = 0.5
    """Dropout after each purchase has the prior Beta(a, b)."""
    elasticity: float = 0.0
    """How the gap grows with the quantity bought before it; estimated, never assumed to be 1."""
    usual_quantity: float = 1.0
    shape: str = ""
    """How the shop's gaps are spread in truth (segments.cycle_shape); "" is as the model has it."""
    categories: "Mapping[str, CycleParams]" = field(default_factory=dict[str, "CycleParams"])
    """Parameters of categories with enough buyers of their own."""

    def of(self, category: str) -> "CycleParams":
        """Return the parameters that hold in a category: its own, or else the shop's."""
        return self.categories.get(category, self)

    def makes_states_of(self, other: "CycleParams") -> bool:
        """Tell whether purchases make the same states by these parameters as by others: then dates alone differ."""
        names = {"", *self.categories, *other.categories}
        return all(_adjustment(self.of(name)) == _adjustment(other.of(name)) for name in names)

    def to_json(self) -> dict[str, Any]:
        """Write the parameters as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CycleParams":
        """Read parameters; raises Invalid("policy_invalid", field=…)."""
        return cls(**{name: _checked(name, value) for name, value in data.items()})


_POSITIVE = {each.name for each in fields(CycleParams)} - {"elasticity", "shape", "categories"}


def _adjustment(params: CycleParams) -> tuple[float, float]:
    # With an elasticity of 0 no quantity counts, whatever is usual.
    return params.elasticity, params.usual_quantity if params.elasticity else 1.0


def _checked(name: str, value: Any) -> Any:
    if name == "categories" and isinstance(value, Mapping):
        own = cast("Mapping[str, Mapping[str, Any]]", value)
        return {category: CycleParams.from_json(one) for category, one in own.items()}
    if name == "shape" and isinstance(value, str):
        try:
            return value if not value or decode(value).size else ""
        except ValueError as error:
            raise Invalid("policy_invalid", field=name) from error
    is_number = isinstance(value, int | float) and isfinite(value)
    if not is_number or not (value > 0 if name in _POSITIVE else name == "elasticity"):
        raise Invalid("policy_invalid", field=name)
    return value
