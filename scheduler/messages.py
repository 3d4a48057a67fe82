"""What is said: message content rendered for one friend, leaf by leaf.

Content is `{"ja": [1–5 LINE message objects], "en": […]}`. Every string in it may be a template, and only
strings are filled in, so that no friend's name can break a message or add to it. Lists may hold
`{"$for": "coupon in coupons", "$each": object}` and `{"$if": "expression", "$then": object}`;
`$if` may also stand as a value: when it does not hold, the key is left out.
"""

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from scheduler.gateway import MessageObject
from scheduler.message_checks import Problem, check
from scheduler.message_text import MessageWriter
from scheduler.message_tree import MessageTemplate
from scheduler.templating import BadTemplate, MissingFact, RenderError

__all__ = [
    "BadTemplate",
    "MessageContent",
    "MessageTemplate",
    "MessageWriter",
    "MissingFact",
    "Problem",
    "RenderError",
    "check",
    "is_personal",
    "named_facts",
    "render",
    "spoken",
    "template_of",
    "writer_of",
]

MessageContent = Mapping[str, Any]
"""Message objects by language."""
FALLBACK = "ja"


def spoken(language: str, languages: Collection[str]) -> str:
    """Return the language to speak to a friend of `language` when a message exists in `languages`."""
    if language in languages:
        return language
    return FALLBACK if FALLBACK in languages else min(languages, default=FALLBACK)


def render(content: MessageContent, language: str, context: Mapping[str, Any]) -> list[MessageObject]:
    """Return the message objects for one friend; do not change them, parts are shared between friends.

    `language` is the friend's, `context` what personal_facts returns of them. Raises MissingFact when a
    template names an unknown fact without a fallback, RenderError when the result cannot be sent, and
    BadTemplate when `check` would have found a problem.
    """
    return template_of(content).render(spoken(language, content), context)


def template_of(content: MessageContent) -> MessageTemplate:
    """Return the compiled content, kept by what it says; raises BadTemplate."""
    return _compiled(json.dumps(content, ensure_ascii=False))


@lru_cache(maxsize=512)
def _compiled(content: str) -> MessageTemplate:
    return MessageTemplate(json.loads(content))


def writer_of(content: MessageContent) -> MessageWriter:
    """Return what writes content as JSON text, kept by what it says; raises BadTemplate."""
    return _writer(json.dumps(content, ensure_ascii=False))


@lru_cache(maxsize=512)
def _writer(content: str) -> MessageWriter:
    _compiled(content)  # Says what is wrong with it.
    return MessageWriter(json.loads(content))


def named_facts(content: MessageContent) -> frozenset[str]:
    """Return every fact that content names, as `name` or `coupon.title`; raises BadTemplate."""
    return template_of(content).facts


def is_personal(content: MessageContent) -> bool:
    """Tell whether content has facts to fill in: then each friend gets a push, otherwise one multicast does."""
    return bool(named_facts(content) - {"language"})
