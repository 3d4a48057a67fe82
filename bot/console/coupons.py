"""Coupons: what each kind gives and for how long, how many were used, giving them to a segment, stopping one."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import coupons_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain
from scheduler.jobs import Job
from segments import codes, coupon_giving, coupons
from segments.conditions import parse
from segments.coupons import CouponTerms
from segments.errors import KokyakuError

blueprint = Blueprint("coupons", __name__, url_prefix="/console/coupons")

MOST_YEN = 1_000_000
MOST_DAYS = 3650
TITLE = 64
FIELDS = ("title", "title_en", "discount_yen", "valid_days")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show every kind of coupon."""
    services = current_services()
    with services.database.reading() as session:
        rows = coupons_views.kinds(session, services.clock.now())
    return render_template("console/coupons.html", rows=rows, language=current_language())


@blueprint.get("/new")
@requires(*SENDERS)
def new() -> ResponseReturnValue:
    """Show the form of a new kind."""
    return _new({"valid_days": "30"}, {})


@blueprint.post("/new")
@requires(*SENDERS)
def create() -> ResponseReturnValue:
    """Make a new kind of coupon."""
    services, by = current_services(), current_operator().actor
    typed = _typed()
    now, errors = services.clock.now(), _mistakes(typed)
    if errors:
        return _new(typed, errors)
    key = f"own-{codes.new_code().lower()}"
    with services.database.begin() as session:
        coupons.define(session, key, _terms(typed), now)
        operators.note(session, by, "coupon_made", key, now, title=typed["title"])
    flash(_("クーポン「%(title)s」を作りました。", title=typed["title"]), "success")
    return redirect(url_for("coupons.edit", key=key))


def _new(typed: dict[str, str], errors: dict[str, str]) -> ResponseReturnValue:
    page = render_template(
        "console/coupon.html", row=None, typed=typed, errors=errors, most_yen=MOST_YEN, most_days=MOST_DAYS
    )
    return page, 422 if errors else 200


@blueprint.get("/<key>")
@requires(*READERS)
def edit(key: str) -> ResponseReturnValue:
    """Show one kind."""
    return _page(key)


@blueprint.post("/<key>")
@requires(*SENDERS)
def save(key: str) -> ResponseReturnValue:
    """Change the terms of one kind."""
    services, by = current_services(), current_operator().actor
    typed = _typed()
    now, errors = services.clock.now(), _mistakes(typed)
    with services.database.reading() as session:
        coupons_views.kind(session, key)
    if errors:
        return _page(key, typed, errors)
    terms = _terms(typed)
    with services.database.begin() as session:
        coupons.define(session, key, terms, now)
        operators.note(session, by, "coupon_changed", key, now, yen=terms.discount_yen, days=terms.valid_days)
    flash(_("クーポンを保存しました。"), "success")
    return redirect(url_for("coupons.edit", key=key))


@blueprint.post("/<key>/stop")
@requires(*SENDERS)
def stop(key: str) -> ResponseReturnValue:
    """Give the coupon to nobody any more, or again; those given stay good."""
    services, by = current_services(), current_operator().actor
    now, stops = services.clock.now(), not request.form.get("again")
    with services.database.begin() as session:
        coupons.of_key(session, key, now).stopped_at = now if stops else None
        operators.note(session, by, "coupon_stopped" if stops else "coupon_resumed", key, now)
    if stops:
        flash(_("お渡しを止めました。すでにお渡ししたものは、期限まで使えます。"), "success")
    else:
        flash(_("お渡しを再開しました。"), "success")
    return redirect(url_for("coupons.edit", key=key))


@blueprint.get("/<key>/give")
@requires(*SENDERS)
def ask_give(key: str) -> ResponseReturnValue:
    """Say how many friends would get the coupon."""
    services = current_services()
    segment_id = request.args.get("segment", type=int) or 0
    now = services.clock.now()
    try:
        with services.database.reading() as session:
            row = coupons_views.one(session, key, now)
            segment, count = coupons_views.size(session, segment_id, now)
    except KokyakuError as refused:
        if refused.code == "coupon_unknown":
            raise
        flash(explain(refused), "danger")
        return redirect(url_for("coupons.edit", key=key))
    return render_template(
        "console/coupon_give.html", row=row, segment=segment, count=count, language=current_language()
    )


@blueprint.post("/<key>/give")
@requires(*SENDERS)
def give(key: str) -> ResponseReturnValue:
    """Give everybody who is in the segment now the coupon, as a job."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            segment, _count = coupons_views.size(session, request.form.get("segment", 0, type=int), now)
            frozen = coupon_giving.ask(session, key, parse(segment.condition), now)
            services.queue.enqueue(session, Job.GIVE_COUPONS, f"give:{frozen.id}", key, frozen.id)
            details: dict[str, Any] = {"audience": frozen.id, "people": frozen.size}
            details |= {"segment": segment.name, "segment_id": segment.id}
            operators.note(session, by, coupons_views.GIVEN, key, now, **details)
    except KokyakuError as refused:
        flash(explain(refused), "danger")
        return redirect(url_for("coupons.edit", key=key))
    flash(_("%(people)s人にお渡ししています。", people=f"{frozen.size:,}"), "success")
    return redirect(url_for("coupons.edit", key=key))


@blueprint.get("/<key>/progress")
@requires(*READERS)
def progress(key: str) -> ResponseReturnValue:
    """Tell the page how many have the coupon that was given last."""
    with current_services().database.reading() as session:
        last = next(iter(coupons_views.givings(session, key)), None)
    done, total = (last.given, last.wanted) if last else (0, 0)
    return jsonify(live=done < total, phase="recording", done=done, total=total)


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in FIELDS}


def _terms(typed: dict[str, str]) -> CouponTerms:
    return CouponTerms(
        typed["title"], typed["title_en"], int(typed["discount_yen"]), int(typed["valid_days"])
    )


def _mistakes(typed: dict[str, str]) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not typed["title"]:
        errors["title"] = _("クーポンの名前を入力してください。")
    for name in ("title", "title_en"):
        if len(typed[name]) > TITLE:
            errors[name] = _("%(limit)s文字以内で入力してください。", limit=TITLE)
    for name, most in (("discount_yen", MOST_YEN), ("valid_days", MOST_DAYS)):
        text = typed[name]
        if not (text.isascii() and text.isdecimal() and len(text) < 8 and 1 <= int(text) <= most):
            errors[name] = _("1から%(most)sまでの数字で入力してください。", most=f"{most:,}")
    return errors


def _page(
    key: str, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        row = coupons_views.one(session, key, now)
        shown = {
            "scenarios": coupons_views.scenarios_giving(session, key),
            "segments": coupons_views.segments(session),
            "givings": coupons_views.givings(session, key),
        }
    stored = {
        "title": row.terms.title,
        "title_en": row.terms.title_en,
        "discount_yen": str(row.terms.discount_yen),
        "valid_days": str(row.terms.valid_days),
    }
    page = render_template(
        "console/coupon.html",
        row=row,
        typed=typed or stored,
        errors=errors or {},
        most_yen=MOST_YEN,
        most_days=MOST_DAYS,
        language=current_language(),
        **shown,
    )
    return page, 422 if errors else 200
