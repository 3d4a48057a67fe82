"""What comes of a complaint, in words: an apology on its way, or why there is none."""

from scheduler.apology_outlook import Outlook
from scheduler.reasons import Reason, reason_words

WORDS: dict[Outlook, tuple[str, str]] = {
    Outlook.COMING: ("お詫びのシナリオを始めます。", "The apology is on its way."),
    Outlook.DELETED: (
        "シナリオ「お詫び」が削除されているため、お詫びは送りません。",
        "No apology goes out: the scenario was deleted.",
    ),
    Outlook.PAUSED: (
        "シナリオ「お詫び」が停止中のため、お詫びは送りません。",
        "No apology goes out: the scenario is paused.",
    ),
    Outlook.CHANGED: (
        "シナリオ「お詫び」を始める条件に合わないため、お詫びは送りません。",
        "No apology goes out: the scenario is not meant to start for this friend.",
    ),
    Outlook.LATELY: (
        "すでにシナリオ「お詫び」に入ったことがあるため、あらためてのお詫びは送りません。",
        "No further apology goes out: the friend was in the scenario before.",
    ),
}


def outlook_words(outlook: Outlook | Reason, language: str) -> str:
    """Return what comes of a complaint, in words of `language`."""
    if isinstance(outlook, Outlook):
        return WORDS[outlook][0 if language == "ja" else 1]
    why = reason_words(outlook, language)
    return f"お詫びは送れません（理由：{why}）。" if language == "ja" else f"No apology can be sent: {why}."
