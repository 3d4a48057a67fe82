"""Furnishes a shop in which every page of the console has something to show, by the doors that real data takes."""

from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot import api_keys, operators, ready_made
from bot.demo import sample
from bot.models import InboundEvent, InboundState, RichMenu, Role
from bot.services import Services
from scheduler import broadcasts, drafts, quota, scenarios, triggers
from scheduler.block_rates import Alarm
from scheduler.drafts import Draft
from scheduler.jobs import JobQueue
from scheduler.models import (
    BroadcastState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    Purpose,
    Step,
    StepKind,
)
from segments import (
    conversations,
    coupons,
    events,
    links,
    next_products,
    points,
    purchases,
    referrals,
    saved,
    shop,
    surveys,
    tags,
    trust,
    watching,
)
from segments.conditions import parse
from segments.coupons import CouponTerms
from segments.links import Tapped
from segments.models import (
    EventKind,
    Friend,
    ImportRun,
    ImportState,
    Product,
    RefusedLine,
)
from tests.bot import furnishing_ended, furnishing_more
from tests.bot.browsing import PASSWORD
from tests.builders import a_friend, a_message, a_scenario, days_ago

LONG_NAME = "とても長い名前のお客様でも画面からはみ出さないことを確かめるための友だち"
FRIENDS = 10


def furnish(services: Services) -> None:
    """Fill an empty shop; `hanako` owns it."""
    now = services.clock.now()
    with services.database.begin() as session:
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, now)
        operators.create(session, "jiro", "次郎", Role.TILL, PASSWORD, now)
        api_keys.add(session, "レジ", now)
        shop.save(session, sample.SHOP, now)
        quota.choose_plan(session, "standard", now)
        ready_made.install(session, now)
        session.add_all(Product(created_at=days_ago(400), **row) for row in sample.PRODUCTS)
        session.flush()
        friends = [_friend(session, number, now) for number in range(FRIENDS)]
        _rewards(session, friends, now)
        _talk(session, friends, now)
        _segments(session, now)
        _broadcasts(session, services.queue, friends, now)
        furnishing_more.furnish(session, services.queue, services.settings.data, now)
    with services.database.begin() as session:
        _branched(session, friends, now)
        while triggers.read_events(session, now):
            pass
        while scenarios.advance(session, now):
            pass
        next_products.rebuild(session, sample.SHOP.zone)
        _outcomes(session, now)
        _line(session, now)
    furnishing_ended.furnish(services)


def _friend(session: Session, number: int, now: datetime) -> Friend:
    name = LONG_NAME if number == 1 else sample.NAMES[number]
    friend = a_friend(
        session,
        display_name=name,
        kana="トモダチ",
        member_number=f"M{number:05}",
        birthday=date(1980, 11, 20) + timedelta(days=number),
        email=f"friend{number}@example.com",
        email_consent_at=days_ago(5),
        fields={"氏名": name, "好きなお茶": "煎茶"},
        language="en" if number == 7 else "ja",
        route="shop" if number % 2 else None,
        last_wrote_at=days_ago(1),
    )
    if number == 8:
        friend.blocked_at = days_ago(2)
    if number == 9:
        friend.opted_out_at = days_ago(3)
    tags.tag(session, friend.id, "サンプル", now, "operator:1")
    for order in sample.history(number + 2, friend.id, now):
        purchases.record(session, order, now, "till", announce=now - order.bought_at < timedelta(days=40))
    return friend


def _rewards(session: Session, friends: list[Friend], now: datetime) -> None:
    coupons.define(session, "welcome", CouponTerms("初回クーポン", "Welcome", 500, 30), now)
    granted = [coupons.grant(session, "welcome", friend.id, "test", days_ago(20)) for friend in friends[:4]]
    for friend in friends[:4]:
        points.adjust(session, friend.id, 120, f"visit:{friend.id}", "operator:1", now)
    coupons.redeem(session, granted[0].code, "operator:1", now)
    referrals.enter(session, friends[3], referrals.code_of(session, friends[2]), now)
    trust.adjust(session, friends[0].id, -3, "operator:1", "お待たせした", now)
    run = ImportRun(
        kind="purchases",
        file_name="購入.csv",
        state=ImportState.DONE,
        started_at=days_ago(1),
        ended_at=days_ago(1),
        accepted=12,
        refused=1,
    )
    session.add(run)
    session.flush()
    session.add(
        RefusedLine(import_run_id=run.id, line_number=3, code="product_unknown", params={"product_code": "X"})
    )


def _talk(session: Session, friends: list[Friend], now: datetime) -> None:
    for number, friend in enumerate(friends[:3]):
        said = conversations.heard(
            session,
            friend,
            kind="text",
            text="送料はいくらですか？",
            content=None,
            line_message_id=f"m{number}",
            at=days_ago(0.2),
        )
        conversations.ask(session, friend, said, days_ago(0.2))
        surveys.answer(session, friend.id, "好きなお茶", "煎茶", days_ago(4))
        events.append(session, EventKind.SATISFIED, friend.id, days_ago(3))
    link = links.register(session, "autumn", "https://example.com/autumn", now)
    links.tap(session, Tapped(link.id, friends[0].id, None), days_ago(0.5))


