"""What learning goes by, read in one query and understood once: policies, parameters of cycles, the shop's calendar."""

import json
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from segments import driver_queries, point_policy, policies, shop
from segments.cycle import CycleParams
from segments.db import EPOCH, MICROSECOND
from segments.ladder_policies import LadderPolicies
from segments.micros import as_micros
from segments.models import Policy, Setting
from segments.point_policy import PointPolicy, PointRules

_SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Rules:
    """The shop's policies, the parameters of its cycles and its calendar."""

    ladders: LadderPolicies
    params: CycleParams
    zone: tzinfo
    points: PointRules
    """Every rule for points there ever was: refunds go by those of their purchases."""


_policies: Any = Policy.__table__.c
_settings: Any = Setting.__table__.c
_newest = (
    select(func.max(_policies.id))
    .where(_policies.name.in_((*policies.LADDER_KINDS, policies.CYCLE)))
    .group_by(_policies.name)
)
# Of points every version counts: a purchase goes by the rule it was bought under, also when it is refunded.
_RULES = union_all(
    select(_policies.id, _policies.name, cast(_policies.data, Text), as_micros(_policies.created_at)).where(
        or_(_policies.id.in_(_newest), _policies.name == point_policy.NAME)
    ),
    select(literal(0), literal(_SHOP), cast(_settings.value, Text), null()).where(
        _settings.name == shop.SETTING
    ),
)

_Row = tuple[int, str, str, int | None]
"""Number, name and JSON of a policy, and since when it holds (in microseconds); the shop's settings have no such moment."""


def rules_of(session: Session) -> Rules:
    """Return the rules in force."""
    found: list[Any] = [tuple(row) for row in driver_queries.asked(session, _RULES, {})]
    return _understood(tuple(sorted(found)))


@lru_cache(maxsize=16)
def _understood(rows: tuple[_Row, ...]) -> Rules:
    found: dict[str, Any] = {name: json.loads(data) for _, name, data, _ in rows}
    kinds = policies.LADDER_KINDS.items()
    ladders: dict[str, Any] = {name: kind.from_json(found.get(name, {})) for name, kind in kinds}
    params = CycleParams.from_json(found.get(policies.CYCLE, {}))
    zone = shop.from_json(found.get(_SHOP, {})).zone
    return Rules(LadderPolicies(**ladders), params, zone, _point_rules(rows))


def _point_rules(rows: tuple[_Row, ...]) -> PointRules:
    told = sorted(
        (since, id_, data) for id_, name, data, since in rows if since and name == point_policy.NAME
    )
    versions = (
        (EPOCH + since * MICROSECOND, PointPolicy.from_json(json.loads(data))) for since, _, data in told
    )
    return PointRules(tuple(versions))
