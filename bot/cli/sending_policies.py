"""The policies of sending for `kokyaku policy`: the contact plan, the trust account, the control group."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import formats
from bot.cli.context import Program
from scheduler import contact_plan, control_groups
from scheduler.control_groups import ControlPolicy
from segments import contact_policy, trust_policy
from segments.contact_policy import ContactPolicy
from segments.models import Friend
from segments.stages import stage_name
from segments.trust_policy import TrustPolicy

SendingPolicy = ContactPolicy | TrustPolicy | ControlPolicy


@dataclass(frozen=True)
class _Kind:
    """How one of these policies is read and saved."""

    load: Callable[[Session], SendingPolicy]
    save: Callable[[Session, Any, str, datetime], None]
    default: SendingPolicy


KINDS: Mapping[str, _Kind] = {
    contact_policy.NAME: _Kind(contact_policy.in_force, contact_policy.save, ContactPolicy()),
    trust_policy.NAME: _Kind(trust_policy.in_force, trust_policy.save, TrustPolicy()),
    control_groups.NAME: _Kind(control_groups.in_force, control_groups.save, ControlPolicy()),
}


def shown(name: str, session: Session) -> dict[str, Any]:
    """Return the policy in force as plain JSON."""
    return KINDS[name].load(session).to_json()


def changed(session: Session, name: str, changes: Mapping[str, Any]) -> SendingPolicy:
    """Return the policy in force with changes; raises Invalid("policy_invalid")."""
    now = KINDS[name].load(session)
    if isinstance(now, ContactPolicy):
        return now.changed(changes)
    return type(now).from_json({**now.to_json(), **changes})


def save(session: Session, name: str, policy: SendingPolicy, by: str, now: datetime) -> None:
    """Put a policy in force."""
    KINDS[name].save(session, policy, by, now)


def tell(program: Program, session: Session, policy: SendingPolicy) -> None:
    """Print what a policy would do to friends as they stand; nothing is changed."""
    match policy:
        case ContactPolicy():
            _tell_contacts(program, session, policy)
        case ControlPolicy():
            drawn = control_groups.held_out(policy.salt, policy.percent)
            people = select(func.count()).select_from(Friend).where(Friend.followed_at.is_not(None))
            count = session.scalar(people.where(drawn)) or 0
            told = formats.number(count)
            click.echo(
                program.words(
                    f"対照グループは{told}人になります。", f"The control group would be {told} friends."
                )
            )
        case TrustPolicy():
            click.echo(
                program.words(
                    "これから起きることに使われます。これまでの記録は変わりません。",
                    "It weighs what happens from then on; what was entered stays.",
                )
            )


def _tell_contacts(program: Program, session: Session, policy: ContactPolicy) -> None:
    now, language = program.services.clock.now(), program.settings.language
    before = {
        each.stage: each for each in contact_plan.counts(session, contact_policy.in_force(session), now)
    }
    table = Table(
        program.words("顧客ステージ", "Stage"),
        program.words("人数", "Friends"),
        program.words("上限に達している人", "At a ceiling"),
        program.words("下限に届かない人", "Below the floor"),
    )
    for each in contact_plan.counts(session, policy, now):
        was = before[each.stage]
        table.add_row(
            stage_name(each.stage, language),
            formats.number(each.friends),
            f"{formats.number(was.full)} → {formats.number(each.full)}",
            f"{formats.number(was.below)} → {formats.number(each.below)}",
        )
    Console(markup=False, highlight=False).print(table)
