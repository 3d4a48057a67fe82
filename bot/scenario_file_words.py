"""What is wrong with a scenario file, line by line, in words of either language."""

from bot.words import error_words
from scheduler.scenario_shapes import Problem
from segments.errors import Invalid

_SHAPES: dict[str, tuple[str, str]] = {
    "not_json": ("JSONとして読めません（{told}）", "this is not JSON ({told})"),
    "missing": ("この項目が必要です", "this field is needed"),
    "extra_forbidden": ("知らない項目です。つづりを確かめてください", "unknown field; check its spelling"),
    "literal_error": ("使えるのは {expected} です", "must be {expected}"),
    "enum": ("使えるのは {expected} です", "must be one of {expected}"),
    "string_type": ("文字で書いてください", "must be a text"),
    "int_type": ("整数で書いてください", "must be a whole number"),
    "float_type": ("数で書いてください", "must be a number"),
    "bool_type": ("true か false で書いてください", "must be true or false"),
    "list_type": ("[ ] で囲んだ並びで書いてください", "must be a list in [ ]"),
    "dict_type": ("{{ }} で囲んで書いてください", "must be an object in {{ }}"),
    "model_type": ("{{ }} で囲んで書いてください", "must be an object in {{ }}"),
    "greater_than": ("{gt}より大きい数にしてください", "must be greater than {gt}"),
    "greater_than_equal": ("{ge}以上にしてください", "must be at least {ge}"),
    "less_than_equal": ("{le}以下にしてください", "must be at most {le}"),
    "string_too_long": ("{max_length}文字以内にしてください", "at most {max_length} letters"),
    "too_long": ("{max_length}個までです", "at most {max_length} of them"),
}


def problem_words(problem: Problem, language: str) -> str:
    """Return one problem: 「12行目 steps.2.after.hours: 整数で書いてください」."""
    told = _told(problem, language)
    at = f" {problem.at}" if problem.at else ""
    return f"line {problem.line}{at}: {told}" if language == "en" else f"{problem.line}行目{at}: {told}"


def all_words(error: Exception, language: str) -> list[str]:
    """Return every problem that a refusal of a file tells of."""
    problems: list[Problem] = getattr(error, "params", {}).get("problems", [])
    return [problem_words(each, language) for each in problems]


def _told(problem: Problem, language: str) -> str:
    pair = _SHAPES.get(problem.kind)
    if pair is not None:
        return (pair[1] if language == "en" else pair[0]).format(told=problem.told, **problem.params)
    if problem.params or "_" in problem.kind:
        words = error_words(Invalid(problem.kind, **problem.params), language)
        detail = problem.params.get("problem")
        return f"{words} {detail}" if detail else words
    return problem.told
