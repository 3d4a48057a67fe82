"""The form of the contact plan: limits for everybody, stages that differ, and what happens on closed days."""

from typing import Any

from flask_babel import gettext as _

from bot.console import threshold_form
from bot.console.threshold_form import Asked
from bot.console.typed import Typed
from bot.i18n import N_
from segments.contact_policy import ContactPolicy, Limits
from segments.stages import Stage

DEFAULT = "default"
CLOSED_DAYS = (
    N_("休業日も送ります"),
    N_("休業日は、シナリオの配信を次の営業日まで待ちます"),
    N_("休業日は、シナリオも一斉配信も次の営業日まで待ちます"),
)


def asked() -> list[Asked]:
    """Return the numbers of one stage."""
    return threshold_form.asked("contact", Limits)


def filled(policy: ContactPolicy) -> dict[str, str]:
    """Return the form's fields for a plan."""
    values = threshold_form.filled(policy.default.to_json(), f"{DEFAULT}-")
    for stage in Stage:
        values |= threshold_form.filled(policy.of(stage).to_json(), f"{stage}-")
        if stage in policy.stages:
            values[f"{stage}-own"] = "1"
    return values | {"closed_days": str(policy.closed_days)}


def read(form: Typed) -> ContactPolicy | None:
    """Return the plan typed; None when something must be mended. Stages not ticked follow everybody's limits."""
    wanted = asked()
    default = threshold_form.read(form, wanted, f"{DEFAULT}-")
    own = [stage for stage in Stage if form.is_on(f"{stage}-own")]
    stages = {stage.value: threshold_form.read(form, wanted, f"{stage}-") for stage in own}
    closed = form.text("closed_days")
    if closed not in {"0", "1", "2"}:
        form.add("closed_days", _("休業日の扱いを選んでください。"))
    for place, limits in {DEFAULT: default, **stages}.items():
        _check_order(form, place, limits)
    if form.errors:
        return None
    return ContactPolicy.from_json({"default": default, "stages": stages, "closed_days": int(closed)})


def _check_order(form: Typed, place: str, limits: dict[str, Any]) -> None:
    if "week" in limits and "month" in limits and limits["week"] > limits["month"]:
        form.add(f"{place}-week", _("7日間の上限は、30日間の上限以下にしてください。"))
    if "floor" in limits and "month" in limits and limits["floor"] > limits["month"]:
        form.add(f"{place}-floor", _("下限は、30日間の上限以下にしてください。"))
