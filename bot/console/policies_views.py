"""What the pages of the policies show: where each stands, what changed from version to version, what a dry run found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.actors import actor_name
from bot.i18n import N_, current_language
from bot.models import PolicyTrial
from segments import policies
from segments.errors import NotFound
from segments.ladder_words import ladder_name, rung_name
from segments.rfm_trial import Score

SCORES = {
    Score.RECENCY: N_("最終購入日の点"),
    Score.FREQUENCY: N_("購入回数の点"),
    Score.MONETARY: N_("購入金額の点"),
    Score.LOYALTY: N_("購買頻度"),
}
LOYALTY = {"loyal": N_("ロイヤルカスタマー"), "casual": N_("カジュアルバイヤー")}
NONE = "–"


@dataclass(frozen=True)
class Change:
    """One threshold that differs between two versions."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """One version of a policy."""

    id: int
    at: datetime
    by: str
    changes: Sequence[Change]


@dataclass(frozen=True)
class Move:
    """So many friends would go from one rung to another."""

    before: str
    after: str
    friends: int


def versions(
    session: Session, name: str, default: Mapping[str, Any], labels: Mapping[str, str]
) -> list[Version]:
    """Return every version of a policy, the newest first, each with what it changed."""
    rows = policies.versions(session, name)
    data = [flat(each.data) for each in rows] + [flat(default)]
    return [
        Version(row.id, row.created_at, actor_name(session, row.created_by), changes(before, after, labels))
        for row, after, before in zip(rows, data, data[1:], strict=False)
    ]


def newest(session: Session, name: str) -> Version | None:
    """Return when and by whom a policy was changed last; None while the defaults hold."""
    row = next(iter(policies.versions(session, name)), None)
    return Version(row.id, row.created_at, actor_name(session, row.created_by), ()) if row else None


def data_of(session: Session, name: str, version: int) -> Mapping[str, Any]:
    """Return what a version of a policy says; raises NotFound (version_unknown)."""
    for row in policies.versions(session, name):
        if row.id == version:
            return row.data
    raise NotFound("version_unknown")


def changes(before: Mapping[str, Any], after: Mapping[str, Any], labels: Mapping[str, str]) -> list[Change]:
    """Return what differs, in the order of the thresholds."""
    names = [*after, *(name for name in before if name not in after)]
    return [
        Change(label_of(name, labels), said(before.get(name)), said(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def label_of(name: str, labels: Mapping[str, str]) -> str:
    """Return what a threshold is called, a stage's own one with the stage before it."""
    if name in labels:
        return labels[name]
    owner, dot, own = name.rpartition(".")
    stage = owner.removeprefix("stages.")
    if not dot or own not in labels:
        return name
    return (
        labels[own]
        if stage == "default"
        else f"{rung_name('pyramid', stage, current_language())}: {labels[own]}"
    )


def flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values under one name each: `stages.exit.week`."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}  # pyright: ignore[reportUnknownArgumentType] — plain JSON
    return found


def said(value: Any) -> str:
    """Return a threshold as it is read."""
    match value:
        case None:
            return NONE
        case list():
            return ", ".join(said(each) for each in value)  # pyright: ignore[reportUnknownVariableType] — plain JSON
        case float():
            return f"{value:g}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def moves(trial: PolicyTrial, language: str) -> dict[str, list[Move]]:
    """Return what a dry run found, by the name of the ladder or score."""
    found: dict[str, list[Move]] = {}
    for ladder, before, after, friends in (trial.result or {}).get("moves", []):
        if ladder in list(Score):
            name, words = _(SCORES[Score(ladder)]), (_score(before), _score(after))
        else:
            name = ladder_name(ladder, language)
            words = (rung_name(ladder, before, language), rung_name(ladder, after, language))
        found.setdefault(name, []).append(Move(*words, friends))
    return found


def _score(score: str) -> str:
    return _(LOYALTY[score]) if score in LOYALTY else _("%(score)s点", score=score)
