"""Writes moves on the ladders as history and as news, many at a time."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from segments import driver_rows
from segments.facts_columns import Columns
from segments.ladder_facts import MOMENTS, LadderColumns
from segments.ladder_policies import LadderPolicies
from segments.ladder_rules import Ladder, LadderName, Rule
from segments.ladders import LADDERS, Judged
from segments.micros import Floats
from segments.models import EventKind
from segments.purchase_columns import Bools, Ints
from segments.stages import OFFER_ENDED

SECOND = 1_000_000


class _Step(NamedTuple):
    """Friends who moved on one ladder by one rule."""

    ladder: Ladder
    rule: Rule
    places: Ints
    before: list[str]


def after(kept: Columns, judged: Judged, now_us: float) -> Columns:
    """Return the columns of facts that the ladders decide."""
    since = np.where(np.isnan(kept["suppressed_at"]), now_us, kept["suppressed_at"])
    new: Columns = {
        "review_at": judged.review_at,
        "suppressed_at": np.where(judged.suppressed, since, np.nan),
    }
    for name, ladder in LADDERS.items():
        moved = ladder.codes(kept[ladder.rung_column]) != judged.standings[name].rungs
        new[ladder.rung_column] = judged.rungs(name)
        new[ladder.since_column] = np.where(moved, now_us, kept[ladder.since_column])
        if ladder.reason_column:
            new[ladder.reason_column] = judged.reasons(name)
    return new


def record(
    session: Session, kept: Columns, judged: Judged, seen: LadderColumns, policies: LadderPolicies, now_us: float, told: Bools
) -> None:  # fmt: skip
    """Add a row of history for every move, and news of those that are some for the friends that `told` says."""
    ids = kept["friend_id"]
    ended = _offers_ended(kept, judged) & told
    if ended.any():
        rule = LADDERS[LadderName.PYRAMID].rules[_ENDED]
        _news(
            session,
            EventKind.TRIAL_OFFER_ENDED,
            ids[ended],
            now_us,
            params(rule, seen, policies, np.flatnonzero(ended)),
        )
    steps = list(_steps(kept, judged))
    if not steps:
        return
    reasons = [params(step.rule, seen, policies, step.places) for step in steps]
    _history(session, ids, steps, reasons, now_us)
    loud = [(step, told[step.places]) for step in steps if step.ladder.is_news]
    payloads = [
        _moved(step, before)
        for step, some in loud
        for before, one in zip(step.before, some.tolist(), strict=True)
        if one
    ]
    if payloads:
        who = np.concatenate([ids[step.places[some]] for step, some in loud])
        _news(session, EventKind.STAGE_CHANGED, who, now_us, payloads)


_ENDED = LADDERS[LadderName.PYRAMID].reasons.index(OFFER_ENDED)


def _offers_ended(kept: Columns, judged: Judged) -> Bools:
    ended = judged.standings[LadderName.PYRAMID].rules == _ENDED
    for place in np.flatnonzero(ended).tolist():
        ended[place] = kept["stage_reason"][place] != OFFER_ENDED
    return ended


def _steps(kept: Columns, judged: Judged) -> Iterator[_Step]:
    for name, ladder in LADDERS.items():
        before, standing = kept[ladder.rung_column], judged.standings[name]
        moved = np.flatnonzero(ladder.codes(before) != standing.rungs)
        if not moved.size:
            continue
        rules = standing.rules[moved]
        for code in np.unique(rules).tolist():
            places = moved[rules == code]
            yield _Step(ladder, ladder.rules[code], places, [before[each] for each in places.tolist()])


def _moved(step: _Step, before: str) -> str:
    told = {
        "ladder": step.ladder.name.value,
        "from": before,
        "to": str(step.rule.rung),
        "reason": step.rule.reason,
    }
    return json.dumps(told)


def _history(
    session: Session, ids: Ints, steps: Sequence[_Step], reasons: Sequence[list[str]], now_us: float
) -> None:
    """Add the rows of all moves in one statement."""

    def spread(of: Callable[[_Step], str]) -> list[str]:
        return [value for step in steps for value in [of(step)] * len(step.places)]

    who = np.concatenate([ids[step.places] for step in steps])
    columns: dict[str, driver_rows.Values] = {
        "friend_id": who,
        "ladder": spread(lambda step: step.ladder.name.value),
        "from_stage": [before or None for step in steps for before in step.before],
        "to_stage": spread(lambda step: str(step.rule.rung)),
        "reason": spread(lambda step: step.rule.reason),
        "reason_params": [each for some in reasons for each in some],
        "at": driver_rows.Moments(np.full(len(who), now_us)),
    }
    driver_rows.insert(session, "stage_changes", columns)


def _news(session: Session, kind: EventKind, ids: Ints, now_us: float, payloads: Sequence[str]) -> None:
    size = len(ids)
    columns: dict[str, driver_rows.Values] = {
        "kind": [kind.value] * size,
        "friend_id": ids,
        "at": driver_rows.Moments(np.full(size, now_us)),
        "payload": list(payloads),
    }
    driver_rows.insert(session, "customer_events", columns)


def params(rule: Rule, seen: LadderColumns, policies: LadderPolicies, places: Ints) -> list[str]:
    """Return what the words of a reason speak of, as JSON, for each of the friends; as `Rule.params` has it."""
    size = len(places)
    if not rule.facts:
        return [json.dumps(rule.params(seen, policies, int(places[0])))] * size if size else []
    fixed = [f'"{word}": {json.dumps(value)}' for word, value in _thresholds(rule, policies)]
    words = [_words(word, name, seen, places) for word, name in rule.facts.items()]
    return ["{" + ", ".join(filter(None, (*each, *fixed))) + "}" for each in zip(*words, strict=True)]


def _thresholds(rule: Rule, policies: LadderPolicies) -> Iterator[tuple[str, Any]]:
    for word, path in rule.thresholds.items():
        policy, name = path.split(".")
        value = getattr(getattr(policies, policy), name)
        if value is not None:
            yield word, value


def _words(word: str, name: str, seen: LadderColumns, places: Ints) -> list[str]:
    values = getattr(seen, name)[places]
    if name not in MOMENTS:
        return [f'"{word}": {int(value)}' for value in values.tolist()]
    return [f'"{word}": "{text}"' if text else "" for text in _iso(values)]


def _iso(moments: Floats) -> list[str]:
    """Return moments as ISO 8601 text in UTC, as datetime writes it; empty for never."""
    never = np.isnan(moments)
    micros = np.where(never, 0, moments).astype(np.int64)
    whole = micros % SECOND == 0
    times = micros.view("datetime64[us]")
    unit: Any = np.datetime_as_string
    seconds: NDArray[np.str_] = unit(times, unit="s")
    finer: NDArray[np.str_] = unit(times, unit="us")
    texts: list[str] = np.where(whole, seconds, finer).tolist()
    return ["" if none else f"{text}+00:00" for text, none in zip(texts, never.tolist(), strict=True)]
