"""What the shop decided for all its friends alike: its settings and policies as eligibility asks for them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler import control_groups
from scheduler.control_groups import ControlPolicy, is_held_out, salt_of
from scheduler.models import DeliveryKind
from scheduler.timing import QuietHours
from segments import contact_policy, policies, shop, trust_policy
from segments.contact_policy import ContactPolicy
from segments.shop import Shop
from segments.trust_policy import TrustPolicy


@dataclass(frozen=True)
class House:
    """What the shop decided that is the same for every friend, at one moment."""

    settings: Shop
    contact: ContactPolicy
    trust: TrustPolicy
    control: ControlPolicy
    now: datetime

    @property
    def quiet(self) -> QuietHours:
        """The hours in which nothing leaves by itself."""
        return quiet_hours(self.settings)

    def open_days(self, kind: DeliveryKind) -> Shop | None:
        """Return whose closed days a message of a kind waits for to pass."""
        waits = self.contact.closed_days >= (2 if kind is DeliveryKind.BROADCAST else 1)
        return self.settings if waits else None


def house_of(session: Session, now: datetime) -> House:
    """Return what the shop has decided, in two queries."""
    found = policies.in_force(session, contact_policy.NAME, trust_policy.NAME, control_groups.NAME)
    return House(
        shop.load(session),
        contact_policy.read(found),
        trust_policy.read(found),
        control_groups.read(found),
        now,
    )


def held_out_of(house: House, friend_id: int, broadcast_id: int | None, percent: int) -> int:
    """Return the percent of the control group a friend is in, of the shop or else of the broadcast; 0 for none."""
    control = house.control
    if control.percent and is_held_out(friend_id, control.salt, control.percent):
        return control.percent
    if percent and broadcast_id is not None and is_held_out(friend_id, salt_of(broadcast_id), percent):
        return percent
    return 0


def quiet_hours(settings: Shop) -> QuietHours:
    """Return the hours in which the shop sends nothing by itself."""
    return QuietHours(settings.quiet_from, settings.quiet_until)
