"""Pages for what went wrong: in the reader's language, without a word of the inside."""

import structlog
from flask import Flask, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from bot.api.errors import http_error
from bot.console import kept_form
from bot.console.kept_form import ask_to_log_in
from bot.security import safe_next
from bot.words import explain
from segments.errors import NotFound

log = structlog.get_logger(__name__)


def register(app: Flask) -> None:
    """Answer errors of every page; the API answers its own in JSON."""
    app.register_error_handler(CSRFError, _form_outlived_its_session)
    app.register_error_handler(HTTPException, _show)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(Exception, _broken)


def _form_outlived_its_session(error: CSRFError) -> ResponseReturnValue:
    """Ask to log in, or to send once more, with everything that was typed."""
    target = safe_next(request.path)
    if request.endpoint == "auth.log_in":
        again = _("画面の有効期限が切れました。もう一度ログインしてください。")
        kept, next_page = kept_form.read(request.form.get("kept")), safe_next(request.form.get("next"))
        return kept_form.login_page(next_page=next_page, kept=kept, status=400, error=again)
    if target and not current_user.is_authenticated:
        return ask_to_log_in()
    kept = kept_form.fields_of_request()
    return kept_form.resume_page(target, kept, 400) if target and kept else _page(400)


def _show(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if request.path.startswith("/api/"):
        return http_error(error)
    return _page(error.code)


def _not_found(error: NotFound) -> ResponseReturnValue:
    return _page(404, explain(error))


def _broken(error: Exception) -> ResponseReturnValue:
    log.error("request_failed", path=request.path, endpoint=request.endpoint, exc_info=error)
    return _page(500)


def _page(status: int, said: str = "") -> Response:
    title, advice = _titles().get(status, _titles()[400])
    return make_response(
        render_template("public/error.html", status=status, title=title, advice=said or advice), status
    )


def _titles() -> dict[int, tuple[str, str]]:
    return {
        400: (
            _("送信内容を確認できませんでした"),
            _("お手数ですが、前の画面に戻ってもう一度お試しください。"),
        ),
        403: (_("この操作の権限がありません"), _("必要な場合は、オーナーにご相談ください。")),
        404: (
            _("ページが見つかりません"),
            _("アドレスをご確認ください。移動または削除された可能性があります。"),
        ),
        405: (_("この方法では開けません"), _("お手数ですが、メニューから開き直してください。")),
        413: (_("送信された内容が大きすぎます"), _("ファイルを小さく分けて、もう一度お試しください。")),
        429: (_("操作が続いています"), _("少し時間をおいて、もう一度お試しください。")),
        500: (
            _("申し訳ありません。エラーが発生しました"),
            _("内容は記録されました。時間をおいて、もう一度お試しください。"),
        ),
    }
