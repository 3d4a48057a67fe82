"""What trying a scenario for one friend tells, in words of either language."""

from zoneinfo import ZoneInfo

from bot import formats
from bot.step_words import Pair, arm_words, one_of
from scheduler.reasons import reason_words
from scheduler.scenario_trial import Moment, Trial

OUTCOMES: dict[str, Pair] = {
    "sent": ("送ります", "is sent"),
    "skipped": ("見送ります", "is skipped"),
    "done": ("行います", "is done"),
    "waits": (
        "ここから待ち始めます（条件がそろわないときは、長くて最後まで）",
        "begins to wait (to the end, unless the condition comes true)",
    ),
    "arm": ("こちらへ進みます", "goes this way"),
    "left": ("ここで離れます", "leaves here"),
    "paused": ("このステップは一時停止中です", "this step is paused"),
}
RIDES: Pair = (
    "友だちから連絡があれば返信に添えて、なければ遅くとも{latest}に送ります",
    "goes with the reply if the friend writes, and is sent by {latest} otherwise",
)
ENDS: dict[str, Pair] = {
    "completed": ("最後まで進みます。", "Goes through to the end."),
    "goal": ("目標を達成して終わります。", "Ends with the goal reached."),
    "left": ("途中で離れます。", "Leaves on the way."),
    "not_for_them": ("この友だちは対象ではありません。", "The scenario is not for this friend."),
    "empty": ("ステップがまだありません。", "There are no steps yet."),
    "paused": ("ここから先は、再開するまで進みません。", "Goes no further until it is resumed."),
    "goes_on": ("この先も続きます。", "It goes on from here."),
}


def outcome_words(moment: Moment, language: str, zone: ZoneInfo) -> str:
    """Return what would happen at a step; times are told as clocks in `zone` show them."""
    words = one_of(OUTCOMES[moment.outcome], language)
    if moment.until is not None and moment.until > moment.at:
        latest = formats.moment(moment.until, zone, language)
        return one_of(RIDES, language).format(latest=latest)
    if not moment.detail:
        return words
    told = (
        arm_words(moment.detail, language)
        if moment.outcome == "arm"
        else reason_words(moment.detail, language)
    )
    return f"{words}: {told}" if language == "en" else f"{words}（{told}）"


def end_words(trial: Trial, language: str) -> str:
    """Return how it would end."""
    return one_of(ENDS[trial.end], language)
