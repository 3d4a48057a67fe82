"""Tries policies and tells what they would do: how long it takes beforehand, progress meanwhile, moves at the end."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy.orm import Session

from bot import formats
from bot.cli import sending_policies
from bot.cli.context import Program
from bot.cli.policy_changes import AnyPolicy
from bot.cli.sending_policies import SendingPolicy
from segments import policy_trial, rfm_trial
from segments.ladder_words import ladder_name, rung_name
from segments.policies import AnyLadderPolicy
from segments.policy_trial import Effort, Trial
from segments.rfm import RfmPolicy
from segments.rfm_trial import Score

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
WORTH_TELLING = timedelta(seconds=10)
SCORES = {
    Score.RECENCY: ("最終購入日の点", "Recency"),
    Score.FREQUENCY: ("購入回数の点", "Frequency"),
    Score.MONETARY: ("購入金額の点", "Spend"),
    Score.LOYALTY: ("購買頻度", "Loyalty"),
}
LOYALTY = {"loyal": ("ロイヤルカスタマー", "loyal"), "casual": ("カジュアルバイヤー", "casual")}


def tell(
    program: Program, session: Session, policy: AnyPolicy, *, worth_telling: timedelta = WORTH_TELLING
) -> None:
    """Try a policy and print how many friends it would move, and from where to where; nothing is changed.

    What takes at least as long as `worth_telling` is said beforehand.
    """
    language = program.settings.language
    if isinstance(policy, SendingPolicy):
        sending_policies.tell(program, session, policy)
        return
    if isinstance(policy, RfmPolicy):
        trial = rfm_trial.try_out(session, policy, program.services.clock.now())
        table = _table(program, program.words("点数", "Score"))
        for score, moves in trial.moves.items():
            _add(
                table,
                _in(language, SCORES[score]),
                moves,
                lambda one: _in(language, LOYALTY.get(one, (one, one))),
            )
    else:
        trial = _on_ladders(program, session, policy, worth_telling)
        table = _table(program, program.words("分類", "Ladder"))
        for ladder, moves in trial.moves.items():
            _add(table, ladder_name(ladder, language), moves, partial(rung_name, ladder, language=language))
    moved, buyers = formats.number(trial.moved), formats.number(trial.buyers)
    click.echo(
        program.words(
            f"{moved}人が移動します（購入のある{buyers}人のうち）。",
            f"{moved} friends would move (of {buyers} who bought).",
        )
    )
    if trial.moved:
        Console(markup=False, highlight=False).print(table)


def _on_ladders(
    program: Program, session: Session, policy: AnyLadderPolicy, worth_telling: timedelta
) -> Trial:
    effort = policy_trial.effort_of(session, policy)
    if effort.purchases and effort.takes >= worth_telling:
        _warn(program, effort)
    console = Console(stderr=True)
    with Progress(*COLUMNS, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(program.words("試算中", "Trying"), total=effort.buyers)
        return policy_trial.try_out(
            session, policy, program.services.clock.now(), lambda done: bar.update(task, completed=done)
        )


def _warn(program: Program, effort: Effort) -> None:
    purchases, seconds = formats.number(effort.purchases), round(effort.takes.total_seconds())
    minutes = max(-(-seconds // 60), 1)
    click.echo(
        program.words(
            f"この基準の試算では、購入{purchases}件を読み直します（{minutes}分ほど）。"
            "Ctrl+C で中止できます。中止しても何も変わりません。",
            f"Trying this reads {purchases} purchases again (about {minutes} min). "
            "Ctrl+C stops it; nothing is changed.",
        ),
        err=True,
    )


def _table(program: Program, first: str) -> Table:
    words = (("今", "From"), ("変更後", "To"), ("人数", "Friends"))
    return Table(first, *(program.words(*each) for each in words))


def _add(table: Table, name: str, moves: Mapping[tuple[str, str], int], said: Callable[[str], str]) -> None:
    for (before, after), count in sorted(moves.items(), key=lambda move: (-move[1], move[0])):
        table.add_row(name, said(before), said(after), formats.number(count))


def _in(language: str, words: tuple[str, str]) -> str:
    return words[language != "ja"]
