"""What each benchmark of sending measures when asked by its plain command, and under which names it tells it."""

import json
from argparse import Namespace
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks import (
    crash,
    delivery,
    delivery_figures,
    delivery_world,
    rehearsal,
    rehearsal_world,
    webhook,
    webhook_figures,
)
from benchmarks.delivery_figures import Personal
from benchmarks.delivery_rendering import Rendering, rendering
from benchmarks.delivery_runs import Halt, Run
from benchmarks.webhook_load import Answers
from segments.clock import SystemClock
from segments.db import Database
from tests.journeys.crashing import CrashCount
from tests.processes import Installation


def a_run(friends: int = 100, recipients: int = 100, memory_mb: float = 240) -> Run:
    told = {"recipients": recipients, "duplicates": 1, "most_in_a_second": {"push": 90, "multicast": 2}}
    return Run(friends, 2.0, 0.5, 1.0, 0.05, 0.01, memory_mb, told)


def test_a_send_tells_all_figures_of_the_bars() -> None:
    personal = Personal(
        fast=a_run(recipients=99),
        bare=100.0,
        paused=Halt(0.2, left=50, duplicates=2, missing=3),
        stopped=Halt(0.3, left=50, duplicates=4, missing=5),
        rendering=Rendering(render_us=12.34, facts_us=10),
    )
    figures = (
        delivery_figures.of_peers(100, 18, 300)
        | delivery_figures.of_personal(100, personal)
        | delivery_figures.of_pace(4, a_run(), a_run())
        | delivery_figures.of_broadcast(a_run(20), a_run(memory_mb=250))
    )
    assert figures["push_per_s"] == figures["paced_push_per_s"] == 50
    assert figures["push_vs_bare"] == 0.5
    assert (figures["duplicates"], figures["missing"]) == (1 + 2 + 4, 1 + 3 + 5)
    assert (figures["pause_s"], figures["stop_s"], figures["render_us"]) == (0.2, 0.3, 12.3)
    assert (figures["broadcast_s"], figures["plan_s"], figures["memory_growth_mb"]) == (2.0, 0.5, 10)
    assert (figures["max_push_in_a_second"], figures["sdk_loop_per_s"]) == (90, 18)
    json.dumps(figures)
    lines = delivery_figures.table(figures).splitlines()
    assert len(lines) == len(delivery_figures.ROWS)
    assert [line.split()[-1] for line in lines[:2]] == ["50", "50"]


def test_a_send_includes_the_identical_message_to_as_many_unless_told_otherwise() -> None:
    assert delivery.asked_for(["--friends", "700"]).broadcast == 700
    assert delivery.asked_for(["--friends", "700", "--broadcast", "9000"]).broadcast == 9000
    assert delivery.asked_for(["--friends", "700", "--broadcast", "0"]).broadcast == 0


def test_rendering_is_measured_with_the_engines_own_functions(sqlite: Database) -> None:
    delivery_world.fill(sqlite, 20)
    found = rendering(sqlite, delivery_world.PERSONAL)
    assert 0 < found.render_us < 10_000
    assert 0 < found.facts_us < 100_000


def test_crashes_come_with_the_faults_of_the_bar_unless_told_otherwise() -> None:
    asked = crash.asked_for(["--kills", "5", "--friends", "300"])
    assert (asked.errors, asked.lost, asked.workers) == (0.02, 0.01, 1)
    figures = CrashCount(5, 0, 1, 1, 300, 0, 0, 0).figures()
    assert {"kills", "friends", "duplicates", "missing", "uncertain"} <= set(figures)


@pytest.mark.parametrize(
    ("read", "arguments", "says"),
    [
        (crash.asked_for, ["--workers", "2"], "SQLite has one worker"),
        (crash.asked_for, ["--workers", "0"], "at least one"),
        (crash.asked_for, ["--server-kills", "1"], "SQLite has no server"),
        (delivery.asked_for, ["--friends", "0"], "at least one"),
        (webhook.asked_for, ["--database", "sqlite"], "invalid choice: 'sqlite'"),
        (rehearsal.asked_for, ["--days", "0"], "1 to 366"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_reason(
    read: Callable[[list[str]], Namespace],
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        read(arguments)
    assert says in capsys.readouterr().err


def test_webhooks_tell_all_figures_of_the_bars() -> None:
    asked = webhook.asked_for(["--database", "postgresql"])
    figures = (
        webhook_figures.of_rounds({"bare": [400, 600], "ours": [100, 150]}, {"bare": [100], "ours": [400]})
        | webhook_figures.of_steady(Answers(2.0, [1.0, 2.0, 3.0], 0), asked.rate, 7)
        | webhook_figures.of_greetings(4, {"a", "b"}, {"a"}, {"c"})
    )
    assert (figures["throughput_vs_bare"], figures["cpu_vs_bare"]) == (0.25, 0.25)
    assert figures["p99_ms_at_500"] == 3.0
    assert (figures["greetings"], figures["greetings_late"], figures["greetings_unexplained"]) == (2, 1, 1)
    json.dumps(figures)


def test_a_rehearsal_of_a_made_shop_tells_all_figures(sqlite: Database, tmp_path: Path) -> None:
    asked = rehearsal.asked_for(["--friends", "40", "--days", "2"])
    now: datetime = SystemClock().now()
    rehearsal_world.fill(sqlite, asked.friends, asked.days, asked.seed, now)
    figures = rehearsal.rehearsed(Installation(sqlite, tmp_path, rehearsal.NOBODY), asked)
    assert {"friends", "days", "seconds", "sent", "skipped", "peak_mb"} <= set(figures)
    assert (figures["friends"], figures["days"]) == (40, 2)
    # Tomorrow's broadcast reaches all but those who blocked us or opted out.
    assert figures["sent"] >= 30
    assert figures["skipped"] >= 2
    assert figures["peak_mb"] > 50
    json.dumps(figures)
