"""Real purchases through the front door: a customer,date,quantity,amount file imported by the command line.

Every tenth customer becomes a friend on the simulator and a member of the shop; dates are moved so that the last
one is today in Tokyo; then one tick of the clock, at eleven the next day, sends what is due. With the CDNOW file (23,570 customers) this takes the
2,357 of its paper's sample size.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from subprocess import run
from time import perf_counter
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import func, select

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from scheduler.models import Delivery
from segments.clock import SystemClock
from segments.db import Database
from segments.models import Cycle, Facts, Friend, Purchase
from tests.fakes.clock import FakeClock
from tests.fakes.simulator import SimulatorClient
from tests.journeys.world import a_world_on
from tests.processes import ROOT, Installation

TOKYO = ZoneInfo("Asia/Tokyo")


def main() -> None:
    """Run, print a table and, last, the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "purchases", type=Path, help="customer date(YYYYMMDD) quantity amount, by white space"
    )
    parser.add_argument("--every", type=int, default=10)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        line = stack.enter_context(start(SimulatorConfig()))
        figures = _play(asked.purchases, asked.every, folder, SimulatorClient(line.url), line.url)
    for name, value in figures.items():
        print(f"{name:22} {value}")
    print(json.dumps(figures))


def _play(source: Path, every: int, folder: Path, line: SimulatorClient, url: str) -> dict[str, object]:
    rows = _sample(source, every)
    customers = sorted({row[0] for row in rows})
    ids = line.add_friends(len(customers))
    _write_friends(folder / "friends.csv", dict(zip(customers, ids, strict=True)))
    _write_purchases(folder / "purchases.csv", rows)
    database = Database(f"sqlite:///{folder / 'kokyaku.sqlite'}")
    installation = Installation(database, folder, url)
    figures: dict[str, object] = {"customers": len(customers), "lines": len(rows)}
    figures["friends_import_s"] = _import(installation, "friends", folder / "friends.csv")
    figures["purchases_import_s"] = _import(
        installation, "purchases", folder / "purchases.csv", "--amount-factor", "100"
    )
    figures["again_s"] = _import(
        installation, "purchases", folder / "purchases.csv", "--amount-factor", "100"
    )
    with a_world_on(url, database, FakeClock(_eleven_o_clock()), folder) as world:
        began = perf_counter()
        world.settle()
        world.live(minutes=5)
        figures["tick_s"] = round(perf_counter() - began, 1)
    return figures | _counted(database) | {"simulator_delivered": line.counts(friends=False)["delivered"]}


def _sample(source: Path, every: int) -> list[tuple[str, date, int, str]]:
    lines = [line.split() for line in source.read_text(encoding="ascii").splitlines()[1:]]
    chosen = set(sorted({line[0] for line in lines})[::every])
    rows = [
        (line[0], datetime.strptime(line[1], "%Y%m%d").date(), int(line[2]), line[3])  # noqa: DTZ007 — a day
        for line in lines
        if line[0] in chosen
    ]
    shift = _today() - max(row[1] for row in rows)
    return [(customer, day + shift, quantity, amount) for customer, day, quantity, amount in rows]


def _write_friends(path: Path, ids: dict[str, str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["会員番号", "LINEユーザーID", "名前"])
        writer.writerows([customer, line_id, f"お客様{customer}"] for customer, line_id in ids.items())


def _write_purchases(path: Path, rows: list[tuple[str, date, int, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["注文番号", "会員番号", "購入日", "金額"])
        for number, (customer, day, _quantity, amount) in enumerate(rows):
            writer.writerow([f"CDNOW-{number:06}", customer, day.strftime("%Y/%m/%d"), amount])


def _import(installation: Installation, kind: str, path: Path, *options: str) -> float:
    began = perf_counter()
    command = [sys.executable, "-m", "bot", "import", kind, str(path), *options]
    done = run(command, cwd=ROOT, env=installation.environment, check=True, capture_output=True, text=True)
    print(done.stdout.strip())
    return round(perf_counter() - began, 1)


def _eleven_o_clock() -> datetime:
    """The moment of the day at which reminders leave, less a minute: the next 11:00 in Tokyo."""
    tomorrow = _today() + timedelta(days=1)
    return datetime.combine(tomorrow, time(11, 0), TOKYO).astimezone(UTC) - timedelta(minutes=1)


def _today() -> date:
    return SystemClock().now().astimezone(TOKYO).date()


def _counted(database: Database) -> dict[str, object]:
    with database.reading() as session:
        stages = session.execute(select(Facts.stage, func.count()).group_by(Facts.stage)).all()
        sent = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state)).all()
        reminded = session.scalar(select(func.count()).where(Cycle.reminded_at.is_not(None)))
        return {
            "friends": session.scalar(select(func.count()).select_from(Friend)),
            "purchases": session.scalar(select(func.count()).select_from(Purchase)),
            "stages": dict(Counter(dict(stages))),
            "reminders_due": reminded,
            "deliveries": {state.value: count for state, count in sent},
        }


if __name__ == "__main__":
    main()
