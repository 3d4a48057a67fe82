"""Survey answers in chat: by a button, or in the friend's own words.

A button carries `action=answer&question=…&answer=…`; without an answer it asks for one to be written.
"""

from bot.line.handlers import persons
from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import surveys
from segments.errors import Invalid
from segments.models import ChatMessage

EXPECTED = "survey:"
MINUTES = 60
"""How long the friend's next text is taken as the answer."""


def answered(turn: Turn, asked: Asked) -> None:
    """Keep the answer a button stands for and say thank you, or ask for one to be written."""
    question, said = (asked.params.get(name, "").strip() for name in ("question", "answer"))
    if not surveys.is_question(question):
        persons.hand_over(turn, asked.message)
    elif not said:
        turn.expect(EXPECTED + question, MINUTES)
        turn.say("survey_write")
    else:
        _keep(turn, question, said, asked.message)


def awaited(turn: Turn) -> str | None:
    """Return the question to which the friend's next text is the answer."""
    state = turn.known_state()
    if state is None or state.expecting is None or state.expecting_until is None:
        return None
    is_survey = state.expecting.startswith(EXPECTED) and turn.now <= state.expecting_until
    return state.expecting.removeprefix(EXPECTED) if is_survey else None


def written(turn: Turn, message: ChatMessage, question: str, words: str) -> None:
    """Keep an answer in the friend's own words, and put it before a person."""
    turn.forget_expectation()
    said = words.strip()[: surveys.ANSWER_LIMIT]
    surveys.answer(turn.session, turn.friend.id, question, said, turn.at, message_id=message.id)
    persons.put_before_one(turn, message)
    turn.say("survey_read")


def _keep(turn: Turn, question: str, said: str, message: ChatMessage) -> None:
    try:
        surveys.answer(turn.session, turn.friend.id, question, said, turn.at)
    except Invalid:
        # A button that an operator made and nobody can answer with: a person should see it.
        persons.hand_over(turn, message)
        return
    turn.say("survey_thanks", question=question, answer=said)
