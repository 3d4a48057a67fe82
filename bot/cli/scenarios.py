"""`kokyaku scenario`: step scenarios from the terminal, as files that a person can read and write."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import formats, operators, scenario_file_words, step_words
from bot.cli.context import NUMBER, Program
from bot.trial_words import end_words, outcome_words
from scheduler import block_rates, scenario_edits, scenario_files, scenario_trial, scenarios, step_changes
from scheduler.models import Enrolment, EnrolmentState, Scenario, Step
from scheduler.scenario_flow import Flow, Placed
from segments import shop
from segments.errors import Invalid

BY = "command line"
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


@scenario.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--over", "scenario_id", type=NUMBER, help="Change this scenario instead of adding one.")
@click.option("--yes", is_flag=True, help="Do not ask before changing a scenario that friends are in.")
@click.pass_context
def import_(context: click.Context, file: Path, scenario_id: int | None, yes: bool) -> None:
    """Add a scenario from a JSON file, switched off; with --over, change one to what the file says."""
    program = context.ensure_object(Program)
    text, now = file.read_text(encoding="utf-8-sig"), program.services.clock.now()
    try:
        with program.database.begin() as session:
            if scenario_id is None:
                made = scenario_files.create(session, text, BY, now)
            else:
                before = scenario_edits.standing(session, scenario_id)
                made = scenario_files.replace(session, scenario_id, text, BY, now)
                _confirm(program, session, made, before, yes)
            operators.note(session, BY, "scenario_imported", str(made.id), now)
            number = made.id
    except Invalid as error:
        if error.code != "scenario_file_invalid":
            raise
        lines = scenario_file_words.all_words(error, program.settings.language)
        head = program.words("何も保存していません。", "Nothing was stored.")
        raise click.ClickException("\n".join([head, *(f"  {line}" for line in lines)])) from error
    click.echo(program.words(f"シナリオ {number} を保存しました。", f"Saved as scenario {number}."))
    if scenario_id is None:
        click.echo(
            program.words(
                f"まだ止まっています。始めるには: kokyaku scenario resume {number}",
                f"It is paused. To start it: kokyaku scenario resume {number}",
            )
        )


def _confirm(program: Program, session: Session, made: Scenario, before: dict[int, int], yes: bool) -> None:
    """Say what becomes of those inside, and ask."""
    there = {step.id: step for step in made.steps}
    for step_id, count in before.items():
        step = there.get(step_id)
        if step is not None and step.removed_at is not None:
            click.echo(_removal_words(program, made, step, count))
    kept = sum(count for id_, count in before.items() if (s := there.get(id_)) and s.removed_at is None)
    if kept:
        click.echo(
            program.words(
                f"そのほかの{kept:,}人は、いま待っているステップと予定の日時のまま続けます。",
                f"The other {kept:,} friends keep the step they wait for and its date.",
            )
        )
    if before and not yes:
        session.flush()
        click.confirm(program.words("変更しますか？", "Change it?"), abort=True)


def _removal_words(program: Program, made: Scenario, step: Step, count: int) -> str:
    following = Flow(made.steps).after(step)
    if following is None:
        return program.words(
            f"「{step.name}」で待つ{count:,}人は、予定の日時にシナリオを終えます。",
            f"{count:,} friends who wait for “{step.name}” finish when it would have come.",
        )
    return program.words(
        f"「{step.name}」で待つ{count:,}人は、予定の日時に「{following.name}」へ進みます。",
        f"{count:,} friends who wait for “{step.name}” go on to “{following.name}” when it would have come.",
    )


@scenario.command()
@click.argument("scenario_id", type=NUMBER)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else the terminal."
)
@click.pass_obj
def export(program: Program, scenario_id: int, out: Path | None) -> None:
    """Write a scenario as JSON that `import` reads back."""
    with program.database.reading() as session:
        text = json.dumps(scenario_files.export(session, scenario_id), ensure_ascii=False, indent=2)
    if out is None:
        click.echo(text)
        return
    out.write_text(text + "\n", encoding="utf-8")
    click.echo(program.words(f"{out} に書き出しました。", f"Wrote {out}."))


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
        click.echo(f"{when}  {each.number}. {name}: {outcome_words(each, language)}")
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
