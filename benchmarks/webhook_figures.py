"""The figures of the benchmark of webhooks, by the names that its last line prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.webhook_load import Answers


def of_rounds(taken: Mapping[str, Sequence[float]], cost: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Name what was found flat out: events a second and µs of CPU each, of `bare` and `ours`, round by round."""
    rates = {name: sum(those) / len(those) for name, those in taken.items()}
    costs = {name: sum(those) / len(those) for name, those in cost.items()}
    return {
        "throughput_per_s": round(rates["ours"]),
        "bare_per_s": round(rates["bare"]),
        "throughput_vs_bare": round(rates["ours"] / rates["bare"], 2),
        "event_cpu_us": round(costs["ours"]),
        "cpu_vs_bare": round(costs["bare"] / costs["ours"], 2),
    }


def of_steady(answers: Answers, rate: float, pushes: int) -> dict[str, Any]:
    """Name what was found at a steady rate a second while so many pushes went out."""
    return {
        f"p99_ms_at_{rate:.0f}": round(answers.percentile(99), 1),
        f"p50_ms_at_{rate:.0f}": round(answers.percentile(50), 1),
        "refused": answers.refused,
        "pushes_meanwhile": pushes,
    }


def of_greetings(follows: int, got: set[str], accepted: set[str], explained: set[str]) -> dict[str, Any]:
    """Name what became of so many follows: who was greeted, by the simulator and by our rows, and who knows why not."""
    return {
        "follows": follows,
        "greetings": len(got),
        "greetings_late": len(explained - accepted),
        "greetings_unexplained": follows - len(got | explained),
        "greetings_recorded": len(accepted),
    }
