"""`kokyaku scenario`: step scenarios from the terminal, as files that a person can read and write."""

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import formats, operators, step_words
from bot.cli.context import NUMBER, Program
from bot.cli.scenario_files import BY, export, import_
from bot.trial_words import end_words, outcome_words
from scheduler import block_rates, scenario_edits, scenario_trial, scenarios, step_changes
from scheduler.models import Enrolment, EnrolmentState, Scenario
from scheduler.scenario_flow import Flow, Placed
from segments import shop
from segments.errors import Invalid

STATES: dict[EnrolmentState, tuple[str, str]] = {
    EnrolmentState.ACTIVE: ("途中", "inside"),
    EnrolmentState.COMPLETED: ("最後まで", "completed"),
    EnrolmentState.GOAL: ("目標を達成", "goal reached"),
    EnrolmentState.LEFT: ("途中で離れた", "left"),
}


@click.group()
def scenario() -> None:
    """Make, look at, try, pause and move step scenarios."""


@scenario.command("list")
@click.pass_obj
def list_scenarios(program: Program) -> None:
    """Show every scenario with how many friends stand where, and the steps that paused themselves."""
    words = program.words
    table = Table(
        "ID", words("名前", "Name"), words("状態", "State"), *(words(*pair) for pair in STATES.values())
    )
    with program.database.reading() as session:
        counted = _counted(session)
        for each in session.scalars(select(Scenario).order_by(Scenario.id)):
            state = words("動作中", "running") if each.active else words("停止中", "paused")
            figures = [f"{counted.get((each.id, kind), 0):,}" for kind in STATES]
            table.add_row(str(each.id), each.name, state, *figures)
        alarms = [
            step_words.alarm_words(*each, program.settings.language) for each in block_rates.alarms(session)
        ]
    Console(markup=False, highlight=False).print(table)
    for alarm in alarms:
        click.echo(f"! {alarm}")


def _counted(session: Session) -> dict[tuple[int, EnrolmentState], int]:
    query = select(Enrolment.scenario_id, Enrolment.state, func.count())
    rows = session.execute(query.group_by(Enrolment.scenario_id, Enrolment.state))
    return {(scenario_id, state): count for scenario_id, state, count in rows}


@scenario.command()
@click.argument("scenario_id", type=NUMBER)
@click.pass_obj
def show(program: Program, scenario_id: int) -> None:
    """Print a scenario's steps, when they come and how many friends wait for each."""
    with program.database.reading() as session:
        found = scenario_edits.load(session, scenario_id)
        standing = scenario_edits.standing(session, scenario_id)
        language = program.settings.language
        click.echo(f"{found.id} {found.name_en or found.name if language == 'en' else found.name}")
        whom = step_words.condition_told(session, found.condition, language)
        if whom:
            click.echo(program.words(f"対象: {whom}", f"For: {whom}"))
        for placed in Flow(found.steps).placed():
            for line in _step_lines(program, session, placed, standing.get(placed.step.id, 0)):
                click.echo(line)


def _step_lines(program: Program, session: Session, placed: Placed, waiting: int) -> list[str]:
    step, language = placed.step, program.settings.language
    pad = "  " * placed.depth
    paused = "" if step.active else program.words("（停止中）", " (paused)")
    head = f"{pad}{placed.number}. {step_words.timing_words(step, language)}: {step_words.kind_words(step.kind, language)}"
    name = f" {step.name}" if step.name else ""
    count = program.words(f"（待っている友だち {waiting:,}人）", f" ({waiting:,} waiting)")
    details = [f"{pad}     {line}" for line in step_words.detail_words(session, step, language)]
    return [f"{head}{name}{paused}{count}", *details]


@scenario.command()
@click.argument("scenario_id", type=NUMBER)
@click.option("--step", "step_id", type=NUMBER, help="Only this step, by the id that export shows.")
@click.pass_obj
def pause(program: Program, scenario_id: int, step_id: int | None) -> None:
    """Hold a scenario, or one of its steps: friends wait where they are, nobody new enters a held scenario."""
    now = program.services.clock.now()
    with program.database.begin() as session:
        if step_id is None:
            scenarios.pause(session, scenario_id)
        else:
            step_changes.pause(session, _of(session, scenario_id, step_id))
        operators.note(session, BY, "scenario_paused", f"{scenario_id}/{step_id or '-'}", now)
    click.echo(program.words("一時停止しました。", "Paused."))


@scenario.command()
@click.argument("scenario_id", type=NUMBER)
@click.option("--step", "step_id", type=NUMBER, help="Only this step, by the id that export shows.")
@click.pass_obj
def resume(program: Program, scenario_id: int, step_id: int | None) -> None:
    """Let a scenario, or one of its steps, go on."""
    now = program.services.clock.now()
    with program.database.begin() as session:
        if step_id is None:
            scenarios.resume(session, scenario_id)
        else:
            step_changes.resume(session, _of(session, scenario_id, step_id), now)
        operators.note(session, BY, "scenario_resumed", f"{scenario_id}/{step_id or '-'}", now)
    click.echo(program.words("再開しました。", "Resumed."))


def _of(session: Session, scenario_id: int, step_id: int) -> int:
    if step_changes.step_of(session, step_id).scenario_id != scenario_id:
        raise Invalid("step_of_other_scenario")
    return step_id


@scenario.command("try")
@click.argument("scenario_id", type=NUMBER)
@click.argument("friend_id", type=NUMBER)
@click.pass_obj
def try_(program: Program, scenario_id: int, friend_id: int) -> None:
    """Say what a friend would get and when, if the scenario started for them now; nothing is sent or kept."""
    now = program.services.clock.now()
    with program.database.begin() as session:
        trial = scenario_trial.run(session, scenario_id, friend_id, now)
        zone = shop.load(session).zone
        session.rollback()
    language = program.settings.language
    for each in trial.moments:
        when = formats.moment(each.at, zone, language)
        name = each.name or step_words.kind_words(each.kind, language)
        click.echo(f"{when}  {each.number}. {name}: {outcome_words(each, language, zone)}")
    ended = f"{formats.moment(trial.ends_at, zone, language)}  " if trial.ends_at else ""
    click.echo(ended + end_words(trial, language))


@scenario.command()
@click.argument("scenario_id", type=NUMBER)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete(program: Program, scenario_id: int, yes: bool) -> None:
    """Delete a scenario: friends inside leave it, what was sent stays in their history."""
    now = program.services.clock.now()
    with program.database.begin() as session:
        found = scenario_edits.load(session, scenario_id)
        inside = sum(scenario_edits.standing(session, scenario_id).values())
        if not yes:
            click.confirm(
                program.words(
                    f"「{found.name}」を削除しますか？ 途中の{inside:,}人はここで終わります。",
                    f"Delete “{found.name}”? {inside:,} friends inside leave it.",
                ),
                abort=True,
            )
        scenario_edits.delete(session, scenario_id, now)
        operators.note(session, BY, "scenario_deleted", str(scenario_id), now)
    click.echo(program.words("削除しました。", "Deleted."))


scenario.add_command(import_)
scenario.add_command(export)
