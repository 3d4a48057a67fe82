"""Finds every page of the console by the app's own routes, with addresses that lead somewhere in the shop at hand.

A page somebody adds is found by itself: an `…_id` in its address is an id of the table of that name, tried row by row
until the page opens. Other parts of addresses, and pages that want to be asked something, are named here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from segments.db import Base, Database

ROWS_TRIED = 12
WORDS = {
    "direction": ["up"],
    "calendar.day:day": ["2026-11-23"],
    "money.plan:key": ["standard"],
    "ladder": ["pyramid"],
    "kind": ["purchases", "products", "friends"],
    "language": ["ja"],
    "name": ["stages"],
    "sending_rules.history:name": ["contact"],
    "targets.show:name": ["f2", "order_cost"],
    "reports.show:name": [
        "stages",
        "buying",
        "friends",
        "campaigns",
        "referrals",
        "satisfaction",
        "answers",
    ],
    "version": ["1"],
    "part": ["ladder"],
    "key": ["welcome", "default"],
    "layout": ["large6"],
}
"""What may stand in an address for a word: by the endpoint's own name for it, or by the word alone."""
QUESTIONS = {
    "scenario_steps.new": [f"kind={kind}" for kind in ("message", "wait_until", "branch", "split")],
    "scenario_try.show": ["", "friend=3"],
    "products.ask_rename": ["name=煎茶"],
    "coupons.ask_give": ["segment=1"],
    "rich_menu_publishing.ask_take_back": ["key=default"],
    "reviews.index": ["", "unit=month&start=2026-11-01"],
    "friends.index": [
        "",
        *(f"sort={order}" for order in ("last_purchase", "next_due", "spend")),
        *(f"stage={stage}&sort=next_due" for stage in ("prospect", "regular", "existing")),
        *(f"stage=regular&sort={order}" for order in ("last_purchase", "spend")),
        *(f"q=12&sort={order}" for order in ("", "next_due", "spend")),
        "q=nobody",
    ],
    "inbox.index": ["", "q=12"],
    "calendar.show": ["", "month=2026-12", "month=2026-10"],
    "sales.index": ["", "period=365", "period=all"],
}
"""The query strings under which a page is looked at; others are opened without."""


NO_PAGES = {
    "conditions.choices",
    "inbox_media.show",
    "reports.download",
    "data.download",
}
"""Answer a script, or with a file."""
EVERY_ROW = {
    "imports.show",
    "imports.past",
    "taggings.show",
    "watching.show",
    "policies.trial",
    "reports.show",
    "targets.show",
    "segment_versions.ask_restore",
}
"""Pages that look different from row to row: what waits, runs, ended, was cancelled."""
TABLES = {
    "design_id": "menu_design",
    "trial_id": "policy_trial",
    "run_id": "import_run",
    "key_id": "api_key",
    "export_id": "data_export",
}
"""The tables of ids that are not called by their table's whole name."""
NEWEST_FIRST = {"scenario_id", "step_id", "broadcast_id"}
"""Where the furnished shop's last row has most to show."""


@dataclass(frozen=True)
class Found:
    """The pages, and the addresses behind which none was found."""

    pages: list[str]
    closed: list[str]


def find(app: Flask, client: FlaskClient, database: Database) -> Found:
    """Ask for every address of the console that is opened by looking, as the client's operator."""
    found = Found([], [])
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        looks = rule.rule.startswith("/console") and "GET" in (rule.methods or ())
        if looks and rule.endpoint not in NO_PAGES:
            with database.reading() as session:
                paths = list(_paths(app, rule, session))
            for query in QUESTIONS.get(rule.endpoint, [""]):
                asked = [f"{path}?{query}" if query else path for path in paths]
                if rule.endpoint in EVERY_ROW:
                    _open_each(client, asked, rule, found)
                else:
                    _open(client, asked, rule, found)
    return found


def _open_each(client: FlaskClient, paths: Sequence[str], rule: Rule, found: Found) -> None:
    """Note every address that opens as a page; one of them has to."""
    tried = Found([], [])
    for path in paths:
        _open(client, [path], rule, tried)
    found.pages.extend(tried.pages)
    if not tried.pages:
        found.closed.append(f"{rule.endpoint}: {'; '.join(tried.closed) or 'nothing to put in'}")


def _open(client: FlaskClient, paths: Sequence[str], rule: Rule, found: Found) -> None:
    """Note the first address that opens as a page; files, streams and redirects are no pages."""
    statuses: list[str] = []
    for path in paths:
        answer = client.get(path, buffered=False)
        kind, status = answer.mimetype, answer.status_code
        answer.close()
        if status == 200:
            if kind == "text/html":
                found.pages.append(path)
            return
        statuses.append(f"{status} {path}")
    if not any(status.startswith("30") for status in statuses):
        found.closed.append(f"{rule.endpoint}: {', '.join(statuses) or 'nothing to put into ' + rule.rule}")


def _paths(app: Flask, rule: Rule, session: Session) -> Iterator[str]:
    names: list[str] = sorted(rule.arguments)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    choices = [_values(rule.endpoint, name, session) for name in names]
    with app.test_request_context():
        for values in list(product(*choices))[:ROWS_TRIED]:
            adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
            yield adapter.build(rule.endpoint, dict(zip(names, values, strict=True)), method="GET")


def _values(endpoint: str, name: str, session: Session) -> Sequence[object]:
    told = WORDS.get(f"{endpoint}:{name}") or WORDS.get(name)
    if told:
        return told
    wanted = TABLES.get(name, name.removesuffix("_id"))
    table = next((one for one in _tables() if _snake(one.__name__) == wanted), None)
    if table is None:
        return []
    key = inspect(table).primary_key[0]
    order = key.desc() if name in NEWEST_FIRST else key
    return session.scalars(select(key).order_by(order).limit(ROWS_TRIED)).all()


def _tables() -> list[type[Base]]:
    return [mapper.class_ for mapper in Base.registry.mappers]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
