"""From the compose form to a stored draft; each refusal finds the field it belongs to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import audience_choice, inserts
from bot.console.audience_choice import Kind
from bot.console.broadcast_form import READY, ComposeForm
from bot.console.broadcasts_views import Draft
from bot.words import explain, problem_words
from scheduler import drafts, message_asking
from scheduler.gateway import MessageGateway
from scheduler.message_checks import check
from scheduler.models import Purpose, Through
from segments import audience, recipients
from segments.errors import Invalid, KokyakuError
from segments.recipients import Recipients
from segments.shop import Shop

FIELD_OF = {
    "name_missing": "name",
    "name_too_long": "name",
    "stage_missing": "stages",
    "tag_missing": "tag",
    "tag_unknown": "tag",
    "segment_missing": "segment",
    "segment_unknown": "segment",
    "file_missing": "file",
    "not_a_table": "file",
    "column_missing": "file",
    "file_empty": "file",
    "file_blank": "file",
    "file_too_long": "file",
    "nobody_found": "file",
    "audience_unknown": "file",
    "time_malformed": "expires",
    "time_passed": "expires",
    "message_missing": "text_ja",
    "message_invalid": "text_ja",
    "ready_missing": "ready",
    "per_minute_invalid": "per_minute",
    "holdout_invalid": "holdout",
    "audience_missing": "audience",
}
OF_A_TEXT = frozenset({"message_not_renderable", "line_refused"})
"""Refusals of one language's text, which they name."""


@dataclass(frozen=True)
class Author:
    """Who composes, when, by which clock."""

    actor: str
    now: datetime
    zone: ZoneInfo


def take_file(session: Session, form: ComposeForm, author: Author) -> Recipients | None:
    """Freeze the uploaded list, if there is one, so that it outlives mistakes in the rest of the form."""
    upload = form.file.data
    if form.audience.data != Kind.FILE.value or upload is None or not upload.filename:
        return None
    try:
        found = recipients.read(session, upload.read())
    except KokyakuError as error:
        show(form, error)
        return None
    name, by_mail = upload.filename[-128:], bool(form.by_mail.data)
    frozen = audience.freeze_list(session, found.friend_ids, name, author.now, by_mail=by_mail)
    session.flush()
    form.audience_id.data = str(frozen.id)
    return found


def check_choices(
    session: Session, form: ComposeForm, condition: dict[str, Any] | None, author: Author
) -> bool:
    """Put what is wrong with audience, ready message and validity beside them, all at once; return whether nothing is."""
    checks: list[Callable[[], object]] = [
        lambda: audience_choice.condition_of(session, form.choice(condition)),
        lambda: _valid_until(form, author),
        lambda: _message(form),
    ]
    passed = [_passes(form, check) for check in checks]
    return all(passed)


def _passes(form: ComposeForm, check: Callable[[], object]) -> bool:
    try:
        check()
    except KokyakuError as error:
        show(form, error)
        return False
    return True


def _valid_until(form: ComposeForm, author: Author) -> datetime | None:
    expires_at = form.expires_at(author.zone)
    if expires_at is not None and expires_at <= author.now:
        raise Invalid("time_passed", at=expires_at)
    return expires_at


def save(
    session: Session,
    form: ComposeForm,
    stored: Draft | None,
    condition: dict[str, Any] | None,
    author: Author,
) -> int:
    """Store the draft and return its id; raises KokyakuError, which `show` puts beside its field.

    `condition` is what the builder says, for an audience that is chosen by it.
    """
    choice = form.choice(condition)
    composed = drafts.Draft(
        name=form.name.data or "",
        condition=audience_choice.condition_of(session, choice),
        audience_id=choice.audience_id if choice.kind is Kind.FILE else None,
        purpose=Purpose(form.purpose.data),
        expires_at=_valid_until(form, author),
        per_minute=form.per_minute.data,
        holdout_percent=form.holdout.data or 0,
        by_mail=bool(form.by_mail.data),
        through=Through.BROADCAST if form.at_once.data else Through.NAMED,
        **_message(form),
    )
    if stored is None:
        return drafts.create(session, composed, now=author.now, by=author.actor).id
    return drafts.update(session, stored.id, composed, now=author.now, by=author.actor).id


def _message(form: ComposeForm) -> dict[str, Any]:
    if form.source.data == READY:
        return {"message_version_id": _ready_version(form)}
    content = inserts.content(form.text_ja.data or "", form.text_en.data or "")
    if "ja" not in content:
        raise Invalid("message_missing")
    return {"content": content}


def ask_line(
    gateway: MessageGateway, form: ComposeForm, stored: Draft | None, settings: Shop, now: datetime
) -> bool:
    """Have LINE check what was typed, with no transaction open; False when LINE could not be asked.

    Raises Invalid (message_not_renderable, line_refused). A ready message and what was not changed LINE knows already.
    """
    content = _message(form).get("content")
    if content is None or (stored is not None and content == stored.content):
        return True
    return message_asking.ask_line(gateway, content, settings, now)


def _ready_version(form: ComposeForm) -> int:
    chosen = form.ready.data or ""
    if chosen not in form.ready_ids:
        raise Invalid("ready_missing")
    return int(chosen)


def check_texts(form: ComposeForm) -> bool:
    """Put what is wrong with each language's text beside it; return whether nothing is."""
    if form.source.data == READY:
        return True
    fields = {"ja": form.text_ja, "en": form.text_en}
    problems = check(
        inserts.content(form.text_ja.data or "", form.text_en.data or "")
        or {"ja": [{"type": "text", "text": "-"}]}
    )
    for problem in problems:
        add(fields.get(problem.path[:2], form.text_ja), problem_words(problem.code, problem.params))
    misspelt = [_misspelt(field, language) for language, field in fields.items()]
    return not problems and not any(misspelt)


def _misspelt(field: Any, language: str) -> list[str]:
    names = inserts.misspelt(field.data or "")
    usable = " ".join(f"{{{each.name(language)}}}" for each in inserts.INSERTS)
    for name in names:
        words = _(
            "{%(name)s}は差し込みの名前ではありません。使えるのは %(usable)s です。", name=name, usable=usable
        )
        add(field, words)
    return names


def show(form: ComposeForm, error: KokyakuError) -> None:
    """Put a refusal beside the field it is about; beside the name when it is about none."""
    name = FIELD_OF.get(error.code, "name")
    if error.code in OF_A_TEXT:
        name = "text_en" if error.params.get("language") == "en" else "text_ja"
    add(getattr(form, name), explain(error))


def add(field: Any, words: str) -> None:
    """Put what is wrong beside a field."""
    field.errors = [*(field.errors or ()), words]


def file_words(found: Recipients) -> list[str]:
    """Say what of a file will not get the message: strangers, friends without LINE, lines given twice."""
    told = [_unknown_lines(found)] if found.unknown else []
    if found.unlinked:
        told.append(_("LINEとつながっていない %(count)s人（この配信は届きません）", count=found.unlinked))
    if found.repeated:
        told.append(_("同じ友だちの行が%(count)s件重なっています。送信は1人1通です。", count=found.repeated))
    return told


def _unknown_lines(found: Recipients) -> str:
    some = "、".join(
        _("%(line)s行目「%(value)s」", line=line.number, value=line.value[:40]) for line in found.shown
    )
    return _("見つからなかった行が%(count)s件あります: %(some)s", count=len(found.unknown), some=some)
