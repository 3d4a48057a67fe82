"""What pages show of targets: each figure as it is, what it is to be by when, and whether it is on course, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.actors import actor_name
from bot.console.chart_axes import Figure, said
from bot.i18n import N_, current_language
from scheduler import aim_figures, target_course, targets
from scheduler.aim_figures import Measures
from scheduler.target_course import Course, Standing
from scheduler.targets import LOWER_IS_BETTER, SHARES, Aim, Target

SHOWN_AFTER = timedelta(days=30)
"""After its last day a target is told of so long, apart from its own page."""
NAMES: Mapping[Aim, str] = {
    Aim.F2: N_("F2転換率"),
    Aim.REPEAT: N_("リピート率"),
    Aim.REFERRALS: N_("紹介で来た人"),
    Aim.SATISFACTION: N_("満足度"),
    Aim.BLOCKS: N_("ブロック率"),
    Aim.ORDER_COST: N_("購入1件あたりの費用"),
}
ABOUT: Mapping[Aim, str] = {
    Aim.F2: N_("この1年にはじめて買った人のうち、90日以内の別の日にもう一度買った人の割合です。"),
    Aim.REPEAT: N_("この90日に買った人のうち、前にも買ったことのある人の割合です（月ごとに数えます）。"),
    Aim.REFERRALS: N_("この90日に紹介コードを入れた人数です。"),
    Aim.SATISFACTION: N_("この90日に「満足」「不満」と答えた人のうち、「満足」の割合です。"),
    Aim.BLOCKS: N_("この90日に送ったメッセージのうち、届いてから7日以内にブロックされた割合です。"),
    Aim.ORDER_COST: N_("この90日に送ったメッセージの費用を、届いてから7日以内の購入の件数で割った金額です。"),
}
REPORTS: Mapping[Aim, str] = {
    Aim.F2: "buying",
    Aim.REPEAT: "buying",
    Aim.REFERRALS: "referrals",
    Aim.SATISFACTION: "satisfaction",
    Aim.BLOCKS: "campaigns",
    Aim.ORDER_COST: "campaigns",
}
COURSES: Mapping[Course, str] = {
    Course.REACHED: N_("達成しています"),
    Course.ON_COURSE: N_("順調です"),
    Course.BEHIND: N_("遅れています"),
    Course.UNKNOWN: N_("まだ判断できません"),
    Course.MET: N_("期日までに達成しました"),
    Course.MISSED: N_("期日までに届きませんでした"),
}


@dataclass(frozen=True)
class Goal:
    """One figure, and its target when it has one."""

    aim: Aim
    value: float | None
    """As of today, or of the target's last day once that is over."""
    target: Target | None
    standing: Standing | None
    query: Mapping[str, str]
    """Of the report that shows the same figure."""

    @property
    def name(self) -> str:
        """What the figure is called."""
        return _(NAMES[self.aim])

    @property
    def about(self) -> str:
        """What it counts."""
        return _(ABOUT[self.aim])

    @property
    def report(self) -> str:
        """The report it is from."""
        return REPORTS[self.aim]

    def said(self, value: float | None) -> str:
        """Return a value of the figure in words."""
        return value_words(self.aim, value)

    @property
    def wanted(self) -> str:
        """What the target asks for."""
        return wanted_words(self.aim, self.target.value) if self.target else ""

    @property
    def course(self) -> str:
        """How the target stands, in words."""
        return _(COURSES[self.standing.course]) if self.standing else ""

    @property
    def more(self) -> str:
        """What else there is to say: where the straight way is today, or why nothing can be told."""
        if self.standing is None:
            return ""
        if self.standing.expected is not None:
            return _("今日の目安は%(value)sです。", value=self.said(self.standing.expected))
        if self.standing.course is Course.UNKNOWN:
            return (
                _("この期間の記録がまだありません。")
                if self.value is None
                else _("目標を決めたときに数字がなかったため、目標に届くまでは判断できません。")
            )
        return ""


@dataclass(frozen=True)
class Change:
    """One change of a target, in words."""

    at: datetime
    by: str
    words: str
    start: str
    """What the figure was then; "" when it had no value, or where the target was dropped."""
    until: date | None


def goals(
    session: Session, now: datetime, zone: ZoneInfo, aims: Iterable[Aim] = Aim, *, all_of_them: bool = False
) -> Sequence[Goal]:
    """Return the figures that have a target which is not long over; with `all_of_them` the others too."""
    today, found = now.astimezone(zone).date(), targets.in_force(session)
    measures = Measures(session, now)
    return [
        _goal(measures, aim, found.get(aim), today)
        for aim in aims
        if all_of_them or (aim in found and today <= found[aim].until + SHOWN_AFTER)
    ]


def of_report(session: Session, now: datetime, zone: ZoneInfo, report: str) -> Sequence[Goal]:
    """Return the figures of a report that have a target."""
    return goals(session, now, zone, [aim for aim in Aim if REPORTS[aim] == report])


def history(session: Session, aim: Aim) -> Sequence[Change]:
    """Return what became of a figure's target, the newest first."""
    return [
        Change(
            each.at,
            actor_name(session, each.by),
            wanted_words(aim, each.target.value) if each.target else _("目標をやめました"),
            value_words(aim, each.target.start) if each.target and each.target.start is not None else "",
            each.target.until if each.target else None,
        )
        for each in targets.versions(session, aim)
    ]


def value_words(aim: Aim, value: float | None) -> str:
    """Return a value of a figure as people read it."""
    if aim is Aim.REFERRALS and value is not None:
        return _("%(count)s人", count=f"{value:,.0f}" if value == round(value) else f"{value:,.1f}")
    figure = Figure.PERCENT if aim in SHARES else Figure.YEN
    return said(value, current_language(), figure)


def wanted_words(aim: Aim, value: float) -> str:
    """Return what a target asks for: 35.0%以上, 500円以下."""
    words = value_words(aim, value)
    return _("%(value)s以下", value=words) if aim in LOWER_IS_BETTER else _("%(value)s以上", value=words)


def _goal(measures: Measures, aim: Aim, target: Target | None, today: date) -> Goal:
    day = min(today, target.until) if target else today
    value = measures.of(aim, day)
    standing = target_course.judge(aim, target, value, today) if target else None
    query = {"period": "own", "from": aim_figures.since(aim, day).isoformat(), "to": day.isoformat()}
    if aim is Aim.F2:
        query["days"] = str(aim_figures.F2_WITHIN)
    return Goal(aim, value, target, standing, query)
