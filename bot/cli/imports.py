"""`kokyaku import`: friends, products and purchases from CSV files."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli import import_running
from bot.cli.context import Program
from segments.imports import Decimals, ImportOptions, import_friends, import_products, import_purchases

F = TypeVar("F", bound=Callable[..., Any])

imports = click.Group("import", help="Import friends, products or purchases from a CSV file.")


def _mapping(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.rpartition("=") for value in values]
    for value, (column, _, _) in zip(values, pairs, strict=True):
        if not column.strip():
            raise click.BadParameter(f"{value!r}: COLUMN=FIELD")
    return {column.strip(): field.strip() for column, _, field in pairs}


def _factor(_context: click.Context, _parameter: click.Parameter, value: str) -> Decimal:
    try:
        factor = Decimal(value)
    except InvalidOperation as error:
        raise click.BadParameter(value) from error
    if not (factor.is_finite() and 0 < factor <= 1_000_000):
        raise click.BadParameter(value)
    return factor


def _common(command: F) -> F:
    """Add what every kind of file takes."""
    for decorate in (
        click.argument("csv_file", type=click.Path(path_type=Path), metavar="CSV"),
        click.option("--mapping", multiple=True, callback=_mapping, metavar="COLUMN=FIELD", help="Say which field a column holds; an empty field leaves it out. May be given several times."),
        click.option("--encoding", metavar="NAME", help="utf-8 or cp932; found out when not given."),
        click.option("--source", metavar="NAME", help="Where the lines come from, noted with each row; import:<number> when not given."),
        click.option("--report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Save the refused lines as a CSV file."),
    ):  # fmt: skip
        command = decorate(command)
    return command


@imports.command()
@_common
@click.pass_obj
def friends(
    program: Program,
    csv_file: Path,
    mapping: dict[str, str],
    encoding: str | None,
    source: str | None,
    report: Path | None,
) -> None:
    """Import friends, by LINE user id or member number."""
    options = ImportOptions(mapping=mapping, encoding=encoding, source=source, zone=program.settings.zone)
    import_running.run(import_friends, program.services, csv_file, options, report)


@imports.command()
@_common
@click.pass_obj
def products(
    program: Program,
    csv_file: Path,
    mapping: dict[str, str],
    encoding: str | None,
    source: str | None,
    report: Path | None,
) -> None:
    """Import products, by product code."""
    options = ImportOptions(mapping=mapping, encoding=encoding, source=source, zone=program.settings.zone)
    import_running.run(import_products, program.services, csv_file, options, report)


@imports.command()
@_common
@click.option("--create-products", is_flag=True, help="Create products that are not known yet.")
@click.option(
    "--currency-decimals",
    type=click.Choice([one.value for one in Decimals]),
    default="refuse",
    help="What becomes of fractions of a yen.",
)
@click.option(
    "--amount-factor",
    default="1",
    callback=_factor,
    metavar="NUMBER",
    help="Multiply every amount and round it to whole yen (100: dollars and cents).",
)
@click.pass_obj
def purchases(
    program: Program,
    csv_file: Path,
    mapping: dict[str, str],
    encoding: str | None,
    source: str | None,
    report: Path | None,
    *,
    create_products: bool,
    currency_decimals: str,
    amount_factor: Decimal,
) -> None:
    """Import purchases, by order id."""
    options = ImportOptions(
        mapping=mapping,
        encoding=encoding,
        source=source,
        zone=program.settings.zone,
        create_products=create_products,
        currency_decimals=Decimals(currency_decimals),
        amount_factor=amount_factor,
    )
    import_running.run(import_purchases, program.services, csv_file, options, report)
