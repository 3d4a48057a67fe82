"""A rehearsal's report in words and tables, in the operator's language."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bot import formats
from bot.rehearsal.figures import Campaign, Figures
from scheduler import reasons

KINDS = {
    "broadcast": ("一斉配信", "Broadcast"),
    "scenario": ("シナリオ", "Scenario"),
    "other": ("個別の送信", "Single messages"),
}
STATES = {
    "queued": ("送信待ち", "Waiting"),
    "failed": ("失敗", "Failed"),
    "uncertain": ("不明", "Uncertain"),
    "cancelled": ("取り消し", "Cancelled"),
    "skipped": ("見送り", "Skipped"),
    "sending": ("送信中", "Being sent"),
}
"""For messages whose state says all there is to say."""


class Table(NamedTuple):
    """A title, the columns' names and the rows."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def summary(figures: Figures, language: str) -> list[str]:
    """Return what was lived through, what was assumed and what it comes to, a sentence a line."""
    return list(_summary(figures, language == "en", language))


def _summary(figures: Figures, english: bool, language: str) -> Iterator[str]:
    lived = figures.lived
    began, end = (formats.moment(at, lived.zone, language) for at in (lived.began, lived.end))
    if english:
        yield f"From {began} to {end}, on a copy of the database: nothing was sent to anybody."
        yield (
            f"Assumed: {_behaviour(lived.purchases, english=True)} Nobody follows, blocks, writes or taps; operators "
            "change nothing; the model of purchase cycles stays as it is today."
        )
        yield f"{figures.sent:,} messages to {figures.heard:,} of {lived.reachable:,} friends."
    else:
        yield f"{began} から {end} までを、データベースの写しで試しました。実際には何も送っていません。"
        yield (
            f"前提: {_behaviour(lived.purchases, english=False)}友だち追加・ブロック・返信・タップはなく、設定の変更もなく、"
            "購買サイクルの見積もりは今日のままとします。"
        )
        yield f"届く友だち {lived.reachable:,}人のうち {figures.heard:,}人に、{figures.sent:,}通が届きます。"
    if lived.kill_switch_lifted:
        yield (
            "Everything is stopped at present; the rehearsal supposed that it goes on now."
            if english
            else "いまはすべての配信が止まっています。再開したものとして試しました。"
        )
    for part, count in lived.problems.items():
        yield (
            f"“{part}” failed {count:,} times: the figures may be too low."
            if english
            else f"「{part}」の処理が{count:,}回失敗しました。実際より少ない数字かもしれません。"
        )


def _behaviour(purchases: int | None, *, english: bool) -> str:
    if purchases is not None:
        return (
            f"friends buy again on the day they are due ({purchases:,} purchases)."
            if english
            else f"友だちは購入予定日に、前回と同じ買い物をします（{purchases:,}回）。"
        )
    return "nobody buys." if english else "購入はないものとします。"


def tables(figures: Figures, language: str) -> list[Table]:
    """Return the tables of the report."""
    english = language == "en"
    return [
        _campaigns(figures, language, english=english),
        _days(figures, language, english=english),
        _skips(figures, language, english=english),
        _months(figures, language, english=english),
        _listeners(figures, english=english),
    ]


def _campaigns(figures: Figures, language: str, *, english: bool) -> Table:
    title, head = (
        ("By campaign", ("Campaign", "Sent", "Skipped", "Waiting", "Why"))
        if english
        else ("キャンペーン別", ("キャンペーン", "送信", "見送り", "待ち", "主な理由"))
    )
    rows = [
        (
            _name(each.campaign, english=english),
            f"{each.sent:,}",
            f"{each.skipped.total():,}",
            f"{each.waiting.total():,}",
            _why(each.skipped + each.waiting, language),
        )
        for each in figures.campaigns
    ]
    return Table(title, head, rows)


def _days(figures: Figures, language: str, *, english: bool) -> Table:
    title, head = ("By day", ("Day", "Sent", "Most")) if english else ("日別", ("日付", "送信", "内訳"))
    rows = [
        (
            formats.day(day, language),
            f"{figures.by_day[day]:,}",
            ", ".join(
                f"{_name(each.campaign, english=english)} {each.by_day[day]:,}"
                for each in sorted(figures.campaigns, key=lambda one: -one.by_day[day])[:3]
                if each.by_day[day]
            ),
        )
        for day in sorted(figures.by_day)
    ]
    return Table(title, head, rows)


def _skips(figures: Figures, language: str, *, english: bool) -> Table:
    title, head = (
        ("Not sent, by reason", ("Reason", "Messages")) if english else ("見送りの理由", ("理由", "通数"))
    )
    rows = [(reason(code, language), f"{count:,}") for code, count in figures.skipped.most_common()]
    return Table(title, head, rows)


def _months(figures: Figures, language: str, *, english: bool) -> Table:
    plan = figures.plan_name_en if english else figures.plan_name
    title, head = (
        (f"Quota and cost before tax ({plan})", ("Month", "Messages", "Included", "Limit", "Plan", "Extra"))
        if english
        else (f"通数と費用（{plan}、税別）", ("月", "通数", "無料通数", "上限", "月額", "追加料金"))
    )
    none = "no limit" if english else "なし"
    rows = [
        (
            month.name if english else f"{int(month.name[:4])}年{int(month.name[5:])}月",
            f"{month.messages:,}",
            f"{month.included:,}",
            none if month.limit is None else f"{month.limit:,}",
            formats.yen(month.plan_yen, language),
            formats.yen(month.extra_yen, language),
        )
        for month in figures.months
    ]
    return Table(title, head, rows)


def _listeners(figures: Figures, *, english: bool) -> Table:
    title, head = (
        ("Who hears most often", ("Friend", "Name", "Messages", "In the busiest 7 days"))
        if english
        else ("配信の多い友だち", ("番号", "名前", "通数", "7日間で最多"))
    )
    rows = [
        (str(each.friend_id), each.name, f"{each.messages:,}", f"{each.most_in_a_week:,}")
        for each in figures.listeners
    ]
    return Table(title, head, rows)


def reason(code: str, language: str) -> str:
    """Return why messages were not sent, or wait."""
    if code in STATES:
        return STATES[code][language == "en"]
    return reasons.reason_words(code, language)


def _name(campaign: Campaign, *, english: bool) -> str:
    kind = KINDS[campaign.kind][english]
    name = campaign.name_en if english else campaign.name
    if not name:
        return kind
    return f"{kind}: {name}" if english else f"{kind}「{name}」"


def _why(reasons_found: Mapping[str, int], language: str) -> str:
    most = sorted(reasons_found.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{reason(code, language)} {count:,}" for code, count in most)
