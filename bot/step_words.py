"""Steps of scenarios in words of either language: what each does, when it comes, for whom."""

from collections.abc import Callable, Sequence
from datetime import time, timedelta

from sqlalchemy.orm import Session

from bot import formats
from scheduler.block_rates import Alarm
from scheduler.models import Scenario, Step, StepKind
from scheduler.step_settings import CountBack, DateKind, Otherwise, of_step
from segments import condition_known, condition_words, conditions
from segments.errors import Invalid

Pair = tuple[str, str]
KINDS: dict[StepKind, Pair] = {
    StepKind.MESSAGE: ("メッセージを送る", "Send a message"),
    StepKind.ACTION: ("タグやクーポンを付ける", "Tag or give a coupon"),
    StepKind.WAIT: ("時間を待つ", "Wait"),
    StepKind.WAIT_UNTIL: ("条件がそろうまで待つ", "Wait until a condition holds"),
    StepKind.BRANCH: ("条件で分かれる", "Branch on a condition"),
    StepKind.SPLIT: ("A/Bに分ける", "A/B split"),
    StepKind.GOAL: ("目標を達成したか確かめる", "Check for the goal"),
    StepKind.END: ("ここで終わる", "End here"),
}
DATES: dict[DateKind, Pair] = {
    DateKind.BIRTHDAY: ("誕生日", "the birthday"),
    DateKind.FIRST_PURCHASE: ("はじめて購入した記念日", "the anniversary of the first purchase"),
    DateKind.TRIAL_END: ("お試しのご案内の期限", "the end of the trial offer"),
    DateKind.COUPON_END: ("クーポンの期限", "the end of the coupon"),
    DateKind.CYCLE_DUE: ("次の購入の目安日", "the next purchase date"),
    DateKind.CAUSE: ("きっかけの日付", "the date told by the start"),
    DateKind.FIELD: ("友だちの項目の日付", "the date in the field"),
    DateKind.DAY: ("決まった日", "the day"),
}
OTHERWISE: dict[Otherwise, Pair] = {
    Otherwise.GO_ON: ("次のステップへ進む", "goes on to the next step"),
    Otherwise.LEAVE: ("シナリオを終える", "leaves the scenario"),
}
UNREAD: Pair = ("読めない条件", "a condition that cannot be read")
ARMS: dict[str, Pair] = {"yes": ("はい", "Yes"), "no": ("いいえ", "No")}


def one_of(pair: Pair, language: str) -> str:
    """Return the one of two that `language` reads."""
    return pair[1] if language == "en" else pair[0]


def kind_words(kind: StepKind, language: str) -> str:
    """Return what a kind of step does."""
    return one_of(KINDS[kind], language)


def arm_words(arm: str, language: str) -> str:
    """Return what an arm is called."""
    return one_of(ARMS[arm], language) if arm in ARMS else arm


def timing_words(step: Step, language: str) -> str:
    """Return when a step comes: 「2日後の18:00、次の月・木曜日」, 「誕生日の3日前の10:00」."""
    when = of_step(step).when
    if when.before is not None:
        parts = [count_back_words(when.before, language)]
        if step.at_time is not None:
            parts.append(f"{step.at_time:%H:%M}")
    else:
        parts = [_delay(step.delay, None if when.best_hour else step.at_time, language)]
    if when.weekdays:
        parts.append(_weekdays(when.weekdays, language))
    if when.best_hour:
        parts.append(one_of(("友だちごとの反応の多い時間", "at the friend's best hour"), language))
    return one_of(("、", ", "), language).join(part for part in parts if part)


def count_back_words(wanted: CountBack, language: str) -> str:
    """Return so many days before a date."""
    date = one_of(DATES[wanted.date], language)
    if wanted.name:
        date += f"「{wanted.name}」" if language != "en" else f" {wanted.name}"
    if wanted.day is not None:
        date = formats.day(wanted.day, language)
    if wanted.days == 0:
        return f"on {date}" if language == "en" else f"{date}の当日"
    count = abs(wanted.days)
    if language == "en":
        side = "before" if wanted.days > 0 else "after"
        return f"{count} {'day' if count == 1 else 'days'} {side} {date}"
    return f"{date}の{count}日{'前' if wanted.days > 0 else '後'}"


