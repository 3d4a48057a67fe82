"""The report of satisfaction: who said they are satisfied, and who said they are not."""

from flask_babel import gettext as _

from bot.console.chart_axes import Figure
from bot.console.report_buying import share
from bot.console.report_friends import in_bucket
from bot.console.report_shapes import Ask, Chart, Report, Sum
from segments import day_counts
from segments.models import EventKind

KINDS = EventKind.SATISFIED.value, EventKind.DISSATISFIED.value


def report(ask: Ask) -> Report:
    """Return the report."""
    found = day_counts.read(ask.session, KINDS, ask.period.since, ask.period.until)
    buckets = ask.period.buckets()
    satisfied, others = ([in_bucket(found[kind], each)[""] for each in buckets] for kind in KINDS)
    labels = [each.label for each in buckets]
    answered = sum(satisfied) + sum(others)
    return Report(
        sums=[
            Sum(
                _("満足度"),
                share(sum(satisfied), answered),
                Figure.PERCENT,
                _("%(count)s件の答えのうち", count=f"{answered:,}"),
            ),
            Sum(_("「満足」と回答"), sum(satisfied)),
            Sum(_("「不満」と回答"), sum(others)),
        ],
        parts=[
            Chart(
                key="satisfaction",
                title=_("満足と不満の答え"),
                definition=_(
                    "トークで「満足」「不満」のボタンを押した回数を、押した日で数えます。答えなかった人は含みません。"
                ),
                kind="stacked",
                labels=labels,
                series=[(_("「満足」と回答"), satisfied), (_("「不満」と回答"), others)],
                unit=_("件"),
                beside=[],
            ),
            Chart(
                key="share",
                title=_("満足度"),
                definition=_(
                    "「満足」と「不満」の答えのうち、「満足」の割合です。答えのない期間は空けています。"
                ),
                kind="line",
                labels=labels,
                series=[
                    (_("満足度"), [share(yes, yes + no) for yes, no in zip(satisfied, others, strict=True)])
                ],
                figure=Figure.PERCENT,
            ),
        ],
        counted_at=day_counts.counted_at(ask.session),
    )
