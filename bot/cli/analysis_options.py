"""What the commands of `kokyaku analyse` share: options, periods in the shop's days, names."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click
from sqlalchemy.orm import Session

from bot.cli.context import Program
from segments import shop
from segments.errors import Invalid
from segments.imports import dates
from segments.local_times import start_of

Command = TypeVar("Command", bound=Callable[..., Any])
LATEST = date(9000, 1, 1)
A_YEAR = timedelta(days=364)
"""Before the last day, which belongs to the period too."""
NOBODY = ("購入した友だちがまだいません。", "No friend has bought anything yet.")
NOTHING = ("この期間に購入はありません。", "Nothing was bought in this period.")


class Named(Protocol):
    """A product, or what tells of one."""

    @property
    def name(self) -> str:
        """Its Japanese name."""
        ...

    @property
    def name_en(self) -> str:
        """Its English one, "" without."""
        ...


def _day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        day = dates.day(value)
    except Invalid as problem:
        raise click.BadParameter(f"{value!r}: YYYY-MM-DD") from problem
    # The day after the last one must be a date too.
    return min(day, LATEST)


saved = click.option(
    "--csv", "path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Save as CSV."
)


def in_period(command: Command) -> Command:
    """Let a command take the first and the last day of a period."""
    since = click.option(
        "--since", callback=_day, metavar="DATE", help="First day; a year ago when not given."
    )
    until = click.option("--until", callback=_day, metavar="DATE", help="Last day; today when not given.")
    return since(until(command))


def moments(
    program: Program, session: Session, since: date | None, until: date | None
) -> tuple[datetime, datetime]:
    """Return when the first day of the period begins, and when its last one is over."""
    own = shop.load(session)
    last = until or own.today(program.services.clock.now())
    first = since or last - A_YEAR
    if first > last:
        raise click.UsageError(
            program.words("--since が --until より後の日付です。", "--since is after --until.")
        )
    return start_of(first, own.zone), start_of(last + timedelta(days=1), own.zone)


def name_of(program: Program, named: Named) -> str:
    """Return a product's name as the operator reads it."""
    return program.words(named.name, named.name_en or named.name)


def month(first: date) -> str:
    """Return a month as 2026-11."""
    return f"{first:%Y-%m}"


def padded(values: Sequence[Any], length: int) -> list[Any]:
    """Return so many values; months that are still to come are empty."""
    return [*values[:length], *[""] * (length - len(values))]
