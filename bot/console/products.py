"""Products: the list with what was sold, adding and changing one, taking it off sale, categories."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import picture_fields, product_form, products_views, sheets
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.products_views import Wanted
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain
from segments import product_categories
from segments import products as goods
from segments.errors import KokyakuError
from segments.models import Product
from segments.products import NewProduct

blueprint = Blueprint("products", __name__, url_prefix="/console/products")

STATUSES = ("on", "off", "all")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show the products."""
    wanted = _wanted()
    with current_services().database.reading() as session:
        page = products_views.page(session, wanted)
        categories = products_views.category_names(session)
    return render_template(
        "console/products.html",
        page=page,
        wanted=wanted,
        categories=categories,
        kinds=product_form.KINDS,
        language=current_language(),
    )


def _wanted() -> Wanted:
    status = request.args.get("status", "on")
    return Wanted(
        words=request.args.get("q", "").strip()[:100],
        category=request.args.get("category", "")[:64],
        status=status if status in STATUSES else "on",
        after=request.args.get("after", "")[:64],
    )


@blueprint.get("/products.csv")
@requires(*READERS)
def file() -> ResponseReturnValue:
    """Hand out all products, in the shape in which they can be imported again."""
    services = current_services()

    def rows() -> Any:
        with services.database.reading() as session:
            yield from products_views.everything(session)

    header = ("商品コード", "商品名", "英語名", "カテゴリ", "価格", "種別", "画像URL", "商品ページ", "販売中")
    more = ("定着回数", "上位版の元商品", "定期購入日数")
    return sheets.csv_response("kokyaku-products", (*header, *more), rows())


@blueprint.get("/new")
@requires(*SENDERS)
def new() -> ResponseReturnValue:
    """Show the empty form."""
    return _form(Typed({"kind": "regular", "category": request.args.get("category", "")}))


@blueprint.post("/new")
@requires(*SENDERS)
def create() -> ResponseReturnValue:
    """Add a product."""
    typed, choosing = _typed()
    if "do" in request.form:
        return _form(typed, choosing=choosing)
    product = product_form.read(typed)
    with current_services().database.begin() as session:
        if product.code and goods.by_code(session, product.code) is not None:
            typed.add("code", _("この商品コードはすでに登録されています。"))
        if not typed.errors:
            _put(session, product, typed, "product_added")
    if typed.errors:
        return _form(typed)
    flash(_("「%(name)s」を登録しました。", name=product.name), "success")
    return redirect(url_for("products.index"))


@blueprint.get("/<int:product_id>")
@requires(*READERS)
def edit(product_id: int) -> ResponseReturnValue:
    """Show one product, to be changed by who may."""
    with current_services().database.reading() as session:
        found = products_views.details(session, product_id) or abort(404)
        return _form(Typed(product_form.of_product(found.product, found.upgrade_of)), found)


@blueprint.post("/<int:product_id>")
@requires(*SENDERS)
def save(product_id: int) -> ResponseReturnValue:
    """Change a product."""
    typed, choosing = _typed()
    with current_services().database.begin() as session:
        found = products_views.details(session, product_id) or abort(404)
        product = product_form.read(typed, found.product.code)
        if not typed.errors and "do" not in request.form:
            _put(session, product, typed, "product_changed")
    if typed.errors or "do" in request.form:  # what is refused has changed nothing
        with current_services().database.reading() as session:
            return _form(typed, products_views.details(session, product_id), choosing)
    flash(_("「%(name)s」を保存しました。", name=product.name), "success")
    return redirect(url_for("products.edit", product_id=product_id))


# Asked for by bot.security.
for _view in (create, save):
    _view.takes_upload = picture_fields.REQUEST_MOST  # pyright: ignore[reportFunctionMemberAccess]


def _typed() -> tuple[Typed, str]:
    """Return what was typed, with the picture that came along kept already, and the field that is choosing one."""
    services, values = current_services(), request.form.to_dict()
    typed = Typed(values)
    fields = picture_fields.Fields(values, typed.add)
    picture_fields.take_all(services, fields, request.files, current_operator().actor)
    with services.database.reading() as session:
        choosing = picture_fields.act(session, fields, values.get("do", ""))
    return typed, choosing


def _put(session: Session, product: NewProduct, typed: Typed, action: str) -> None:
    now = current_services().clock.now()
    try:
        goods.put(session, product, now)
    except KokyakuError as refused:
        product_form.refuse(typed, refused)
        return
    operators.note(session, current_operator().actor, action, product.code, now, yen=product.price_yen)


def _form(
    typed: Typed, found: products_views.Details | None = None, choosing: str = ""
) -> ResponseReturnValue:
    services = current_services()
    with services.database.reading() as session:
        categories = products_views.category_names(session)
        of_pictures = picture_fields.on_page(session, typed.values, services.settings, choosing)
    page = render_template(
        "console/product.html",
        form=typed,
        found=found,
        categories=categories,
        kinds=product_form.KINDS,
        language=current_language(),
        **of_pictures,
    )
    return page, 422 if typed.errors else 200


@blueprint.post("/<int:product_id>/sale")
@requires(*SENDERS)
def sale(product_id: int) -> ResponseReturnValue:
    """Take a product off sale, or put it on sale again."""
    services, by = current_services(), current_operator().actor
    on_sale, now = bool(request.form.get("on_sale")), services.clock.now()
    with services.database.begin() as session:
        product = session.get(Product, product_id) or abort(404)
        goods.put(session, NewProduct(product.code, available=on_sale), now)
        operators.note(session, by, "product_on_sale" if on_sale else "product_off_sale", product.code, now)
        name = product.name
    if on_sale:
        flash(_("「%(name)s」の販売を再開しました。", name=name), "success")
    else:
        flash(_("「%(name)s」を販売終了にしました。いつでも再開できます。", name=name), "success")
    return redirect(url_for("products.edit", product_id=product_id))


@blueprint.get("/categories")
@requires(*READERS)
def categories() -> ResponseReturnValue:
    """Show the categories."""
    with current_services().database.reading() as session:
        found = product_categories.all_of(session)
    return render_template("console/product_categories.html", categories=found)


@blueprint.get("/categories/rename")
@requires(*SENDERS)
def ask_rename() -> ResponseReturnValue:
    """Say what renaming a category does."""
    return _rename_page(request.args.get("name", ""), request.args.get("new", ""))


@blueprint.post("/categories/rename")
@requires(*SENDERS)
def rename() -> ResponseReturnValue:
    """Rename a category."""
    services, by = current_services(), current_operator().actor
    old, new_name, now = request.form.get("name", ""), request.form.get("new", ""), services.clock.now()
    try:
        with services.database.begin() as session:
            count = product_categories.rename(session, old, new_name, now)
            operators.note(session, by, "category_renamed", old, now, new=new_name.strip(), products=count)
    except KokyakuError as refused:
        return _rename_page(old, new_name, explain(refused))
    flash(_("カテゴリ「%(old)s」を「%(new)s」に変えました。", old=old, new=new_name.strip()), "success")
    return redirect(url_for("products.categories"))


def _rename_page(name: str, typed: str, error: str = "") -> ResponseReturnValue:
    with current_services().database.reading() as session:
        found = {each.name: each for each in product_categories.all_of(session)}
        naming = products_views.naming(session, name) if name in found else []
    if name not in found:
        abort(404)
    page = render_template(
        "console/product_category.html",
        category=found[name],
        others=sorted(found.keys() - {name}),
        naming=naming,
        typed=typed,
        error=error,
    )
    return page, 422 if error else 200