def span_words(span: timedelta, language: str) -> str:
    """Return a length of time in days, hours and minutes."""
    minutes = span.seconds // 60
    amounts = ((span.days, "日", " days"), (minutes // 60, "時間", " hours"), (minutes % 60, "分", " min"))
    words = [
        f"{amount}{one_of((ja, en.removesuffix('s') if amount == 1 else en), language)}"
        for amount, ja, en in amounts
        if amount
    ]
    return " ".join(words)


def _delay(delay: timedelta, at: time | None, language: str) -> str:
    span = span_words(delay, language)
    clock = f"{at:%H:%M}" if at else ""
    if language == "en":
        after = f"{span} later" if span else ""
        return " at ".join(part for part in (after, clock) if part) or "at once"
    if span and clock:
        return f"{span}後の{clock}"
    return f"{span}後" if span else (f"次の{clock}" if clock else "すぐ")


def _weekdays(days: list[int], language: str) -> str:
    if language == "en":
        return "on " + "/".join(formats.WEEKDAYS_EN[day] for day in days)
    return "・".join(formats.WEEKDAYS_JA[day] for day in days) + "曜日"


def condition_told(session: Session, condition: dict[str, object] | None, language: str) -> str:
    """Return a stored condition in words, "" for none."""
    if condition is None:
        return ""
    tree = _tree(condition)
    if tree is None:
        return one_of(UNREAD, language)
    known = condition_known.with_names(session, tree, condition_known.load(session, tree))
    return condition_words.words(tree, language, known)


def _tree(condition: dict[str, object] | None) -> conditions.Condition | None:
    try:
        return conditions.parse(condition) if condition is not None else None
    except Invalid:
        return None


def details_of(session: Session, steps: Sequence[Step], language: str) -> dict[int, list[str]]:
    """Return what else there is to say of many steps; what their conditions name is read for all at once."""
    trees = {step.id: tree for step in steps if (tree := _tree(step.condition)) is not None}
    every = conditions.All(of=[*trees.values()])
    known = condition_known.with_names(session, every, condition_known.load(session, every))
    told = {id_: condition_words.words(tree, language, known) for id_, tree in trees.items()}
    return {step.id: _details(step, told.get(step.id) or _unread(step, language), language) for step in steps}


def _details(step: Step, condition: str, language: str) -> list[str]:
    asks = [_asked(step, condition, language)] if condition else []
    return asks + [line for say in _DETAILS for line in say(step, language)]


def _unread(step: Step, language: str) -> str:
    return one_of(UNREAD, language) if step.condition is not None else ""


def detail_words(session: Session, step: Step, language: str) -> list[str]:
    """Return what else there is to say of a step, line by line."""
    return _details(step, condition_told(session, step.condition, language), language)


def _asked(step: Step, told: str, language: str) -> str:
    label = ("条件", "If") if step.kind not in {StepKind.MESSAGE, StepKind.ACTION} else ("対象", "Only for")
    return f"{one_of(label, language)}: {told}"


def _waits(step: Step, language: str) -> list[str]:
    settings = of_step(step)
    if step.kind is not StepKind.WAIT_UNTIL:
        return []
    latest, otherwise = span_words(settings.latest, language), one_of(OTHERWISE[settings.otherwise], language)
    return [
        one_of((f"長くて{latest}待ち、だめなら{otherwise}", f"At most {latest}; then {otherwise}"), language)
    ]


def _splits(step: Step, language: str) -> list[str]:
    arms = of_step(step).arms
    total = sum(arm.share for arm in arms) or 1
    shares = [f"{arm.name} {100 * arm.share / total:.0f}%" for arm in arms]
    return [one_of(("、", ", "), language).join(shares)] if shares else []


def _rides(step: Step, language: str) -> list[str]:
    if step.rides_for is None:
        return []
    wait = span_words(step.rides_for, language)
    ja = f"返信を待つ時間: 最長{wait}。連絡があれば無料の返信に添え、なければそのとき送ります"
    en = f"Waits up to {wait} for the friend to write and goes with the free reply; otherwise it is sent then"
    return [one_of((ja, en), language)]


def _does(step: Step, language: str) -> list[str]:
    names: dict[str, Pair] = {
        "tag": ("タグを付ける", "Tag"),
        "untag": ("タグを外す", "Take tag off"),
        "coupon": ("クーポン", "Coupon"),
        "trial_offer": ("お試しのご案内", "Trial offer"),
    }
    told = {name: step.effects[name] for name in names if step.effects.get(name)}
    if "trial_offer" in told:
        days = told["trial_offer"]["days"]
        told["trial_offer"] = one_of((f"{days}日間", f"{days} days"), language)
    return [f"{one_of(names[name], language)}: {value}" for name, value in told.items()]


_DETAILS: tuple[Callable[[Step, str], list[str]], ...] = (_waits, _rides, _splits, _does)


def alarm_words(scenario: Scenario, step: Step, alarm: Alarm, language: str) -> str:
    """Return why a step paused itself."""
    name = step.name or kind_words(step.kind, language)
    if language == "en":
        return (
            f"“{name}” of “{scenario.name_en or scenario.name}” paused itself: {alarm.blocked:,} of {alarm.accepted:,} "
            f"friends ({alarm.percent:.1f}%) blocked us within {alarm.within_days} days; the limit is {alarm.limit_percent:g}%."
        )
    return (
        f"「{scenario.name}」の「{name}」を自動で止めました。受付済み{alarm.accepted:,}通のうち{alarm.blocked:,}人"
        f"（{alarm.percent:.1f}%）が{alarm.within_days}日以内にブロックし、上限の{alarm.limit_percent:g}%を超えたためです。"
    )
