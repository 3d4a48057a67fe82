"""Rich menus: create, picture, default, list, delete, aliases."""

from flask import Blueprint, Response, request

from bot.simulator.answers import answer, request_body
from bot.simulator.errors import LineError
from bot.simulator.platform import platform
from bot.simulator.rich_menus import Picture
from bot.simulator.validation.bodies import rich_menu_of

bp = Blueprint("menus", __name__)


@bp.post("/v2/bot/richmenu", endpoint="richmenu_create")
def create() -> Response:
    """Make a rich menu; its image comes after."""
    return answer({"richMenuId": platform().menus.create(rich_menu_of(request_body()))})


@bp.post("/v2/bot/richmenu/validate", endpoint="richmenu_validate")
def validate() -> Response:
    """Check a rich menu object."""
    rich_menu_of(request_body())
    return answer()


@bp.get("/v2/bot/richmenu/list", endpoint="richmenu_list")
def every() -> Response:
    """All rich menus."""
    return answer({"richmenus": platform().menus.every()})


@bp.get("/v2/bot/richmenu/<menu_id>", endpoint="richmenu_get")
def get(menu_id: str) -> Response:
    """One rich menu."""
    return answer(platform().menus.get(menu_id))


@bp.delete("/v2/bot/richmenu/<menu_id>", endpoint="richmenu_delete")
def delete(menu_id: str) -> Response:
    """Delete a rich menu."""
    platform().menus.delete(menu_id)
    return answer()


@bp.post("/v2/bot/richmenu/<menu_id>/content", endpoint="richmenu_image_put")
def put_image(menu_id: str) -> Response:
    """Upload the image, once."""
    platform().menus.put_picture(menu_id, Picture(request.get_data(), request.mimetype))
    return answer()


@bp.get("/v2/bot/richmenu/<menu_id>/content", endpoint="richmenu_image_get")
def get_image(menu_id: str) -> Response:
    """Download the image."""
    picture = platform().menus.picture(menu_id)
    return Response(picture.content, content_type=picture.content_type)


@bp.post("/v2/bot/user/all/richmenu/<menu_id>", endpoint="richmenu_default_set")
def set_default(menu_id: str) -> Response:
    """Show it to everyone without one of their own."""
    platform().menus.make_default(menu_id)
    return answer()


@bp.get("/v2/bot/user/all/richmenu", endpoint="richmenu_default_get")
def get_default() -> Response:
    """The default's id."""
    menu_id = platform().channel.default_menu()
    if menu_id is None:
        raise LineError(404, "no default richmenu")
    return answer({"richMenuId": menu_id})


@bp.delete("/v2/bot/user/all/richmenu", endpoint="richmenu_default_cancel")
def cancel_default() -> Response:
    """Show no default any more."""
    platform().channel.set_default_menu(None)
    return answer()


@bp.post("/v2/bot/richmenu/alias", endpoint="alias_create")
def alias_create() -> Response:
    """Name a rich menu."""
    body = request_body()
    platform().aliases.create(body.get("richMenuAliasId"), body.get("richMenuId"))
    return answer()


@bp.get("/v2/bot/richmenu/alias/list", endpoint="alias_list")
def alias_list() -> Response:
    """All names."""
    return answer({"aliases": platform().aliases.every()})


@bp.get("/v2/bot/richmenu/alias/<alias>", endpoint="alias_get")
def alias_get(alias: str) -> Response:
    """One name."""
    return answer(platform().aliases.get(alias))


@bp.post("/v2/bot/richmenu/alias/<alias>", endpoint="alias_update")
def alias_update(alias: str) -> Response:
    """Let a name stand for another rich menu."""
    platform().aliases.update(alias, request_body().get("richMenuId"))
    return answer()


@bp.delete("/v2/bot/richmenu/alias/<alias>", endpoint="alias_delete")
def alias_delete(alias: str) -> Response:
    """Forget a name."""
    platform().aliases.delete(alias)
    return answer()
