"""`kokyaku broadcast create`: a draft from the terminal, and what it costs."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import tried_words
from bot.cli import asking
from bot.cli.context import LARGEST, Program
from scheduler import control_groups, drafts, quota, sample_renders
from scheduler.drafts import Draft
from scheduler.models import Message, MessageVersion, Through
from scheduler.whom import Whom
from segments import audience, conditions, recipients
from segments.errors import Invalid, NotFound
from segments.models import Segment

ACTOR = "cli"


@click.command()
@click.option("--name", required=True, help="Name shown in the list.")
@click.option("--segment", "segment_name", help="Name or id of a saved segment.")
@click.option("--condition", help='Condition as JSON, e.g. \'{"is": "everyone"}\'.')
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="CSV of friends.")
@click.option("--text", help="What to say, in Japanese.")
@click.option("--text-en", help="What to say to friends who read English.")
@click.option("--message", "message_key", help="Key of a ready message instead of a text.")
@click.option("--per-minute", type=click.IntRange(1), help="At most so many friends a minute.")
@click.option(
    "--mail", "by_mail", is_flag=True, help="Reach by mail those who agreed to it and whom LINE cannot reach."
)
@click.option(
    "--holdout",
    type=click.IntRange(0, control_groups.MOST),
    help="Percent of friends who by lot do not get it.",
)
@click.option(
    "--to-everyone-at-once",
    "at_once",
    is_flag=True,
    help="By LINE's own broadcast, if nobody is to be left out; reaches friends whom Kokyaku does not know as well.",
)
@click.pass_obj
def create(
    program: Program,
    name: str,
    segment_name: str | None,
    condition: str | None,
    csv_path: Path | None,
    text: str | None,
    text_en: str | None,
    message_key: str | None,
    per_minute: int | None,
    by_mail: bool,
    holdout: int | None,
    at_once: bool,
) -> None:
    """Add a draft; print its id, how many it reaches and what it costs."""
    _one_of(program, {"--segment": segment_name, "--condition": condition, "--csv": csv_path})
    _one_of(program, {"--text": text or text_en, "--message": message_key})
    now, content = program.services.clock.now(), _content(text, text_en)
    if content is not None:
        asking.of_content(program, content, now)
    with program.database.begin() as session:
        tree = _condition(session, segment_name, condition)
        list_id = None if csv_path is None else _frozen(program, session, csv_path, now, by_mail=by_mail)
        draft = Draft(
            name=name,
            content=content,
            message_version_id=_version(session, message_key),
            condition=tree,
            audience_id=list_id,
            per_minute=per_minute,
            holdout_percent=holdout,
            through=Through.BROADCAST if at_once else Through.NAMED,
        )
        stored = drafts.create(session, draft, now=now, by=ACTOR)
        stored.by_mail = by_mail
        session.flush()
        whom = conditions.parse(tree) if tree else None
        price = quota.price(session, now, condition=whom, audience_id=list_id, broadcast_id=stored.id)
        said = session.get_one(MessageVersion, stored.message_version_id).content
        tried = sample_renders.try_one(session, said, now, Whom(whom, list_id))
    click.echo(stored.id)
    click.echo(_told(program, price), err=True)
    for words in tried_words.told(tried, program.settings.language):
        click.echo(words, err=True)


def _told(program: Program, price: quota.Price) -> str:
    """Return whom it reaches and what it costs, in words."""
    foretold = price.foretold
    about, about_en = ("約", "about ") if price.is_about else ("", "")
    mail, mail_en = "", ""
    if foretold.by_mail:
        mail, mail_en = f"（うちメール{foretold.by_mail:,}人）", f", {foretold.by_mail:,} of them by mail"
    return program.words(
        f"配信対象 {price.recipients:,}人のうち {about}{foretold.friends:,}人に届きます{mail}。"
        f"追加料金 {price.yen:,}円（税別、{price.plan_name}）",
        f"Reaches {about_en}{foretold.friends:,} of {price.recipients:,} friends{mail_en}. "
        f"Extra cost ¥{price.yen:,} before tax ({price.plan_name_en})",
    )


def _one_of(program: Program, given: Mapping[str, object]) -> None:
    """Refuse two answers to one question: the one passed over might be the one that was meant."""
    named = [option for option, value in given.items() if value is not None]
    if len(named) > 1:
        both = " ".join(named)
        raise click.ClickException(
            program.words(f"{both} は同時に指定できません。", f"{both} cannot be given together.")
        )


def _condition(session: Session, segment_name: str | None, condition: str | None) -> dict[str, Any] | None:
    if condition is not None:
        try:
            tree: Any = json.loads(condition)
        except (ValueError, RecursionError) as error:
            raise Invalid("condition_not_json", given=condition) from error
        conditions.parse(tree)
        return tree
    if segment_name is None:
        return None
    is_id = segment_name.isdecimal() and int(segment_name) <= LARGEST
    matching = Segment.id == int(segment_name) if is_id else Segment.name == segment_name
    segment = session.scalars(select(Segment).where(matching)).first()
    if segment is None:
        raise NotFound("segment_unknown", segment_id=segment_name)
    return segment.condition


def _frozen(program: Program, session: Session, path: Path, now: datetime, *, by_mail: bool) -> int:
    found = recipients.read(session, path.read_bytes())
    for line in found.unknown:
        click.echo(program.words(f"{line} は見つかりません。", f"{line} is unknown."), err=True)
    return audience.freeze_list(session, found.friend_ids, path.name, now, by_mail=by_mail).id


def _content(text: str | None, text_en: str | None) -> dict[str, Any] | None:
    said = {"ja": text, "en": text_en}
    for words in said.values():
        (words or "").encode()  # The terminal hands bytes that are no text on as halves of characters.
    content = {language: [{"type": "text", "text": words}] for language, words in said.items() if words}
    return content or None


def _version(session: Session, key: str | None) -> int | None:
    if key is None:
        return None
    version_id = session.scalars(
        select(MessageVersion.id)
        .join(Message, Message.id == MessageVersion.message_id)
        .where(Message.key == key)
        .order_by(MessageVersion.version.desc())
    ).first()
    if version_id is None:
        raise NotFound("message_unknown", key=key)
    return version_id
