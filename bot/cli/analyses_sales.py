"""`kokyaku analyse` of sales: best sellers, what is bought next, suggestions, when it is bought."""

from datetime import date
from pathlib import Path

import click

from bot import formats
from bot.cli import analysis_sheets as sheets
from bot.cli.analysis_options import NOTHING, in_period, moments, month, name_of, saved
from bot.cli.analysis_sheets import Column, Sheet, Show
from bot.cli.context import NUMBER, Program
from segments import best_sellers, buying_times, next_products, products, recommending, shop
from segments.best_sellers import Measure
from segments.errors import NotFound
from segments.models import Friend


@click.command("best-sellers")
@in_period
@click.option("--by", type=click.Choice([each.value for each in Measure]), default=Measure.QUANTITY.value)
@click.option("--category", help="Only this category.")
@click.option("--categories", is_flag=True, help="List categories instead of products.")
@click.option("--limit", type=NUMBER, default=best_sellers.LIMIT, show_default=True)
@saved
@click.pass_obj
def best(
    program: Program,
    since: date | None,
    until: date | None,
    by: str,
    category: str | None,
    limit: int,
    path: Path | None,
    *,
    categories: bool,
) -> None:
    """List what sold best."""
    measures = [
        Column("数量", "Quantity", Show.NUMBER),
        Column("金額", "Yen", Show.YEN),
        Column("購入人数", "Buyers", Show.NUMBER),
    ]
    with program.database.reading() as session:
        period = moments(program, session, since, until)
        if categories:
            groups = best_sellers.best_categories(session, *period, Measure(by), limit)
            names = [Column("カテゴリ", "Category")]
            rows = [[each.category or "-", each.quantity, each.yen, each.buyers] for each in groups]
        else:
            sold = best_sellers.best_sellers(session, *period, Measure(by), limit, category)
            names = [
                Column("商品コード", "Code"),
                Column("商品名", "Product"),
                Column("カテゴリ", "Category"),
            ]
            rows = [
                [
                    each.code,
                    name_of(program, each),
                    each.category or "-",
                    each.quantity,
                    each.yen,
                    each.buyers,
                ]
                for each in sold
            ]
    sheets.tell(program, Sheet([*names, *measures], rows), path, NOTHING)


@click.command("next")
@click.argument("product_code", metavar="PRODUCT")
@click.option("--limit", type=NUMBER, default=20, show_default=True)
@saved
@click.pass_obj
def following(program: Program, product_code: str, limit: int, path: Path | None) -> None:
    """List what buyers of a product (its code) bought next."""
    with program.database.reading() as session:
        product = products.by_code(session, product_code)
        if product is None:
            raise NotFound("product_unknown", product_code=product_code)
        found = next_products.follows(session, product.id, limit)
    columns = [
        Column("商品コード", "Code"),
        Column("次に買われた商品", "Bought next"),
        Column("人数", "Friends", Show.NUMBER),
        Column("割合", "Share", Show.SHARE),
        Column("リフト値", "Lift", Show.RATIO),
    ]
    rows = [[each.code, name_of(program, each), each.went_on, each.share, each.lift] for each in found]
    empty = (
        "次に買われた商品の記録がまだありません。表は毎晩作り直されます。",
        "Nothing is known to be bought next. The table is made anew each night.",
    )
    sheets.tell(program, Sheet(columns, rows), path, empty)


@click.command()
@click.argument("friend_id", type=NUMBER)
@click.option("--limit", type=NUMBER, default=recommending.LIMIT, show_default=True)
@saved
@click.pass_obj
def recommend(program: Program, friend_id: int, limit: int, path: Path | None) -> None:
    """List what to suggest to a friend, and why."""
    language = program.settings.language
    with program.database.reading() as session:
        if session.get(Friend, friend_id) is None:
            raise NotFound("friend_unknown", friend_id=friend_id)
        now = program.services.clock.now()
        found = recommending.recommend(session, [friend_id], now, limit)[friend_id]
        rows = [
            [
                each.product.code,
                recommending.name_of(each.product, language),
                each.product.price_yen,
                each.reason(language),
            ]
            for each in found
        ]
    columns = [
        Column("商品コード", "Code"),
        Column("おすすめ商品", "Suggestion"),
        Column("価格", "Price", Show.YEN),
        Column("理由", "Reason"),
    ]
    sheets.tell(
        program,
        Sheet(columns, rows),
        path,
        ("おすすめできる商品がありません。", "There is nothing to suggest."),
    )


@click.command()
@in_period
@click.option("--monthly", is_flag=True, help="By month instead of weekday and hour.")
@saved
@click.pass_obj
def times(
    program: Program, since: date | None, until: date | None, path: Path | None, *, monthly: bool
) -> None:
    """Show when orders are made, on the shop's clock."""
    with program.database.reading() as session:
        period = moments(program, session, since, until)
        found = buying_times.buying_times(session, *period, shop.load(session).zone)
    if monthly:
        columns = [
            Column("月", "Month"),
            Column("件数", "Orders", Show.NUMBER),
            Column("金額", "Yen", Show.YEN),
        ]
        rows = [[month(each.month), each.orders, each.yen] for each in found.months]
    else:
        days = zip(formats.WEEKDAYS_JA, formats.WEEKDAYS_EN, strict=True)
        columns = [Column("時", "Hour"), *(Column(ja, en, Show.NUMBER) for ja, en in days)]
        rows = [[f"{hour}:00", *(day[hour] for day in found.orders)] for hour in range(24)]
    sheets.tell(program, Sheet(columns, rows if found.total else []), path, NOTHING)
