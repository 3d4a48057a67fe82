"""`kokyaku quota`: what this month uses and will cost, LINE's plans, the hard budget, the comparison with LINE."""

import click

from bot import formats, shop_changes
from bot.cli.context import Program
from scheduler import line_quota, meter, month_forecast, plans, quota, reconciling
from scheduler.month_forecast import Forecast
from scheduler.plans import Plan
from segments import shop

BY = "command line"


@click.group("quota")
def commands() -> None:
    """Show and limit what sending costs."""


@commands.command()
@click.pass_obj
def show(program: Program) -> None:
    """Print what is used this month by our count and LINE's, what is spoken for, and the budget."""
    now = program.services.clock.now()
    with program.database.reading() as session:
        found, used = month_forecast.forecast(session, now), meter.read(session, now)
        said, settings = line_quota.line_used(session, now), shop.load(session)
    say = program.words
    _line(program, "プラン", "Plan", _name(program, found.plan))
    _line(program, "今月の通数", "Used this month", f"{found.used:,} / {found.plan.included:,}")
    _line(program, "うち Kokyaku からの送信", "  sent by Kokyaku", f"{used.claimed:,}")
    _line(program, "うち LINE だけが数えた分", "  counted by LINE alone", f"{used.beyond:,}")
    if said is not None:
        at = formats.moment(said[1], settings.zone, program.settings.language)
        _line(
            program, "LINEの集計", "LINE's own count", say(f"{said[0]:,}（{at}時点）", f"{said[0]:,} ({at})")
        )
    _line(program, "送信予定", "Spoken for", f"{found.reserved.total:,}")
    _line(program, "今月の料金", "Bill so far", _yen(program, found.spent_yen))
    none = say("上限なし", "no limit")
    budget = none if found.budget_yen is None else _yen(program, found.budget_yen)
    _line(program, "今月の予算", "Budget", budget)
    if found.reserved.held:
        held = f"{found.reserved.held:,}"
        click.echo(
            say(
                f"{held}通が、予算の変更または翌月を待っています。",
                f"{held} messages wait for a larger budget or the next month.",
            )
        )


@commands.command()
@click.pass_obj
def forecast(program: Program) -> None:
    """Print what the month will have used and cost by its end, and the plan that is cheapest for it."""
    with program.database.reading() as session:
        found = month_forecast.forecast(session, program.services.clock.now())
    _line(program, "送信済み", "Used", f"{found.used:,}")
    _line(program, "送信予定（一斉配信など）", "Spoken for", f"{found.reserved.total:,}")
    _line(program, "シナリオ（進行中の友だち）", "Steps, friends in them", f"{found.steps.enrolled:,.0f}")
    _line(program, "シナリオ（これから始まる分）", "Steps, newcomers", f"{found.steps.newcomers:,.0f}")
    _line(program, "月末の見込み", "At the month's end", f"{found.messages:,}")
    _line(program, "料金の見込み（税別）", "Bill before tax", _yen(program, found.yen))
    if found.reserved.held:
        _line(program, "予算やプランの変更待ち", "Waiting for money", f"{found.reserved.held:,}")
    if found.short_by:
        short = f"{found.short_by:,}"
        click.echo(
            program.words(f"上限まで{short}通足りない見込みです。", f"The limit will be {short} short.")
        )
    _tell_held(program, found)
    _tell_cheapest(program, found)


@commands.command("plans")
@click.pass_obj
def list_plans(program: Program) -> None:
    """List the plans with what this month would cost on each; `*` is the shop's own."""
    with program.database.reading() as session:
        found = month_forecast.forecast(session, program.services.clock.now())
    for offer in found.offers:
        mark = "*" if offer.plan.key == found.plan.key else " "
        extra = plans.write_tiers(offer.plan.extra) or "-"
        small = program.words("通数が足りません", "too small")
        cost = small if offer.yen is None else _yen(program, offer.yen)
        parts = [offer.plan.key, _name(program, offer.plan), _yen(program, offer.plan.monthly_yen)]
        click.echo(f"{mark} " + "\t".join([*parts, f"{offer.plan.included:,}", extra, cost]))
    _tell_held(program, found)
    _tell_cheapest(program, found)


