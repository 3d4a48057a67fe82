"""`kokyaku scenario import` and `export`: scenarios as files that a person can read and write."""

import json
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.orm import Session

from bot import operators, scenario_file_words, tried_words
from bot.cli import asking
from bot.cli.context import NUMBER, Program
from scheduler import scenario_edits, scenario_files, scenario_wordings, step_removals
from scheduler.models import Scenario, Step
from scheduler.scenario_flow import Flow, in_force
from segments.errors import Invalid

BY = "command line"


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--over", "scenario_id", type=NUMBER, help="Change this scenario instead of adding one.")
@click.option("--yes", is_flag=True, help="Do not ask before changing a scenario that friends are in.")
@click.pass_context
def import_(context: click.Context, file: Path, scenario_id: int | None, yes: bool) -> None:
    """Add a scenario from a JSON file, switched off; with --over, change one to what the file says."""
    program = context.ensure_object(Program)
    text, now = file.read_text(encoding="utf-8-sig"), program.services.clock.now()
    try:
        asking.of_file(program, text, now)
        with program.database.begin() as session:
            if scenario_id is None:
                made = scenario_files.create(session, text, BY, now)
            else:
                before = _before(session, scenario_id)
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
    with program.database.reading() as session:
        tried = scenario_wordings.try_all(session, text, now)
    for words in tried_words.told_of_steps(tried, program.settings.language):
        click.echo(words, err=True)
    if scenario_id is None:
        click.echo(
            program.words(
                f"まだ止まっています。始めるには: kokyaku scenario resume {number}",
                f"It is paused. To start it: kokyaku scenario resume {number}",
            )
        )


@dataclass(frozen=True)
class _Before:
    """How it stood with each step, by its id: only what the file takes out is told."""

    standing: dict[int, int]
    unsent: dict[int, int]


def _before(session: Session, scenario_id: int) -> _Before:
    ids = [step.id for step in in_force(scenario_edits.load(session, scenario_id).steps)]
    return _Before(scenario_edits.standing(session, scenario_id), step_removals.unsent(session, ids))


def _confirm(program: Program, session: Session, made: Scenario, before: _Before, yes: bool) -> None:
    """Say what becomes of those inside and of what waits to be sent, and ask."""
    there = {step.id: step for step in made.steps}
    for step_id, count in before.standing.items():
        step = there.get(step_id)
        if step is not None and step.removed_at is not None:
            click.echo(_removal_words(program, made, step, count))
    cancelled = 0
    for step_id, count in before.unsent.items():
        if there[step_id].removed_at is not None:
            cancelled += count
            click.echo(_cancelled_words(program, there[step_id], count))
    kept = sum(
        count for id_, count in before.standing.items() if (s := there.get(id_)) and s.removed_at is None
    )
    if kept:
        click.echo(
            program.words(
                f"そのほかの{kept:,}人は、いま待っているステップと予定の日時のまま続けます。",
                f"The other {kept:,} friends keep the step they wait for and its date.",
            )
        )
    if (before.standing or cancelled) and not yes:
        session.flush()
        click.confirm(program.words("変更しますか？", "Change it?"), abort=True)


def _cancelled_words(program: Program, step: Step, count: int) -> str:
    return program.words(
        f"「{step.name}」で送信待ちの{count:,}通は取り消します。",
        f"Messages of “{step.name}” that wait to be sent and are cancelled: {count:,}.",
    )


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


@click.command()
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
