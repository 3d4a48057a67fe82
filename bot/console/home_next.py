"""Three things to do next, chosen from how the shop stands: what waits for people first, then what is not set up yet."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from bot import formats, review_decisions
from bot.console import condition_form
from bot.console.home_views import Home
from bot.console.page import current_zone
from bot.console.places import address
from scheduler import reports
from scheduler.models import Broadcast, BroadcastState, Scenario
from segments import conditions
from segments.models import Cycle, Facts, Product
from segments.purchase_history import EVERYTHING
from segments.stages import Stage

SHOWN = 3
SOON = timedelta(days=7)
QUIET = timedelta(days=30)
DUE_SOON = {"is": "due_within", "days": 7}
SETS_UP = ("welcome", "thank_you", "cycle")
"""Ready scenarios that every shop needs, by key."""


@dataclass(frozen=True)
class NextThing:
    """Something worth doing now."""

    title: str
    why: str
    url: str
    action: str


Asks = Callable[[Session, Home, datetime], Iterator[NextThing]]


def next_things(session: Session, home: Home, now: datetime, *, may_send: bool) -> Sequence[NextThing]:
    """Return at most three things, the most urgent first; a viewer gets none, for there is nothing they may do."""
    if not may_send:
        return []
    found: list[NextThing] = []
    for ask in ORDER:
        found += [each for each in ask(session, home, now) if each.url]
        if len(found) >= SHOWN:
            break
    return found[:SHOWN]


def _questions(_session: Session, home: Home, _now: datetime) -> Iterator[NextThing]:
    if home.questions:
        yield NextThing(
            _("質問%(count)s件に答える", count=formats.number(home.questions)),
            _("ボットが答えられず、スタッフの返事を待っています。"),
            address("inbox.index", "questions.index"),
            _("答える"),
        )


def _approvals(_session: Session, home: Home, _now: datetime) -> Iterator[NextThing]:
    if home.approvals:
        yield NextThing(
            _("配信%(count)s件を承認する", count=formats.number(home.approvals)),
            _("人数の多い配信は、もう一人の確認を待ってから送られます。"),
            address("broadcasts.index"),
            _("確かめる"),
        )


def _decisions(session: Session, _home: Home, now: datetime) -> Iterator[NextThing]:
    due = review_decisions.due(session, now.astimezone(current_zone()).date())
    if due:
        yield NextThing(
            _("ふりかえりで決めたこと%(count)s件を確かめる", count=formats.number(due)),
            _(
                "決めたときに選んだ、確かめる日になりました。どうなったかを書いておくと、次の判断に役立ちます。"
            ),
            address("reviews.index"),
            _("確かめる"),
        )


def _held(_session: Session, home: Home, _now: datetime) -> Iterator[NextThing]:
    if home.held:
        yield NextThing(
            _("止まっている%(count)s通の扱いを決める", count=formats.number(home.held)),
            _("予算または通数の上限に達しています。上限を上げるか、翌月まで待ちます。"),
            address("money.show"),
            _("通数と料金を見る"),
        )


def _first_steps(session: Session, home: Home, _now: datetime) -> Iterator[NextThing]:
    if not home.friends:
        yield NextThing(
            _("はじめの設定を進める"),
            _("LINEとの連携から最初のあいさつまで、順に案内します。"),
            address("first_steps.show"),
            _("始める"),
        )
    if not session.scalar(select(exists(select(Product.id)))):
        yield NextThing(
            _("商品を登録する"),
            _("商品がわかると、次の購入の時期やおすすめを計算できます。"),
            address("products.index"),
            _("商品を登録する"),
        )


def _set_up(session: Session, home: Home, _now: datetime) -> Iterator[NextThing]:
    """Name the ready scenarios that do nothing yet."""
    if not home.friends:
        return
    wanted = select(Scenario.key, Scenario.id, Scenario.active).where(Scenario.key.in_(SETS_UP))
    known = {key: (id_, active) for key, id_, active in session.execute(wanted)}
    words = {
        "welcome": (_("友だち追加のあいさつを始める"), _("新しい友だちに、あいさつと特典をお届けします。")),
        "thank_you": (
            _("2回目の購入（F2）への案内を始める"),
            _("初めて買った方が、次もお店を思い出すきっかけになります。"),
        ),
        "cycle": (_("購入の時期のお知らせを始める"), _("一人ひとりの購入の間隔に合わせてお知らせします。")),
    }
    for key, (title, why) in words.items():
        id_, active = known.get(key, (None, False))
        if not active:
            url = address("scenario.show", scenario_id=id_) if id_ else address("scenarios.index")
            yield NextThing(title, why, url, _("シナリオを見る"))


def _due(session: Session, _home: Home, now: datetime) -> Iterator[NextThing]:
    today = reports.start_of_day(now, current_zone())
    # By the shop's calendar, as the condition behind the link counts: today and the seven days after it.
    due = (
        Cycle.category == EVERYTHING,
        Cycle.due_at >= today,
        Cycle.due_at < today + SOON + timedelta(days=1),
    )
    count = session.scalar(select(func.count()).select_from(Cycle).where(*due)) or 0
    if count:
        where = condition_form.compact(conditions.parse(DUE_SOON))
        yield NextThing(
            _("そろそろ購入の時期を迎える%(count)s人に声をかける", count=formats.number(count)),
            _("7日以内に次の購入が見込まれる友だちです。お知らせや在庫の確保にお使いください。"),
            address("friends.index", where=where, sort="next_due"),
            _("友だちを見る"),
        )


def _drafts(session: Session, _home: Home, _now: datetime) -> Iterator[NextThing]:
    drafts = select(Broadcast.id, Broadcast.name).where(Broadcast.state == BroadcastState.DRAFT)
    draft = session.execute(drafts.order_by(Broadcast.id.desc()).limit(1)).one_or_none()
    if draft is not None:
        yield NextThing(
            _("下書き「%(name)s」を仕上げる", name=draft.name or _("名前なし")),
            _("作りかけの配信が残っています。"),
            address("broadcasts.edit", broadcast_id=draft.id),
            _("続きを書く"),
        )


def _quiet(session: Session, home: Home, now: datetime) -> Iterator[NextThing]:
    recent = select(exists(select(Broadcast.id).where(Broadcast.started_at >= now - QUIET)))
    if home.friends and not session.scalar(recent):
        yield NextThing(
            _("お知らせを一通送る"),
            _("この30日間、一斉配信がありません。売り込みではない便りも、お店を思い出すきっかけになります。"),
            address("broadcasts.new"),
            _("配信を作る"),
        )


def _winning_back(session: Session, _home: Home, _now: datetime) -> Iterator[NextThing]:
    gone = select(Facts.friend_id).where(Facts.stage == Stage.EXIT, Facts.purchase_count > 0)
    if session.scalar(select(exists(gone))):
        where = condition_form.compact(conditions.parse({"is": "class", "classes": ["lapsed"]}))
        yield NextThing(
            _("しばらくお見えでない友だちを確かめる"),
            _("いつもの間隔を大きく過ぎた方です。近況をうかがうお便りを検討してください。"),
            address("friends.index", where=where),
            _("友だちを見る"),
        )


ORDER: tuple[Asks, ...] = (
    _first_steps,
    _questions,
    _approvals,
    _held,
    _decisions,
    _set_up,
    _due,
    _drafts,
    _quiet,
    _winning_back,
)
