"""Posts signed webhooks to our web on granian while a campaign goes out, beside a bare Flask view; then a rush of follows."""

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import delivery_world, webhook_figures, webhook_greetings, webhook_load
from benchmarks.databases import Databases, databases
from benchmarks.delivery_runs import server_cpu
from benchmarks.sink import running_sink
from benchmarks.webhook_load import Answers, Load
from benchmarks.webhook_runs import Web, bare_web, our_web, our_worker
from tests.processes import SECRET, Installation

MOST_A_SECOND = 6_000
"""Requests made ready for each second of the flat-out rounds."""


def main() -> None:
    """Run, print what was found and, last, the figures as JSON."""
    asked = asked_for(sys.argv[1:])
    figures: dict[str, Any] = {"database": asked.database}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = stack.enter_context(databases(asked.database, folder))
        figures |= _measured(made, asked)
        if asked.follows:
            figures |= webhook_greetings.rush(made, asked.follows, asked.follow_seconds)
    figures["load"] = [round(each, 1) for each in os.getloadavg()]
    print(json.dumps(figures))


def asked_for(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--database",
        choices=["postgresql"],
        default="postgresql",
        help="the only one: web and worker apart on SQLite are no way to run a shop of this size",
    )
    parser.add_argument("--friends", type=int, default=20_000, help="friends the campaign goes to")
    parser.add_argument("--rate", type=float, default=500, help="events a second of the steady run")
    parser.add_argument("--seconds", type=float, default=20, help="length of the steady run")
    parser.add_argument(
        "--flat-out", type=float, default=5, help="seconds of each flat-out round; two of each"
    )
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--processes", type=int, default=1, help="web processes, ours and the bare one's")
    parser.add_argument("--follows", type=int, default=10_000, help="follows of the rush; 0 leaves it out")
    parser.add_argument("--follow-seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def _measured(made: Databases, asked: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        database, folder = stack.enter_context(made.new("steady"))
        sink = stack.enter_context(running_sink())
        delivery_world.fill(database, asked.friends)
        installation = Installation(database, folder, sink.url)
        ours = stack.enter_context(our_web(installation, asked.processes))
        bare = stack.enter_context(bare_web(asked.processes))
        figures = _rounds(installation, ours, bare, asked)
        with our_worker(installation):
            return figures | _while_sending(installation, ours, sink, asked)


def _rounds(installation: Installation, ours: Web, bare: Web, asked: argparse.Namespace) -> dict[str, Any]:
    """Flat out by turns, so that whatever else the machine does falls on both alike."""
    taken: dict[str, list[float]] = {"bare": [], "ours": []}
    cost: dict[str, list[float]] = {"bare": [], "ours": []}
    for turn in range(2):
        for name, web in (("bare", bare), ("ours", ours)):
            load = _load(web, asked, int(asked.flat_out * MOST_A_SECOND), asked.seed + 1 + turn)
            before = web.cpu() + server_cpu(installation.database)
            answers = webhook_load.flat_out(load, asked.flat_out, asked.connections)
            spent = web.cpu() + server_cpu(installation.database) - before
            taken[name].append(answers.a_second)
            cost[name].append(1e6 * spent / len(answers.milliseconds))
            print(f"{name}: {answers.a_second:,.0f} a second, {cost[name][-1]:.0f} µs CPU each", flush=True)
            assert answers.refused == 0, f"{answers.refused} were not answered with 200"
    return webhook_figures.of_rounds(taken, cost)


def _while_sending(
    installation: Installation, ours: Web, sink: Any, asked: argparse.Namespace
) -> dict[str, Any]:
    sender = delivery_world.Sender(installation.database)
    sink.reset()
    sender.start(sender.draft(delivery_world.PERSONAL))
    while not sink.counts()["most_in_a_second"].get("push"):
        sender.wait_a_little(0.2)
    before = sink.counts()["recipients"]
    load = _load(ours, asked, int(asked.rate * asked.seconds), asked.seed)
    answers = webhook_load.steady(load, asked.rate)
    sent = sink.counts()["recipients"] - before
    sender.close()
    print(f"at {answers.a_second:.0f} a second: {_words(answers)}; {sent:,} pushes meanwhile", flush=True)
    return webhook_figures.of_steady(answers, asked.rate, sent)


def _load(web: Web, asked: argparse.Namespace, count: int, seed: int) -> Load:
    return Load(web.port, SECRET, count, asked.friends, seed)


def _words(answers: Answers) -> str:
    shares = (50, 95, 99, 100)
    return ", ".join(f"p{share} {answers.percentile(share):.1f} ms" for share in shares)


if __name__ == "__main__":
    main()
