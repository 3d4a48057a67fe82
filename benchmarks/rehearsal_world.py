"""A tea shop of any size for the benchmark of the rehearsal: customers with rhythms, scenarios running, broadcasts planned.

Everything is ready-made or goes through the doors that real data takes; only who the friends are is made up.
"""

import json
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot import ready_made
from bot.demo import sample
from scheduler import broadcasts, drafts, enrolments, quota, scenario_files
from scheduler.drafts import Draft
from scheduler.engine import DbosQueue
from scheduler.models import Purpose, Scenario
from segments import facts_locking, friends, shop
from segments.bulk_rebuild import rebuild_all
from segments.db import Database
from segments.models import Friend, Product
from segments.recording import record_many

YEAR = 365
BATCH = 500
BROADCASTS_EVERY = timedelta(days=14)
REGULARS: dict[str, Any] = {"is": "stage", "stages": ["regular", "existing"]}


def fill(database: Database, count: int, days: int, seed: int, now: datetime) -> None:
    """Open the shop with `count` friends as of `now`, and plan broadcasts over the coming `days`."""
    chance = random.Random(seed)
    with database.begin() as session:
        ready_made.install(session, now)
        shop.save(session, sample.SHOP, now)
        quota.choose_plan(session, "standard", now)
        session.add_all(Product(created_at=now, **row) for row in sample.PRODUCTS)
        people = _people(session, count, chance, now)
        _record_purchases(session, people, now)
    rebuild_all(database, now)
    with database.begin() as session:
        birthdays, guide = (_scenario(session, each, now) for each in (BIRTHDAY, GUIDE))
        birthdays.active = guide.active = True
        session.flush()
        _run_on(session, guide, people, chance, now)
    _plan_broadcasts(database, days, now)


def _people(session: Session, count: int, chance: random.Random, now: datetime) -> list[int]:
    """Add friends of the last 300 days, a few of them new today; a twentieth blocked us, a few opted out."""
    made = [_friend(number, chance, now) for number in range(1, count + 1)]
    session.add_all(made)
    session.flush()
    facts_locking.begin(session, [friend.id for friend in made], now)
    for number, friend in enumerate(made):
        if number % 20 == 7:
            friends.block(session, friend, now - timedelta(days=chance.uniform(0, 1)))
        elif number % 40 == 9:
            friends.opt_out(session, friend, now)
        elif number % 50 == 11:
            friends.follow(session, friend, now - timedelta(hours=chance.uniform(0, 12)))
    session.flush()
    return [friend.id for friend in made]


def _friend(number: int, chance: random.Random, now: datetime) -> Friend:
    since = now - timedelta(days=chance.uniform(1, 300))
    born = date(1950, 1, 1) + timedelta(days=chance.randrange(50 * YEAR))
    return Friend(
        line_user_id=f"U{number:032x}",
        display_name=sample.NAMES[number % len(sample.NAMES)],
        birthday=born if chance.random() < 0.6 else None,
        created_at=since,
        followed_at=since,
        follow_state_at=since,
    )


def _record_purchases(session: Session, people: list[int], now: datetime) -> None:
    orders = (
        order
        for number, friend_id in enumerate(people, start=1)
        for order in sample.history(number, friend_id, now)
    )
    for some in _in_batches(orders):
        # As the demo does: old news thanks nobody.
        record_many(session, some, now, "bench", announce_since=now - timedelta(days=1))


def _in_batches(orders: Iterator[Any]) -> Iterator[list[Any]]:
    held: list[Any] = []
    for order in orders:
        held.append(order)
        if len(held) == BATCH:
            yield held
            held = []
    if held:
        yield held


def _says(name: str, text: str, **more: Any) -> dict[str, Any]:
    content = {"ja": [{"type": "text", "text": text}]}
    return {"do": "message", "name": name, "message": {"content": content}} | more


BIRTHDAY = {
    "kokyaku": "scenario",
    "name": "お誕生日のお祝い",
    "starts": {"date": "birthday", "days_before": 7},
    "steps": [_says("お祝い", "{{ name_sama }}、もうすぐお誕生日ですね。ささやかなお祝いをご用意しました。")],
}
GUIDE = {
    "kokyaku": "scenario",
    "name": "お茶の手引き",
    "starts": {"event": "free_item_claimed"},
    "steps": [
        _says(f"第{place}回", f"{{{{ name_sama }}}}、お茶の手引きの第{place}回です。", after={"days": 7})
        for place in range(1, 7)
    ],
}


def _scenario(session: Session, given: dict[str, Any], now: datetime) -> Scenario:
    return scenario_files.create(session, json.dumps(given), "bench", now)


def _run_on(
    session: Session, scenario: Scenario, people: list[int], chance: random.Random, now: datetime
) -> None:
    """Have every fifth friend on the way through a scenario, begun within its six weeks."""
    for friend_id in people[::5]:
        began = now - timedelta(days=chance.uniform(0, 6))
        enrolments.enrol(session, scenario, friend_id, "bench", {}, now, entered_at=began)


def _plan_broadcasts(database: Database, days: int, now: datetime) -> None:
    """Plan one every two weeks: by turns the same for everybody, and a personal one for those who buy."""
    queue = DbosQueue(database)
    at, number = now + timedelta(days=1), 0
    while at < now + timedelta(days=days):
        draft = (
            Draft(f"お知らせ{number}", _content("新茶が入りました"), condition=REGULARS)
            if number % 2
            else Draft(
                f"お便り{number}",
                _content("{{ name_sama }}、お茶の便りです。"),
                condition={"is": "everyone"},
                purpose=Purpose.CARE,
            )
        )
        with database.begin() as session:
            made = drafts.create(session, draft, now=now, by="bench")
            broadcasts.schedule(session, queue, made.id, at, now)
        at, number = at + BROADCASTS_EVERY, number + 1
    queue.close()


def _content(text: str) -> dict[str, Any]:
    return {"ja": [{"type": "text", "text": text}]}
