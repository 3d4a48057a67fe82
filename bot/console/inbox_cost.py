"""What one message to a friend takes at this moment, and whether it can go at all."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot import chat_answers
from bot.models import ChatState
from scheduler import manual, meter, plan_settings, plans


@dataclass(frozen=True)
class Cost:
    """What sending now takes."""

    free_until: datetime | None
    yen: int | None
    """Yen for one more message; 0 while the plan still includes it, None when the plan sells no more."""
    refusal: str | None
    """Why nothing can be sent; None when something can."""


def cost(session: Session, friend_id: int, state: ChatState | None, now: datetime) -> Cost:
    """Return what one message to a friend takes at this moment, and whether it can go at all."""
    if chat_answers.live_token(state, now) is not None:
        assert state is not None
        return Cost(state.reply_token_until, 0, None)
    refused = manual.refusal(session, friend_id, now) or meter.refusal(session, now)
    plan, used = plan_settings.plan_of(session), meter.read(session, now).taken
    most = plans.most_messages(plan)
    if most is not None and used >= most:
        return Cost(None, None, refused)
    extra = plans.extra_cost(plan, used + 1) - plans.extra_cost(plan, used)
    return Cost(None, max(0, -int(-extra // 1)), refused)
