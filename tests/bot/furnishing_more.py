"""Furnishes what long work leaves behind: uploads, exports, many tags at once, dry runs; and a rich menu to be changed."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot import exporting, picture_making, pictures, policy_trials
from bot.line import menu_designs
from bot.line.menu_areas import Area
from bot.line.menu_designs import Draft
from bot.simulator.pictures import png
from scheduler.jobs import JobQueue
from segments import friend_choice, policies, tagging_many
from segments.imports import uploads

CSV = "注文番号,会員番号,購入日時,金額\nR-1,M00001,2026-11-20 10:00,980\n"


def furnish(session: Session, queue: JobQueue, folder: Path, now: datetime) -> None:
    """Add them."""
    path = folder / "購入.csv"
    path.write_text(CSV, encoding="utf-8")
    uploads.take(session, "purchases", path.name, path, "operator:1", now)
    exporting.ask(session, queue, "operator:1", now)
    tagging_many.begin(session, friend_choice.choice(""), "まとめて", "operator:1", now, adds=True)
    stages = policies.stage_policy(session)
    policy_trials.begin(session, queue, "stages", stages.to_json(), "operator:1", now)
    area = Area("お店のサイト", "gift", "link", "https://example.com/")
    draft = Draft("秋のメニュー", "large6", "green", "メニュー", opens=True, areas=(area,) * 6)
    menu_designs.save(session, None, draft, "花子", now)
    made = picture_making.make(png(120, 90))
    pictures.keep(
        session, made, "とても長いファイル名でも画面からはみ出さない夏の新作の写真.png", "operator:1", now
    )
