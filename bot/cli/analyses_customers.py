"""`kokyaku analyse` of customers: F2, repeaters, cohorts, LTV, RFM, deciles, loyalty."""

from datetime import date
from pathlib import Path

import click

from bot import formats
from bot.cli import analysis_sheets as sheets
from bot.cli.analysis_options import NOBODY, NOTHING, in_period, moments, month, padded, saved
from bot.cli.analysis_sheets import Column, Sheet, Show
from bot.cli.context import Program
from segments import cohorts, deciles, favourites, repeats, rfm, shop


@click.command()
@in_period
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=90,
    show_default=True,
    help="Days for the second purchase.",
)
@saved
@click.pass_obj
def f2(program: Program, since: date | None, until: date | None, days: int, path: Path | None) -> None:
    """Show which share of first-time buyers bought again, by month (F2転換率)."""
    with program.database.reading() as session:
        own, now = shop.load(session), program.services.clock.now()
        period = moments(program, session, since, until)
        found = repeats.f2(session, *period, days, own.today(now), own.zone)
    columns = [
        Column("初回購入の月", "First purchase"),
        Column("新規購入者", "Newcomers", Show.NUMBER),
        Column("判定できた人数", "Judged", Show.NUMBER),
        Column(f"{days}日以内に2回目", f"Again within {days} days", Show.NUMBER),
        Column("F2転換率", "F2 conversion", Show.SHARE),
    ]
    rows = [
        [
            month(each.month) if each.month else program.words("合計", "Total"),
            each.newcomers,
            each.judged,
            each.converted,
            each.rate,
        ]
        for each in found
    ]
    sheets.tell(program, Sheet(columns, rows if found[-1].newcomers else []), path, NOTHING)


@click.command()
@in_period
@saved
@click.pass_obj
def repeat(program: Program, since: date | None, until: date | None, path: Path | None) -> None:
    """Show which share of buyers are repeaters (リピート率)."""
    with program.database.reading() as session:
        period = moments(program, session, since, until)
        found = repeats.repeats(session, *period, shop.load(session).zone)
    columns = [
        Column("期間", "Period"),
        Column("購入者", "Buyers", Show.NUMBER),
        Column("リピーター", "Repeaters", Show.NUMBER),
        Column("リピート率", "Repeat rate", Show.SHARE),
    ]
    rows = [
        [program.words("指定した期間", "Asked for"), found.buyers, found.repeaters, found.rate],
        [
            program.words("これまでの累計", "Of all time"),
            found.ever_buyers,
            found.ever_repeaters,
            found.ever_rate,
        ],
    ]
    sheets.tell(program, Sheet(columns, rows if found.ever_buyers else []), path, NOBODY)


@click.command("cohorts")
@click.option("--months", type=click.IntRange(1, 60), default=12, show_default=True)
@click.option("--yen", is_flag=True, help="Show what was spent instead of who bought.")
@saved
@click.pass_obj
def cohort_table(program: Program, months: int, path: Path | None, *, yen: bool) -> None:
    """Show friends by the month of their first purchase, and what each month after it brought."""
    with program.database.reading() as session:
        found = cohorts.load(session, program.services.clock.now())
    show = Show.YEN if yen else Show.SHARE
    columns = [Column("初回購入の月", "First purchase"), Column("人数", "Friends", Show.NUMBER)]
    columns += [Column(f"{offset}か月後", f"+{offset}", show) for offset in range(months)]
    rows = [
        [month(each.month), each.size, *padded(each.yen if yen else each.shares(), months)]
        for each in found.rows
    ]
    sheets.tell(program, Sheet(columns, rows[-months:]), path, NOBODY)
    _as_of(program, found, path)


@click.command()
@click.option("--months", type=click.IntRange(1, 60), default=12, show_default=True)
@saved
@click.pass_obj
def ltv(program: Program, months: int, path: Path | None) -> None:
    """Show what a customer has spent on average, by months since the first purchase (LTV so far)."""
    with program.database.reading() as session:
        found = cohorts.load(session, program.services.clock.now())
    columns = [Column("初回購入の月", "First purchase"), Column("人数", "Friends", Show.NUMBER)]
    columns += [Column(f"{offset}か月後", f"+{offset}", Show.YEN) for offset in range(months)]
    rows = [[month(each.month), each.size, *padded(each.value(), months)] for each in found.rows][-months:]
    if rows:
        size = sum(each.size for each in found.rows)
        rows.append([program.words("全体", "All"), size, *padded(found.value(), months)])
    sheets.tell(program, Sheet(columns, rows), path, NOBODY)
    _as_of(program, found, path)


@click.command("rfm")
@saved
@click.pass_obj
def rfm_table(program: Program, path: Path | None) -> None:
    """Show how many buyers stand in each cell of the RFM table."""
    with program.database.reading() as session:
        policy = rfm.load(session)
        cells = rfm.table(session, policy, program.services.clock.now())
    columns = [
        Column("R（最終購入）", "Recency", Show.NUMBER),
        Column("F（購入回数）", "Frequency", Show.NUMBER),
        Column("人数", "Friends", Show.NUMBER),
        Column("金額", "Yen", Show.YEN),
        Column("M（平均）", "Monetary (mean)", Show.RATIO),
    ]
    rows = [[each.recency, each.frequency, each.buyers, each.yen, each.monetary] for each in cells]
    sheets.tell(program, Sheet(columns, rows), path, NOBODY)


@click.command("deciles")
@saved
@click.pass_obj
def decile_table(program: Program, path: Path | None) -> None:
    """Show the buyers in ten groups by what they spent (デシル分析)."""
    with program.database.reading() as session:
        measured = deciles.in_force(session, program.services.clock.now())
        found = deciles.table(session, measured)
    columns = [
        Column("デシル", "Decile", Show.NUMBER),
        Column("下限", "From", Show.YEN),
        Column("人数", "Friends", Show.NUMBER),
        Column("金額", "Yen", Show.YEN),
        Column("構成比", "Share", Show.SHARE),
        Column("累計構成比", "Cumulative", Show.SHARE),
        Column("平均", "Average", Show.YEN),
    ]
    rows = [
        [
            each.decile,
            each.at_least_yen,
            each.buyers,
            each.yen,
            each.share,
            each.cumulative_share,
            each.average_yen,
        ]
        for each in found
    ]
    sheets.tell(program, Sheet(columns, rows), path, NOBODY)


@click.command()
@saved
@click.pass_obj
def loyalty(program: Program, path: Path | None) -> None:
    """Show loyal and casual buyers (ロイヤルカスタマーとカジュアルバイヤー)."""
    with program.database.reading() as session:
        found = favourites.loyalty_groups(session, rfm.load(session))
    names = {
        "loyal": program.words("ロイヤルカスタマー", "Loyal"),
        "casual": program.words("カジュアルバイヤー", "Casual"),
    }
    columns = [
        Column("区分", "Kind"),
        Column("人数", "Friends", Show.NUMBER),
        Column("購入回数", "Purchases", Show.NUMBER),
        Column("金額", "Yen", Show.YEN),
    ]
    rows = [[names[each.loyalty], each.buyers, each.purchases, each.yen] for each in found]
    sheets.tell(program, Sheet(columns, rows if any(each.buyers for each in found) else []), path, NOBODY)


def _as_of(program: Program, found: cohorts.Cohorts, path: Path | None) -> None:
    if not found.rows or path is not None:
        return
    language = program.settings.language
    day = formats.day(found.day, language)
    click.echo(
        program.words(
            f"{day}時点。{month(found.day)}はまだ途中の月です。",
            f"As of {day}; {month(found.day)} is not over yet.",
        )
    )
