"""The report of questions: how many were asked, and how long friends waited for a person's answer."""

from flask_babel import gettext as _

from bot.console.chart_axes import Figure
from bot.console.report_buckets import bounds, counted, placed
from bot.console.report_shapes import Ask, Chart, Report, Sum
from segments import answer_times


def report(ask: Ask) -> Report:
    """Return the report."""
    found = answer_times.times(ask.session, *bounds(ask.period, ask.zone))
    buckets = ask.period.buckets()
    labels = [each.label for each in buckets]
    places = placed(found.answered, buckets, ask.zone)
    waits = [found.waited[places == place] for place in range(len(buckets))]
    minutes = answer_times.middle_minutes(found.waited)
    return Report(
        sums=[
            Sum(_("質問"), len(found.asked)),
            Sum(_("答えた質問"), len(found.answered)),
            Sum(_("24時間以内に答えた割合"), answer_times.soon_share(found.waited), Figure.PERCENT),
            Sum(
                _("待ち時間の中央値（分）"),
                None if minutes is None else round(minutes),
                note=_("半分の質問は、これより早く答えています"),
            ),
        ],
        parts=[
            Chart(
                key="questions",
                title=_("質問と答え"),
                definition=_(
                    "ボットが答えられず、スタッフに回った質問の数と、答えた（対応済みにした）質問の数です。"
                ),
                kind="columns",
                labels=labels,
                series=[
                    (_("質問"), counted(found.asked, buckets, ask.zone)),
                    (_("答えた質問"), [len(each) for each in waits]),
                ],
                unit=_("件"),
            ),
            Chart(
                key="waiting",
                title=_("答えるまでの時間"),
                definition=_(
                    "期間中に答えた質問について、質問から答えまでの時間の中央値です。夜間や休みの日も含みます。"
                ),
                kind="line",
                labels=labels,
                series=[(_("中央値（時間）"), [_hours(answer_times.middle_minutes(each)) for each in waits])],
                unit=_("時間"),
                beside=[(_("答えた質問"), [len(each) for each in waits])],
            ),
        ],
    )


def _hours(minutes: float | None) -> float | None:
    return None if minutes is None else round(minutes / 60, 1)
