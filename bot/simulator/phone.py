"""The phone in the browser: the list of people, one friend's chat, the account link dialog."""

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.simulator import bubble_view
from bot.simulator.answers import answer
from bot.simulator.control.people import person_named
from bot.simulator.errors import not_found
from bot.simulator.json_types import JsonObject
from bot.simulator.people import Person, Standing
from bot.simulator.platform import platform
from bot.simulator.tap_view import link
from bot.simulator.words import words

bp = Blueprint("phone", __name__)
_LISTED = 200
_POLICY = (
    "default-src 'self'; img-src 'self' https: data: http://127.0.0.1:* http://localhost:*; media-src https:;"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)


@bp.after_request
def protect(response: Response) -> Response:
    """No scripts or styles but our own, whatever a message says."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@bp.get("/")
def people() -> str:
    """Everyone, the newest first."""
    return _page("friends.html", people=platform().people.latest(_LISTED), counts=platform().people.counts())


@bp.post("/phone")
def add_friend() -> AnyResponse:
    """A new person adds the account."""
    name = request.form.get("name", "").strip()
    person = _new_person(name)
    platform().acts.follow(person)
    return redirect(_chat_of(person), 303)


@bp.post("/phone/link")
def open_link() -> AnyResponse:
    """Someone opens one of LINE's links: a prefilled chat, or adding the account."""
    chosen = request.form.get("user_id", "")
    person = person_named(chosen) if chosen else _new_person("")
    uri = request.form.get("link", "").strip()
    tap = link(uri)
    if tap.note == "ti/p":
        platform().acts.follow(person)
    return redirect(_chat_of(person, fill=tap.fill), 303)


@bp.get("/phone/<user_id>")
def chat(user_id: str) -> str:
    """One friend's chat."""
    person = person_named(user_id)
    fill = request.args.get("fill", "")
    return _page(
        "phone.html",
        person=person,
        people=platform().people.latest(30),
        account=platform().config,
        fill=fill,
        menu=_menu(person),
        **_bubbles(person, 0),
    )


@bp.get("/phone/<user_id>/updates")
def updates(user_id: str) -> Response:
    """What is new since ?after=no, as HTML to put in: {"bubbles", "last", "quick", "menu", "standing"}."""
    person = person_named(user_id)
    found = _bubbles(person, request.args.get("after", default=0, type=int))
    shown = {"person": person, "t": words(_language()), "account": platform().config}
    return answer({
        "bubbles": [
            {"key": view.key, "html": render_template("bubble.html", view=view, **shown)} for view in found["views"]
        ],
        "last": found["last"],
        "quick": render_template("quick.html", quick=found["quick"]),
        "menu": render_template("menu.html", menu=_menu(person), **shown),
        "standing": person.standing,
        "gone": [bubble.message_id for bubble in platform().conversations.of(person, limit=50) if bubble.unsent],
    })  # fmt: skip


@bp.get("/phone/menus/<menu_id>/image")
def menu_image(menu_id: str) -> Response:
    """A rich menu's image, as the app loads it."""
    picture = platform().menus.picture(menu_id)
    return Response(picture.content, content_type=picture.content_type)


@bp.get("/phone/<user_id>/pictures/<message_id>")
def picture(user_id: str, message_id: str) -> Response:
    """A picture the friend sent."""
    row = platform().state.row(
        "SELECT content FROM chat WHERE message_id = ? AND person = ?", (message_id, person_named(user_id).no)
    )
    if row is None or row["content"] is None:
        raise not_found()
    return Response(bytes(row["content"]), content_type="image/png")


@bp.get("/dialog/bot/accountLink")
def account_link() -> tuple[str, int]:
    """LINE's end of account linking; an expired or used token leads to no event."""
    nonce = request.args.get("nonce", "")
    now = platform()
    no = now.link_tokens.take(request.args.get("linkToken", ""), now.clock.now_ms())
    if no is None or not 10 <= len(nonce) <= 255:
        return _page("linked.html", done=False), 400
    now.acts.link_account(now.people.numbered(no), nonce)
    return _page("linked.html", done=True), 200


def _language() -> str:
    return "en" if request.args.get("lang") == "en" else "ja"


def _page(template: str, **content: object) -> str:
    language = _language()
    return render_template(template, t=words(language), lang=language, **content)


def _new_person(name: str) -> Person:
    names = [name] if name else []
    return platform().people.make(1, names, _language(), Standing.STRANGER)[0]


def _chat_of(person: Person, fill: str | None = None) -> str:
    query = {"fill": fill} if fill else {}
    if _language() == "en":
        query["lang"] = "en"
    return url_for("phone.chat", user_id=person.user_id) + (f"?{urlencode(query)}" if query else "")


def _bubbles(person: Person, after: int) -> JsonObject:
    found = platform().conversations.of(person, after, limit=200)
    newest = platform().conversations.of(person, limit=1)
    return {
        "views": [bubble_view.view_of(bubble) for bubble in found],
        "last": newest[-1].no if newest else 0,
        "quick": bubble_view.quick_replies(newest),
    }


def _menu(person: Person) -> JsonObject | None:
    menu = platform().menus.shown_to(person) if person.standing is Standing.FRIEND else None
    return None if menu is None else {**menu, "tap_areas": bubble_view.menu_areas(menu)}
