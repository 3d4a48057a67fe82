"""Reads changes of policies from the command line (`FIELD=VALUE`), and tells of what each shop's policy may be made."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from bot.cli import sending_policies
from bot.cli.sending_policies import SendingPolicy
from segments import policies, rfm
from segments.errors import Invalid
from segments.policies import LADDER_KINDS, AnyLadderPolicy
from segments.rfm import RfmPolicy

AnyPolicy = AnyLadderPolicy | RfmPolicy | SendingPolicy
EDITABLE = (*LADDER_KINDS, rfm.POLICY, *sending_policies.KINDS)
"""The policies that this command changes."""


def changed(session: Session, name: str, changes: tuple[str, ...]) -> AnyPolicy:
    """Return the policy in force with changes; raises Invalid("policy_invalid")."""
    if name == rfm.POLICY:
        cuts = rfm.load(session)
        return RfmPolicy.from_json(cuts.to_json() | _read(changes, _numbers), cuts.deciles)
    if name in sending_policies.KINDS:
        return sending_policies.changed(session, name, _read(changes, _number))
    now: AnyLadderPolicy = getattr(policies.ladder_policies(session), name)
    return type(now).from_json(now.to_json() | _read(changes, _number))


def unchanged(name: str) -> Mapping[str, Any]:
    """Return what holds of a policy while no version of it was saved; nothing where that is not told."""
    if name == rfm.POLICY:
        return RfmPolicy().to_json()
    if name in sending_policies.KINDS:
        return sending_policies.KINDS[name].default.to_json()
    return LADDER_KINDS[name]().to_json() if name in LADDER_KINDS else {}


def _read(changes: tuple[str, ...], value_of: Callable[[str, str], Any]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for written in changes:
        field, separator, value = written.partition("=")
        if not separator:
            raise Invalid("policy_invalid", field=written)
        read[field.strip()] = value_of(field.strip(), value.strip())
    return read


def _number(field: str, value: str) -> float | None:
    if value.casefold() == "none":
        return None
    plain = value.replace(",", "")
    try:
        return int(plain) if plain.removeprefix("-").isdecimal() else float(plain)
    except ValueError as error:
        raise Invalid("policy_invalid", field=field) from error


def _numbers(field: str, value: str) -> int | list[int]:
    """Read one whole number, or several parted by commas; ¥10,000 is 10000 here."""
    parts = [each.strip() for each in value.replace("、", ",").split(",")]
    try:
        numbers = [int(each) for each in parts]
    except ValueError as error:
        raise Invalid("policy_invalid", field=field) from error
    return numbers[0] if len(numbers) == 1 else numbers
