"""What learning goes by, read in one query and understood once: policies, parameters of cycles, the shop's calendar."""

import json
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from segments import point_policy, policies, shop
from segments.cycle import CycleParams
from segments.ladder_policies import LadderPolicies
from segments.models import Policy, Setting
from segments.point_policy import PointPolicy

_SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Rules:
    """The shop's policies, the parameters of its cycles and its calendar."""

    ladders: LadderPolicies
    params: CycleParams
    zone: tzinfo
    points: PointPolicy


_policies: Any = Policy.__table__.c
_settings: Any = Setting.__table__.c
_newest = (
    select(func.max(_policies.id))
    .where(_policies.name.in_((*policies.LADDER_KINDS, policies.CYCLE, point_policy.NAME)))
    .group_by(_policies.name)
)
_RULES = union_all(
    select(_policies.name, cast(_policies.data, Text)).where(_policies.id.in_(_newest)),
    select(literal(_SHOP), cast(_settings.value, Text)).where(_settings.name == shop.SETTING),
)


def rules_of(session: Session) -> Rules:
    """Return the rules in force."""
    return _understood(tuple(sorted(map(tuple, session.connection().execute(_RULES)))))


@lru_cache(maxsize=16)
def _understood(rows: tuple[tuple[str, str], ...]) -> Rules:
    found: dict[str, Any] = {name: json.loads(data) for name, data in rows}
    kinds = policies.LADDER_KINDS.items()
    ladders: dict[str, Any] = {name: kind.from_json(found.get(name, {})) for name, kind in kinds}
    params = CycleParams.from_json(found.get(policies.CYCLE, {}))
    zone = shop.from_json(found.get(_SHOP, {})).zone
    return Rules(
        LadderPolicies(**ladders), params, zone, PointPolicy.from_json(found.get(point_policy.NAME, {}))
    )
