"""The forms of the policies of ladders and scores: filled with what holds, read into another policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import threshold_form
from bot.console.threshold_form import Asked
from bot.console.typed import Typed
from bot.policy_words import THRESHOLDS
from segments import policies, rfm
from segments.errors import Invalid, NotFound
from segments.policies import LADDER_KINDS, AnyLadderPolicy
from segments.rfm import RfmPolicy
from segments.rfm_cuts import MOST, SCORES

NAMES = (*LADDER_KINDS, rfm.POLICY)
CUTS = ("recency_days", "purchase_counts", "spend_yen")
AnyPolicy = AnyLadderPolicy | RfmPolicy


@dataclass(frozen=True)
class Shown:
    """A policy as its page shows it."""

    name: str
    policy: AnyPolicy
    version: int
    """Number of the version in force; 0 while the defaults hold."""


def load(session: Session, name: str) -> Shown:
    """Return a policy in force; raises NotFound (policy_unknown)."""
    if name not in NAMES:
        raise NotFound("policy_unknown", name=name)
    policy: AnyPolicy = (
        rfm.load(session) if name == rfm.POLICY else getattr(policies.ladder_policies(session), name)
    )
    return Shown(name, policy, newest_version(session, name))


def newest_version(session: Session, name: str) -> int:
    """Return the number of the version in force; 0 while the defaults hold."""
    return next((each.id for each in policies.versions(session, name)), 0)


def of_data(name: str, data: Mapping[str, Any]) -> AnyPolicy:
    """Return the policy that stored data mean; raises Invalid (policy_invalid)."""
    return RfmPolicy.from_json(data) if name == rfm.POLICY else LADDER_KINDS[name].from_json(data)


def default(name: str) -> AnyPolicy:
    """Return the policy as it is delivered."""
    return RfmPolicy() if name == rfm.POLICY else LADDER_KINDS[name]()


def asked(name: str) -> list[Asked]:
    """Return what a ladder's policy asks for."""
    return threshold_form.asked(name, LADDER_KINDS[name])


def filled(policy: AnyPolicy) -> dict[str, str]:
    """Return the form's fields."""
    if not isinstance(policy, RfmPolicy):
        return threshold_form.filled(policy.to_json())
    cuts = {f"{name}_{place}": str(cut) for name in CUTS for place, cut in enumerate(getattr(policy, name))}
    return cuts | {"loyal_purchases": str(policy.loyal_purchases)}


def read(form: Typed, name: str) -> AnyPolicy | None:
    """Return the policy typed; None when something must be mended, which is noted in the form."""
    if name != rfm.POLICY:
        found = threshold_form.read(form, asked(name))
        return None if form.errors else LADDER_KINDS[name].from_json(found)
    data: dict[str, Any] = {each: _cuts(form, each) for each in CUTS}
    data["loyal_purchases"] = _count(form, "loyal_purchases")
    if form.errors:
        return None
    try:
        return RfmPolicy.from_json(data)
    except Invalid as error:
        form.add(str(error.params.get("field", "")), _cuts_words(str(error.params.get("field", ""))))
        return None


def _cuts(form: Typed, name: str) -> list[int]:
    return [_count(form, f"{name}_{place}", told=name) for place in range(len(SCORES) - 1)]


def _count(form: Typed, name: str, told: str | None = None) -> int:
    text = threshold_form.plain(form.text(name))
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    place = told or name
    if place not in form.errors:
        form.add(place, _cuts_words(place))
    return 0


def _cuts_words(name: str) -> str:
    if name not in CUTS:
        return threshold_form.limits_words(1, MOST)
    least = "2" if name == "purchase_counts" else "1"
    return _("%(least)s以上の整数を、左から小さい順に4つ入力してください。", least=least)


def labels(name: str) -> dict[str, str]:
    """Return what a policy's thresholds are called, by name."""
    return {key: _(words.label) for key, words in THRESHOLDS[name].items()}