def _segments(session: Session, now: datetime) -> None:
    tree = {"is": "all", "of": [{"is": "stage", "stages": ["regular"]}, {"is": "tag", "names": ["サンプル"]}]}
    made = saved.create(session, "常連で「サンプル」の方", parse(tree), "operator:1", now)
    watching.watch(session, made.id, now)


def _broadcasts(session: Session, queue: JobQueue, friends: list[Friend], now: datetime) -> None:
    for name, at in (("下書きのお知らせ", None), ("週末のご案内", now + timedelta(days=2))):
        draft = Draft(name, {"ja": [{"type": "text", "text": "こんにちは"}]}, condition={"is": "everyone"})
        made = drafts.create(session, draft, now=now, by="operator:1")
        if at:
            broadcasts.schedule(session, queue, made.id, at, now, "operator:1")
    for name, state in (("きのうのお知らせ", BroadcastState.DONE), ("止めたお知らせ", BroadcastState.PAUSED)):
        _sent(session, name, state, friends)


def _sent(session: Session, name: str, state: BroadcastState, friends: list[Friend]) -> None:
    draft = Draft(name, {"ja": [{"type": "text", "text": "こんにちは"}]}, condition={"is": "everyone"})
    made = drafts.create(session, draft, now=days_ago(1), by="operator:1")
    made.state, made.started_at, made.planned_at = state, days_ago(1), days_ago(1)
    made.ended_at = days_ago(0.9) if state is BroadcastState.DONE else None
    for number, friend in enumerate(friends):
        reason = {1: "blocked", 2: "opted_out"}.get(number)
        session.add(
            Delivery(
                friend_id=friend.id,
                kind=DeliveryKind.BROADCAST,
                purpose=Purpose.SALES,
                broadcast_id=made.id,
                message_version_id=made.message_version_id,
                state=DeliveryState.SKIPPED if reason else DeliveryState.ACCEPTED,
                reason=reason,
                created_at=days_ago(1),
                ended_at=days_ago(1),
            )
        )


def _branched(session: Session, friends: list[Friend], now: datetime) -> None:
    """Add a scenario with steps of every kind, and friends in it."""
    regulars = {"is": "stage", "stages": ["regular", "existing"]}
    made = a_scenario(
        session,
        {"name": "お礼", "delay": timedelta(days=1), "at_time": None},
        {"kind": StepKind.BRANCH, "condition": regulars, "message_id": None},
        {"kind": StepKind.GOAL, "condition": regulars, "message_id": None},
        name="枝分かれのあるご案内",
        name_en="A scenario with branches",
    )
    branch = made.steps[1]
    inside = {"scenario_id": made.id, "parent_id": branch.id, "delay": timedelta(days=2)}
    said = a_message(session, "常連の方へ").id
    session.add(
        Step(position=4, arm="yes", message_id=said, name="常連の方へ", purpose=Purpose.SALES, **inside)
    )
    arms = [{"name": "A", "share": 50}, {"name": "B", "share": 50}]
    session.add(Step(position=5, arm="no", kind=StepKind.SPLIT, settings={"arms": arms}, **inside))
    alarm = Alarm(now, accepted=100, blocked=5, limit_percent=3.0, within_days=3)
    made.steps[0].alarm, made.steps[0].active = alarm.to_json(), False
    for friend in friends[4:]:
        session.add(
            Enrolment(
                scenario_id=made.id,
                friend_id=friend.id,
                cause="test",
                entered_at=days_ago(1),
                next_step_id=branch.id,
                next_at=now + timedelta(days=friend.id % 5),
                due_at=now + timedelta(days=friend.id % 5),
            )
        )


def _outcomes(session: Session, now: datetime) -> None:
    """Have what scenarios wrote arrive, as if it had left."""
    of_steps = (Delivery.kind == DeliveryKind.STEP) & (Delivery.state == DeliveryState.QUEUED)
    even = of_steps & (Delivery.id % 2 == 0)
    session.execute(update(Delivery).where(even).values(state=DeliveryState.ACCEPTED, ended_at=now))


def _line(session: Session, now: datetime) -> None:
    session.add(
        InboundEvent(
            webhook_event_id="01HZ",
            kind="message",
            line_user_id="U1",
            occurred_at=days_ago(1),
            received_at=days_ago(1),
            raw={"type": "message", "message": {"type": "text", "text": "こんにちは"}},
            state=InboundState.PARKED,
            attempts=5,
            next_attempt_at=days_ago(1),
            error="ValueError: かならず失敗します",
        )
    )
    session.add(RichMenu(key="default", fingerprint="f", line_rich_menu_id="richmenu-1", created_at=now))
