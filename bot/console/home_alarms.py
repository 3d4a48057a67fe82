"""What is wrong right now and wants a person: told at the top of the home page, the gravest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import formats
from bot.console import connection_views, scenarios_views
from bot.console.page import current_zone
from bot.console.places import address
from bot.health import TICK_MAY_TAKE
from bot.i18n import current_language
from bot.line import token_life
from bot.line.token_verifier import VERIFY, VERIFY_JWT
from bot.models import InboundEvent, LineCall
from bot.pulse import pulse_of
from bot.words import PAUSE_REASONS
from scheduler import parked_chunks, put_off, uncertain_list
from scheduler.models import Broadcast, BroadcastState
from segments.models import ImportRun, ImportState

SILENT_AFTER = timedelta(days=3)
RECENT = timedelta(days=7)
LOOKED_BACK = 50
"""Webhook events whose gaps tell how long this account usually hears nothing."""
UNUSUAL = 3
"""Times the longest of these gaps."""
UNAUTHORIZED, FORBIDDEN = 401, 403
SENDING = [f"/v2/bot/message/{each}" for each in ("push", "multicast", "broadcast", "reply")]
OPEN_TO_ALL = [*SENDING, "/v2/bot/message/quota", "/v2/bot/message/quota/consumption"]
REFUSED_LATELY = timedelta(days=1)
"""How long a 403 is told after which nothing was sent: it may have been put right since."""
TOKEN_SOON, TOKEN_AT_ONCE = timedelta(days=10), timedelta(days=3)
"""Before the end of a token: when it is told, and when it is grave."""


@dataclass(frozen=True)
class Alarm:
    """Something that is wrong, and where it is put right."""

    text: str
    url: str
    action: str
    is_grave: bool = True


def alarms(session: Session, now: datetime) -> list[Alarm]:
    """Return everything that is wrong now."""
    found = [
        *_scheduler(session, now),
        *_token(session, now),
        *_token_ends(session, now),
        *_connection(session),
        *_put_off(session, now),
        *_paused(session),
        *_stuck(session),
        *_uncertain(session),
        *_steps(session),
        *_silent(session, now),
        *_imports(session, now),
    ]
    return sorted(found, key=lambda each: not each.is_grave)


def _scheduler(session: Session, now: datetime) -> Iterator[Alarm]:
    rang = pulse_of(session).tick
    if rang is not None and now - rang > TICK_MAY_TAKE:
        ago = formats.ago(now - rang, current_language())
        yield Alarm(
            _("配信の仕組みが%(ago)sから動いていません。サーバーを確かめてください。", ago=ago),
            address("connection.show"),
            _("確かめる"),
        )


def _token(session: Session, now: datetime) -> Iterator[Alarm]:
    # Asking about a token proves nothing of what may be done with it.
    known = select(LineCall.id).where(
        LineCall.status.is_not(None), LineCall.endpoint.not_in([VERIFY, VERIFY_JWT])
    )
    known = known.order_by(LineCall.id.desc()).limit(1)
    # LINE may tell its count, every five minutes, to an account that may not send. By time, for what is kept of years
    # may hold no send at all.
    lately = known.order_by(None).where(LineCall.endpoint.in_(SENDING), LineCall.at > now - REFUSED_LATELY)
    sent = lately.order_by(LineCall.at.desc(), LineCall.id.desc())
    newest = [known.scalar_subquery(), sent.scalar_subquery()]
    calls = session.scalars(
        select(LineCall).where(LineCall.id.in_(newest)).order_by(LineCall.id.desc())
    ).all()
    if calls and calls[0].status == UNAUTHORIZED:
        words = _("LINEがアクセストークンを受け付けていません。このままではメッセージを送れません。")
    elif any(_is_forbidden(call, now) for call in calls):
        words = _(
            "LINEがこのアカウントからの送信を許可していません。このままではメッセージを送れません。プランと権限、LINE Developersコンソールの「セキュリティ設定」にあるIPアドレスの一覧を確かめてください。"
        )
    else:
        return
    yield Alarm(words, address("connection.show", "settings.show"), _("LINE連携を確かめる"))


def _is_forbidden(call: LineCall, now: datetime) -> bool:
    """Say whether it was refused what every account may do; some other functions are not open to all of them."""
    return call.status == FORBIDDEN and call.endpoint in OPEN_TO_ALL and now - call.at < REFUSED_LATELY


def _put_off(session: Session, now: datetime) -> Iterator[Alarm]:
    waiting = put_off.by_reason(session, now)
    if count := waiting.get(put_off.TOKEN_INVALID):
        yield Alarm(
            _(
                "LINEが送信を受け付けないため、メッセージ%(count)s件の送信を待っています。LINE連携を直すと、15分ほどで自動的に送信します。",
                count=formats.number(count),
            ),
            address("connection.show", "settings.show"),
            _("LINE連携を確かめる"),
        )
    if count := waiting.get(put_off.QUOTA_EXHAUSTED):
        yield Alarm(
            _(
                "LINEの今月のメッセージ通数を使い切ったため、メッセージ%(count)s件の送信を待っています。プランを変更するか翌月になると、自動的に送信します。",
                count=formats.number(count),
            ),
            address("money.show"),
            _("通数と料金を見る"),
        )


def _token_ends(session: Session, now: datetime) -> Iterator[Alarm]:
    """Tell of a token that ends soon; one without an end, the usual one, is nothing to tell of."""
    ends = token_life.ends_at(session)
    if ends is None or ends - now > TOKEN_SOON:
        return
    at = formats.moment(ends, current_zone(), current_language())
    what = (
        _("LINEのアクセストークンの期限が%(at)sに切れました。", at=at)
        if ends <= now
        else _("LINEのアクセストークンの期限が近づいています（%(at)sまで）。", at=at)
    )
    todo = _(
        "期限が切れるとメッセージを送れません。LINE Developersコンソールで新しいトークンを発行し、サーバーの設定（LINE_CHANNEL_ACCESS_TOKEN）を入れ替えてください。"
    )
    yield Alarm(
        f"{what} {todo}",
        address("connection.show", "settings.show"),
        _("LINE連携を確かめる"),
        is_grave=ends - now <= TOKEN_AT_ONCE,
    )


def _connection(session: Session) -> Iterator[Alarm]:
    checked = connection_views.last_check(session)
    wrong = [each for each in checked.findings if not each.ok] if checked else []
    if checked and wrong:
        yield Alarm(wrong[0].words(current_language()), address("connection.show"), _("LINE連携を確かめる"))


def _paused(session: Session) -> Iterator[Alarm]:
    paused = select(Broadcast).where(
        Broadcast.state == BroadcastState.PAUSED,
        Broadcast.state_reason.in_(["quota_exhausted", "token_invalid", "refused"]),
    )
    for each in session.scalars(paused.order_by(Broadcast.id.desc()).limit(5)):
        reason = PAUSE_REASONS[each.state_reason or "operator"]
        why = _(reason)
        yield Alarm(
            _("「%(name)s」の配信が止まっています。%(why)s", name=each.name, why=why),
            address("watching.show", broadcast_id=each.id),
            _("配信を見る"),
        )


def _stuck(session: Session) -> Iterator[Alarm]:
    newest = parked_chunks.newest(session)
    if newest is None:
        return
    english = current_language() == "en"
    names = (en if english and en else ja for _id, ja, en in newest.scenarios)
    name = newest.about or next(names, "")
    words = _("送信の準備でエラーが続いたため、保留しているメッセージがあります。")
    yield Alarm(
        _("「%(name)s」: %(words)s", name=name, words=words) if name else words,
        address("stuck.index"),
        _("保留したメッセージを見る"),
    )


def _uncertain(session: Session) -> Iterator[Alarm]:
    if waiting := uncertain_list.count(session):
        yield Alarm(
            _("届いたかどうか分からない配信が%(count)s件あります。", count=waiting),
            address("uncertain.index"),
            _("どうするかを決める"),
            is_grave=False,
        )


def _steps(session: Session) -> Iterator[Alarm]:
    for scenario_id, told in scenarios_views.alarms(session, current_language()):
        yield Alarm(told, address("scenario.show", scenario_id=scenario_id), _("確かめる"))


def _silent(session: Session, now: datetime) -> Iterator[Alarm]:
    """Tell of a webhook that was heard before and has been silent for unusually long."""
    newest = select(InboundEvent.received_at).order_by(InboundEvent.id.desc()).limit(LOOKED_BACK)
    heard = sorted(session.scalars(newest), reverse=True)
    if len(heard) < 2:
        return
    silence = now - heard[0]
    longest = max(later - earlier for later, earlier in pairwise(heard))
    if silence > max(SILENT_AFTER, UNUSUAL * longest):
        yield Alarm(
            _(
                "LINEからの通知が%(days)s日間届いていません。友だちの発言やブロックを受け取れていない可能性があります。",
                days=silence.days,
            ),
            address("connection.show", "settings.show"),
            _("LINE連携を確かめる"),
            is_grave=False,
        )


def _imports(session: Session, now: datetime) -> Iterator[Alarm]:
    failed = select(ImportRun).where(
        ImportRun.state == ImportState.FAILED, ImportRun.started_at >= now - RECENT
    )
    found = session.scalars(failed.order_by(ImportRun.id.desc())).all()
    if found:
        yield Alarm(
            _(
                "この7日間に、ファイルの取り込みが%(count)s件失敗しました（%(name)s）。",
                count=len(found),
                name=found[0].file_name,
            ),
            address("imports.index", "audit.index"),
            _("取り込みを見る"),
            is_grave=False,
        )
