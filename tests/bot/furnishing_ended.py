"""Furnishes what came to an end: imports, tags put on many, a dry run, an export; and what was decided of the shop."""

from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot import policy_trials, review_decisions, tagging_jobs
from bot.models import DataExport, ExportState, RichMenu
from bot.services import Services
from scheduler import campaign_days, targets
from scheduler.models import Chunk, ChunkMode, ChunkState, Delivery, DeliveryState
from scheduler.targets import Aim, Target
from segments import day_counts, friend_choice, policies, saved, tagging_many
from segments.conditions import parse
from segments.imports import uploaded, uploads
from segments.models import Upload, UploadState
from tests.builders import days_ago

FILE = (
    "注文番号,会員番号,購入日時,金額\n"
    "R-2,M00001,2026-11-19 10:00,1200\n"
    "R-3,まだ友だちでない会員,2026-11-19 11:00,900\n"
    "R-4,M00001,いつか,900\n"
)
LONG = (
    "週のはじめのお知らせをやめて、購入の時期が近い友だちへのお知らせに力を入れる。\n木曜日はお休みにする。"
)


def furnish(services: Services) -> None:
    """Add them to a furnished shop."""
    now, database = services.clock.now(), services.database
    for rehearsal in (True, False):
        _import(services, rehearsal=rehearsal)
    with database.begin() as session:
        _upload(session, services, "取りやめたファイル.csv").state = UploadState.CANCELLED
        tagging = tagging_many.begin(
            session, friend_choice.choice(""), "まとめて終わった", "operator:1", now, adds=True
        ).id
        stages = policies.stage_policy(session).to_json()
        trial, _at_once = policy_trials.begin(session, services.queue, "stages", stages, "operator:1", now)
        session.add(
            DataExport(
                asked_at=days_ago(1), asked_by="operator:1", state=ExportState.DONE, size=12_345,
                ended_at=days_ago(1), expires_at=now + timedelta(days=6),
            )
        )  # fmt: skip
        session.execute(update(RichMenu).where(RichMenu.key == "default").values(design_id=1))
        _parked(session, now)
        _decided(session, now)
    tagging_jobs.run(database, services.clock, tagging)
    policy_trials.run(database, services.clock, trial)
    day_counts.refresh(database, now)
    campaign_days.count(database, now)


def _import(services: Services, *, rehearsal: bool) -> None:
    with services.database.begin() as session:
        upload = _upload(session, services, "試したファイル.csv" if rehearsal else "取り込んだファイル.csv")
        asked = uploads.ask(session, upload.id, {}, rehearsal=rehearsal)
        number, attempt = asked.id, asked.attempt
    uploaded.work(services.database, services.clock, number, attempt)


def _upload(session: Session, services: Services, name: str) -> Upload:
    path = services.settings.data / name
    path.write_text(FILE, encoding="utf-8")
    return uploads.take(session, "purchases", name, path, "operator:1", services.clock.now())


def _parked(session: Session, now: datetime) -> None:
    """Have a message wait for somebody because preparing it broke."""
    chunk = Chunk(
        mode=ChunkMode.PUSH, state=ChunkState.PARKED, failures=5, trouble="ValueError", parked_at=now,
        created_at=days_ago(1),
    )  # fmt: skip
    session.add(chunk)
    session.flush()
    waiting = select(Delivery.id).where(Delivery.state == DeliveryState.QUEUED).order_by(Delivery.id)
    chosen = session.scalars(waiting.limit(1)).all()
    session.execute(update(Delivery).where(Delivery.id.in_(chosen)).values(chunk_id=chunk.id))


def _decided(session: Session, now: datetime) -> None:
    tree = {"is": "stage", "stages": ["regular"]}
    made = saved.create(session, "前の版がある", parse(tree), "operator:1", days_ago(9))
    saved.edit(
        session, made.id, 1, "operator:1", now, condition=parse({"is": "purchase_count", "at_least": 3})
    )
    today = now.date()
    for aim, value, start in (
        (Aim.SATISFACTION, 0.9, 0.5),
        (Aim.F2, 0.9, 0.89),
        (Aim.BLOCKS, 0.01, 0.3),
        (Aim.ORDER_COST, 300.0, None),
    ):
        target = Target(value, today + timedelta(days=30), today - timedelta(days=30), start)
        targets.choose(session, aim, target, "operator:1", now)
    week = ("week", date(2026, 11, 9))
    for due in (today, today + timedelta(days=7), today):
        last = review_decisions.decide(session, week, LONG, due, "operator:1", today, now)
    review_decisions.settle(session, last.id, "ブロックが減りました。続けます。", "operator:1", now)