@commands.command("plan-set")
@click.argument("key")
@click.option("--name", required=True, help="Its name in Japanese.")
@click.option("--name-en", help="Its name in English; the Japanese one when left out.")
@click.option("--monthly", type=click.IntRange(0), required=True, help="Yen a month before tax.")
@click.option("--included", type=click.IntRange(0), required=True, help="Messages included.")
@click.option(
    "--extra", default="", help="Prices of further ones: `50000:3, 2.8`; none are sold if left out."
)
@click.pass_obj
def plan_set(
    program: Program, key: str, name: str, name_en: str | None, monthly: int, included: int, extra: str
) -> None:
    """Add a plan, or change one of LINE's to what the shop pays. `kokyaku shop set plan KEY` chooses it."""
    plan = Plan(key, name.strip(), (name_en or name).strip(), monthly, included, plans.read_tiers(extra))
    with program.database.begin() as session:
        shop_changes.save_plan(session, plan, BY, program.services.clock.now())
    click.echo(program.words("保存しました。", "Saved."))


@commands.command("plan-remove")
@click.argument("key")
@click.pass_obj
def plan_remove(program: Program, key: str) -> None:
    """Forget a plan of the shop's own; one of LINE's is again as LINE publishes it."""
    with program.database.begin() as session:
        shop_changes.remove_plan(session, key, BY, program.services.clock.now())
    click.echo(program.words("削除しました。", "Removed."))


@commands.command()
@click.argument("yen", type=click.IntRange(0), required=False)
@click.option("--none", "no_limit", is_flag=True, help="No limit any more.")
@click.pass_obj
def budget(program: Program, yen: int | None, no_limit: bool) -> None:
    """Set the most a month may cost, plan included, before tax; print it when nothing is given."""
    now = program.services.clock.now()
    if yen is not None and no_limit:
        raise click.UsageError(
            program.words("金額と --none は同時に指定できません。", "Give a sum or --none.")
        )
    with program.database.begin() as session:
        if yen is not None or no_limit:
            shop_changes.set_budget(session, yen, BY, now)
        found = shop.load(session).monthly_budget_yen
    click.echo(program.words("上限なし", "no limit") if found is None else _yen(program, found))


@commands.command()
@click.pass_obj
def reconcile(program: Program) -> None:
    """Ask LINE for its count of this month and compare it with ours, as every night does."""
    now = program.services.clock.now()
    answer = program.services.gateway.quota()
    with program.database.begin() as session:
        quota.note_use(session, answer, now)
        found = reconciling.reconcile(session, answer, now)
        past = reconciling.comparisons(session)
    for each in past:
        alarm = program.words("  要確認", "  differs") if each.is_alarm else ""
        click.echo(f"{each.day}  {each.ours:>9,}  {each.line:>9,}  {each.difference:+,}{alarm}")
    if not found.is_settled:
        click.echo(
            program.words(
                "月が替わって1時間は、LINEの集計が前の月のままのことがあるため、照合していません。1時間ほどたってから、もう一度お試しください。",
                "Not compared: in a month's first hour LINE's count may still be that of the month before. Try again later.",
            )
        )
    if found.is_alarm:
        click.echo(
            program.words(
                "LINEの集計との差が大きくなっています。管理画面からの手動配信や、ブロックした友だちの数をご確認ください。",
                "The two counts differ much: look for messages sent by hand, and for friends who blocked the account.",
            )
        )


def _tell_held(program: Program, found: Forecast) -> None:
    if not found.reserved.held:
        return
    held = f"{found.reserved.held:,}"
    click.echo(
        program.words(
            f"不足の通数とプランごとの料金は、待っている{held}通も今月送る場合のものです。",
            f"What is short and the plans' prices are for sending the {held} waiting messages this month as well.",
        )
    )


def _tell_cheapest(program: Program, found: Forecast) -> None:
    if found.cheapest is None or not found.saves_yen:
        return
    name, yen = _name(program, found.cheapest), _yen(program, found.saves_yen)
    click.echo(
        program.words(
            f"今月の見込みでは「{name}」が最も安く、{yen}の節約になります。",
            f"Cheapest: {name}, saving {yen}.",
        )
    )


def _line(program: Program, japanese: str, english: str, value: str) -> None:
    click.echo(f"{program.words(japanese, english)}: {value}")


def _name(program: Program, plan: Plan) -> str:
    return program.words(plan.name, plan.name_en)


def _yen(program: Program, amount: int) -> str:
    return formats.yen(amount, program.settings.language)
