"""Reports: how the shop moves over a period, each figure with its table, its file and what it counts."""

import csv
from collections.abc import Callable
from io import StringIO

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import (
    report_answers,
    report_buying,
    report_campaigns,
    report_friends,
    report_period,
    report_referrals,
    report_satisfaction,
    report_stages,
    reports_views,
    targets_views,
)
from bot.console.access import READERS, requires
from bot.console.page import current_zone
from bot.console.report_shapes import Ask, Report
from bot.i18n import N_
from bot.services import current_services

BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheets know UTF-8."""
REPORTS: dict[str, tuple[str, str, Callable[[Ask], Report]]] = {
    "stages": (
        N_("ステージの動き"),
        N_("どの段に何人いて、何人が上がり、離れたか"),
        report_stages.report,
    ),
    "buying": (
        N_("F2転換率とリピート率"),
        N_("はじめて買った人が戻ってきたか、くり返し買う人が増えたか"),
        report_buying.report,
    ),
    "friends": (
        N_("友だちの増減"),
        N_("どこから友だちになり、どれだけブロックや配信停止があったか"),
        report_friends.report,
    ),
    "campaigns": (
        N_("配信の結果"),
        N_("配信ごとのタップ・ブロック・購入と、購入1件あたりの費用"),
        report_campaigns.report,
    ),
    "referrals": (N_("紹介"), N_("紹介で来た人と、その後の購入"), report_referrals.report),
    "satisfaction": (N_("満足度"), N_("お試しのあとなどに「満足」と答えた割合"), report_satisfaction.report),
    "answers": (N_("質問への答え"), N_("質問の数と、答えるまでの時間"), report_answers.report),
}
blueprint = Blueprint("reports", __name__, url_prefix="/console/reports")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Name the reports, with the figures of the period that tell most."""
    period = _period()
    with current_services().database.reading() as session:
        highlights = reports_views.highlights(_ask(session, period))
        goals = targets_views.goals(session, current_services().clock.now(), current_zone())
    return render_template(
        "console/reports.html",
        reports=REPORTS,
        period=period,
        choices=report_period.CHOICES,
        highlights=highlights,
        goals=goals,
    )


@blueprint.get("/<name>")
@requires(*READERS)
def show(name: str) -> ResponseReturnValue:
    """Show one report."""
    title, about, build = REPORTS.get(name) or abort(404)
    period = _period()
    with current_services().database.reading() as session:
        ask = _ask(session, period)
        report = build(ask)
        goals = targets_views.of_report(session, ask.now, ask.zone, name)
    return render_template(
        "console/report.html",
        name=name,
        title=_(title),
        about=_(about),
        report=report,
        goals=goals,
        reports=REPORTS,
        period=period,
        choices=report_period.CHOICES,
    )


@blueprint.get("/<name>/<part>.csv")
@requires(*READERS)
def download(name: str, part: str) -> ResponseReturnValue:
    """Hand out one chart or table of a report as a file that spreadsheets open."""
    build = (REPORTS.get(name) or abort(404))[2]
    period = _period()
    with current_services().database.reading() as session:
        found = build(_ask(session, period)).part(part) or abort(404)
    file = StringIO()
    csv.writer(file).writerows(found.lines(_("期間")))
    response = Response(BYTE_ORDER_MARK + file.getvalue(), content_type="text/csv; charset=utf-8")
    dates = f"{period.since:%Y%m%d}-{period.until:%Y%m%d}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{found.key}-{dates}.csv"'
    return response


def _period() -> report_period.Period:
    today = current_services().clock.now().astimezone(current_zone()).date()
    return report_period.read(request.args, today)


def _ask(session: Session, period: report_period.Period) -> Ask:
    return Ask(session, period, current_services().clock.now(), current_zone(), request.args)
