"""What ends a command, as one sentence in the operator's language."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from bot.words import error_words, problem_in
from segments.db import is_full
from segments.errors import KokyakuError

TROUBLE = (KokyakuError, SQLAlchemyError, sqlite3.Error, OSError, UnicodeError, ValidationError)
"""What comes from outside of the program. Anything else is a fault of ours and keeps its traceback."""

Words = Callable[[str, str], str]
"""Returns the Japanese or the English of two sentences."""


def words_of(error: Exception, language: str) -> str:
    """Return what went wrong, and what to do about it, in words of `language`."""

    def words(japanese: str, english: str) -> str:
        return english if language == "en" else japanese

    match error:
        case KokyakuError():
            return error_words(error, language) + _details(error, language)
        case ValidationError():
            return _setting(error, words)
        case ArgumentError() | NoSuchModuleError():
            return words(
                "KOKYAKU_DATABASE_URL を接続先として読めません。postgresql://ユーザー:パスワード@ホスト/データベース のように書いてください。",
                "KOKYAKU_DATABASE_URL is no address of a database. Write it like postgresql://user:password@host/database.",
            )
        case UnicodeError():
            return words(
                "文字として読めないものが含まれています。", "Something in it cannot be read as text."
            )
        case _:
            return _storage(error, words)


def _details(error: KokyakuError, language: str) -> str:
    """Say where and what, for refusals whose words leave that to a form."""
    if error.code == "message_invalid":
        problems = cast("list[Any]", error.params.get("problems", []))
        return "".join(f" {each.path}: {problem_in(each.code, each.params, language)}" for each in problems)
    if error.code == "condition_invalid":
        return " " + ": ".join(
            str(error.params[name]) for name in ("at", "problem") if error.params.get(name)
        )
    if error.code == "policy_invalid":
        return _limits(error.params, language)
    return ""


def _limits(params: Mapping[str, Any], language: str) -> str:
    """Say what a threshold may be."""
    if "known" in params:
        known = ", ".join(params["known"])
        return f" One of: {known}" if language == "en" else f" 使える名前: {known}"
    if "least" in params:
        least, most = params["least"], params["most"]
        return f" {least}–{most}" if language == "en" else f" {least}〜{most}の数で指定してください。"
    return ""


def _setting(error: ValidationError, words: Words) -> str:
    told = "; ".join(
        f"{'.'.join(map(str, each['loc']))}={each['input']!s}: {each['msg']}" for each in error.errors()
    )
    return words(f"設定に誤りがあります（{told}）。", f"A setting is wrong ({told}).")


def _storage(error: Exception, words: Words) -> str:
    if is_full(error):
        return words(
            "ディスクに空きがありません。空きを作ってから、もう一度お試しください。",
            "The disk is full. Make room, then try again.",
        )
    # Of a statement only the driver's own words: its values may be somebody's.
    told = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    reason = told[0] if told else type(error).__name__
    if isinstance(error, OSError):
        return words(
            f"ファイルまたは通信の問題です: {reason}", f"A file or the network is in the way: {reason}"
        )
    return words(f"データベースの問題です: {reason}", f"The database is in the way: {reason}")
