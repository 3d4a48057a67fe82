"""Random scenarios of every kind of step, for properties that must hold for all of them."""

from typing import Any

from hypothesis import strategies as st

_CONDITIONS = st.sampled_from(
    [
        {"is": "everyone"},
        {"is": "none", "of": [{"is": "everyone"}]},
        {"is": "purchase_count", "at_least": 1},
        {"is": "stage", "stages": ["trial"]},
    ]
)
_DATES = st.sampled_from(
    [
        {"date": "birthday", "days": 3},
        {"date": "coupon_end", "days": 1},
        {"date": "first_purchase", "days": 0},
        {"date": "day", "day": "2026-12-01", "days": 2},
        {"date": "cause", "name": "ends_at", "days": 1},
        {"date": "trial_end"},
    ]
)


@st.composite
def _step(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    kinds = ["message", "message", "action", "wait", "wait_until", "goal", "end"]
    kind = draw(st.sampled_from(kinds + (["branch", "split"] if depth else [])))
    made: dict[str, Any] = {"do": kind, "after": draw(_span()), "name": kind}
    made |= draw(st.sampled_from([{}, {}, {"at": "18:00"}, {"weekdays": [1, 4]}, {"best_hour": True}]))
    if kind in {"message", "wait"} and draw(st.booleans()):
        made["before"] = draw(_DATES)
    if kind == "message":
        made["message"] = {"content": {"ja": [{"type": "text", "text": "こんにちは"}]}}
        made |= draw(st.sampled_from([{}, {"valid_for": {"days": 1}}, {"if": {"is": "everyone"}}]))
        made |= draw(st.sampled_from([{}, {"rides_for": {"hours": 20}}, {"rides_for": {"days": 3}}]))
    if kind == "action":
        made["effects"] = {"tag": "道"}
    if kind in {"wait_until", "branch", "goal"}:
        made["if"] = draw(_CONDITIONS)
    if kind == "wait_until":
        made |= {
            "latest_days": draw(st.sampled_from([0.5, 2])),
            "otherwise": draw(st.sampled_from(["go_on", "leave"])),
        }
    if kind == "branch":
        made |= {"yes": draw(steps(depth - 1)), "no": draw(steps(depth - 1))}
    if kind == "split":
        made["arms"] = [{"name": name, "share": 1, "steps": draw(steps(depth - 1))} for name in "AB"]
    return made


def _span() -> st.SearchStrategy[dict[str, int]]:
    return st.sampled_from([{}, {"minutes": 5}, {"hours": 7}, {"hours": 12}, {"days": 1}, {"days": 9}])


def steps(depth: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return lists of steps with arms so deep."""
    return st.lists(_step(depth), min_size=0, max_size=3)


def scenarios() -> st.SearchStrategy[dict[str, Any]]:
    """Return whole scenarios as files have them."""
    whole = {"kokyaku": "scenario", "name": "でたらめ", "starts": {"event": "purchased"}}
    return steps(2).filter(bool).map(lambda made: whole | {"steps": made})
