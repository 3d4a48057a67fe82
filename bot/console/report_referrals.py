"""The report of referrals: who was brought in, and who of them bought."""

from flask_babel import gettext as _

from bot.console.chart_axes import Figure
from bot.console.report_buckets import bounds, counted
from bot.console.report_buying import share
from bot.console.report_shapes import Ask, Chart, Report, Sum
from segments import referral_figures


def report(ask: Ask) -> Report:
    """Return the report."""
    found = referral_figures.figures(ask.session, *bounds(ask.period, ask.zone))
    buckets = ask.period.buckets()
    entered = counted(found.entered, buckets, ask.zone)
    rewarded = counted(found.rewarded, buckets, ask.zone)
    chart = Chart(
        key="referrals",
        title=_("紹介で来た人と、はじめての購入"),
        definition=_(
            "紹介で来た人は、紹介コードを入れた人数です。はじめての購入は、その人たちがはじめて買い、双方に特典が渡った人数です（買った日で数えます）。"
        ),
        kind="columns",
        labels=[each.label for each in buckets],
        series=[(_("紹介で来た人"), entered), (_("はじめての購入"), rewarded)],
        unit=_("人"),
    )
    return Report(
        sums=[
            Sum(_("紹介で来た人"), len(found.entered)),
            Sum(_("はじめての購入"), len(found.rewarded)),
            Sum(
                _("購入につながった割合"),
                share(len(found.rewarded), len(found.entered)),
                Figure.PERCENT,
                _("期間中の人数どうしの割合です"),
            ),
            Sum(_("紹介した人"), found.referrers),
            Sum(_("紹介コードを持つ友だち"), found.codes, note=_("いまの人数です")),
        ],
        parts=[chart],
    )
