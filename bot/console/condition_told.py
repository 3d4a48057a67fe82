"""Says a condition in one sentence, with everything in it called as people call it."""

from dataclasses import replace

from sqlalchemy.orm import Session

from bot.console import condition_choices
from bot.console.condition_fields import Source
from bot.i18n import current_language
from bot.words import explain
from segments import condition_known, condition_words
from segments.condition_leaves import InAudience
from segments.conditions import Condition, leaves
from segments.errors import Invalid


def told(session: Session, tree: Condition | None, prefix: str, errors: dict[str, list[str]]) -> str:
    """Return the sentence; "" when there is no condition yet, or none that can be understood (noted in `errors`)."""
    if tree is None:
        return ""
    try:
        return sentence(session, tree)
    except Invalid as error:
        errors.setdefault(prefix, []).append(explain(error))
        return ""


def sentence(session: Session, tree: Condition) -> str:
    """Say a condition in the language of this request; raises Invalid as condition_known.load."""
    known = condition_known.with_names(session, tree, condition_known.load(session, tree))
    known = replace(known, names={**known.names, **audience_names(session, tree)})
    return condition_words.words(tree, current_language(), known)


def audience_names(session: Session, tree: Condition) -> dict[tuple[str, object], str]:
    """Return what to call the frozen lists that a condition names."""
    lists = {str(each.audience_id) for each in leaves(tree) if isinstance(each, InAudience)}
    found = condition_choices.labels(session, Source.AUDIENCE, lists)
    return {("audience", int(key)): name for key, name in found.items()}
