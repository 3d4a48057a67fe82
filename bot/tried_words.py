"""What is said of messages that were tried on a sample of friends: for how many they cannot be made, and why."""

from collections.abc import Sequence

from bot.i18n import N_, catalogue
from scheduler.reasons import Reason, reason_words
from scheduler.sample_renders import Tried
from scheduler.scenario_wordings import Wording

SHOWN = 3
"""Reasons that are named; the most frequent come first."""
STEPS_SHOWN = 5
"""Steps of a file that are told of one by one."""

FAILING = N_(
    "ためしに選んだ%(friends)s人のうち%(failed)s人には、次の理由で送れません: %(reasons)s。"
    "送るときは、その友だちだけを見送り、ほかの友だちには送ります。"
)
ONE_REASON = N_("%(reason)s %(count)s人")
OTHER_REASONS = N_("ほかの理由 %(count)s人")
BETWEEN = N_("、")
HINT = N_(
    "情報がないときに代わりに言う言葉を文面に入れておくと、その友だちにも送れます"
    "（メッセージの編集画面では {最後に買った商品|いつもの商品} のように書きます）。"
)
OF_STEP = N_("%(step)s: %(words)s")
OTHER_STEPS = N_("ほかに%(count)s個のステップにも、送れない友だちがいます。")


def told(tried: Tried, language: str) -> list[str]:
    """Return the sentences in `language`, none when everybody of the sample would get it."""
    if not tried.failed:
        return []
    speak = catalogue(language).gettext
    found = list(tried.failing.items())
    parts = [
        speak(ONE_REASON) % {"reason": reason_words(reason, language), "count": f"{count:,}"}
        for reason, count in found[:SHOWN]
    ]
    if rest := sum(count for _reason, count in found[SHOWN:]):
        parts.append(speak(OTHER_REASONS) % {"count": f"{rest:,}"})
    counts = {"friends": f"{tried.friends:,}", "failed": f"{tried.failed:,}"}
    sentences = [speak(FAILING) % {**counts, "reasons": speak(BETWEEN).join(parts)}]
    if any(reason.startswith(Reason.FACT_MISSING) for reason in tried.failing):
        sentences.append(speak(HINT))
    return sentences


def joined(sentences: Sequence[str], language: str) -> str:
    """Return sentences as one text."""
    return ("" if language == "ja" else " ").join(sentences)


def told_of_steps(found: Sequence[tuple[Wording, Tried]], language: str) -> list[str]:
    """Return a text for each step of a file that some of the sample would not get; the hint is told once."""
    speak = catalogue(language).gettext
    texts: list[str] = []
    hints: list[str] = []
    for wording, tried in found[:STEPS_SHOWN]:
        first, *hints_here = told(tried, language)
        step = f"{wording.at} {wording.step}".strip()
        texts.append(speak(OF_STEP) % {"step": step, "words": first})
        hints = hints or hints_here
    if rest := len(found) - len(texts):
        texts.append(speak(OTHER_STEPS) % {"count": rest})
    return texts + hints
