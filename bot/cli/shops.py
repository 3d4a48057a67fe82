"""`kokyaku shop`: the shop's settings from the terminal."""

import json
from typing import Any, cast

import click

from bot import shop_changes
from bot.cli.context import Program
from scheduler import quota
from segments import shop as shops
from segments.errors import Invalid

BY = "command line"
PLAN = "plan"
LISTS = {"closed_weekdays": int, "closed_dates": str}
"""Fields that take any number of values, and what each of them is."""


@click.group()
def shop() -> None:
    """Show and change the shop's settings."""


@shop.command("show")
@click.pass_obj
def show(program: Program) -> None:
    """Print every setting, and the LINE plan, as JSON."""
    with program.services.database.reading() as session:
        told = shops.to_json(shops.load(session)) | {PLAN: quota.plan_of(session).key}
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))


@shop.command("set")
@click.argument("field")
@click.argument("values", nargs=-1)
@click.pass_obj
def set_(program: Program, field: str, values: tuple[str, ...]) -> None:
    """Change one setting: `set name みどり茶舗`, `set free_item.title.ja ガイド`, `set closed_weekdays 2 6`.

    Fields are named as `kokyaku shop show` prints them, parts after a dot; weekdays count from 0 = Monday.
    """
    services = program.services
    now = services.clock.now()
    with services.database.begin() as session:
        if field == PLAN:
            shop_changes.choose_plan(session, " ".join(values), BY, now)
        else:
            changed = _changed(shops.to_json(shops.load(session)), field, values)
            shop_changes.save(session, shops.from_json(changed), BY, now)
    click.echo(program.words("保存しました。", "Saved."))


def _changed(stored: dict[str, Any], field: str, values: tuple[str, ...]) -> dict[str, Any]:
    """Return the settings with one value replaced; raises Invalid (shop_invalid) for a field there is not."""
    name, _, rest = field.partition(".")
    if name not in stored:
        raise Invalid("shop_invalid", field=field)
    place: Any = stored[name]
    if rest:
        if not isinstance(place, dict):
            raise Invalid("shop_invalid", field=field)
        return stored | {name: _changed(cast("dict[str, Any]", place), rest, values)}
    if isinstance(place, dict):
        raise Invalid("shop_invalid", field=field)
    return stored | {name: _value(field, values)}


def _value(field: str, values: tuple[str, ...]) -> Any:
    kind = LISTS.get(field)
    try:
        return [kind(value) for value in values] if kind else " ".join(values)
    except ValueError as error:
        raise Invalid("shop_invalid", field=field) from error
