"""Reads the form of a rich menu, and what its choices are called."""

from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.i18n import N_, current_language
from bot.line import menu_targets
from bot.line.handlers.asked import Action
from bot.line.menu_areas import Area, Does
from bot.line.menu_designs import Draft
from bot.line.menu_layouts import AREAS_MOST, LAYOUTS
from bot.line.menu_picture import PALETTES
from segments.ladder_rules import LadderName
from segments.ladder_words import rung_name
from segments.models import Tag
from segments.stages import Stage

LAYOUT_NAMES = {
    "large6": N_("大きい・6分割"),
    "large4": N_("大きい・4分割"),
    "large3": N_("大きい・上1つ下2つ"),
    "large2": N_("大きい・上下2つ"),
    "compact3": N_("小さい・横に3つ"),
    "compact2": N_("小さい・横に2つ"),
    "compact1": N_("小さい・1つ"),
}
PALETTE_NAMES = {
    "green": N_("緑"),
    "navy": N_("紺"),
    "brown": N_("茶"),
    "wine": N_("えんじ"),
    "cream": N_("クリーム"),
    "white": N_("白"),
    "black": N_("黒と金"),
}
ICON_NAMES = {
    "gift": N_("プレゼント"),
    "ticket": N_("チケット"),
    "bag": N_("買い物袋"),
    "people": N_("人"),
    "chat": N_("吹き出し"),
    "gear": N_("歯車"),
    "star": N_("星"),
    "clock": N_("時計"),
    "phone": N_("スマートフォン"),
    "pin": N_("地図のピン"),
    "calendar": N_("カレンダー"),
    "heart": N_("ハート"),
    "home": N_("家"),
    "card": N_("カード"),
    "question": N_("はてな"),
    "camera": N_("カメラ"),
    "crown": N_("王冠"),
    "none": N_("なし"),
}
FUNCTION_NAMES = {
    Action.COUPONS: N_("クーポンを見せる"),
    Action.POINTS: N_("ポイントを見せる"),
    Action.CLAIM: N_("無料プレゼントを渡す"),
    Action.STAFF: N_("スタッフに相談"),
    Action.REFERRAL: N_("紹介コードを見せる"),
    Action.ENTER_REFERRAL: N_("紹介コードの入力を受け付ける"),
    Action.LINK_MEMBER: N_("レジのコードで会員番号をつなぐ"),
    Action.BOUGHT: N_("「買いました」を受け付ける"),
    Action.HOW_TO_BUY: N_("買い方を案内する"),
    Action.HOURS: N_("営業時間を案内する"),
    Action.SETTINGS: N_("配信設定を開く"),
    Action.MENU: N_("できることを案内する"),
}
DOES_NAMES = {
    Does.FUNCTION: N_("ボットの機能"),
    Does.URL: N_("ページを開く"),
    Does.TEXT: N_("友だちの言葉として送る"),
}
STARTS = (
    ("クーポン", "ticket", Action.COUPONS),
    ("ポイント", "star", Action.POINTS),
    ("スタッフに相談", "chat", Action.STAFF),
    ("プレゼント", "gift", Action.CLAIM),
    ("友だちに紹介", "people", Action.REFERRAL),
    ("配信設定", "gear", Action.SETTINGS),
)
"""What a new menu has in its areas."""


def read(form: Mapping[str, str]) -> Draft:
    """Return what stands in the form; whatever is wrong with it is for `menu_designs.problems`."""
    layout = form.get("layout", "")
    count = len(LAYOUTS[layout].cells) if layout in LAYOUTS else 0
    return Draft(
        name=form.get("name", "").strip(),
        layout=layout,
        palette=form.get("palette", ""),
        chat_bar_text=form.get("chat_bar_text", "").strip(),
        opens=bool(form.get("opens")),
        areas=tuple(_area(form, number) for number in range(count)),
    )


def _area(form: Mapping[str, str], number: int) -> Area:
    def field(name: str) -> str:
        return form.get(f"areas-{number}-{name}", "").strip()

    does = field("does")
    value = field(does) if does in set(Does) else ""
    return Area(field("label"), field("icon"), does, value)


def values(draft: Draft) -> dict[str, str]:
    """Return a draft as the form's fields; areas beyond its layout hold what a new menu has there."""
    given = {"name": draft.name, "layout": draft.layout, "palette": draft.palette}
    given |= {"chat_bar_text": draft.chat_bar_text, "opens": "1" if draft.opens else ""}
    for number in range(AREAS_MOST):
        known = draft.areas[number] if number < len(draft.areas) else _start(number)
        named = {"label": known.label, "icon": known.icon, "does": known.does, known.does: known.value}
        given |= {f"areas-{number}-{name}": value for name, value in named.items() if name}
    return given


def new_draft() -> Draft:
    """Return what a new menu begins with."""
    areas = tuple(_start(number) for number in range(AREAS_MOST))
    return Draft(
        _("新しいメニュー"), next(iter(LAYOUTS)), next(iter(PALETTES)), _("メニュー"), opens=True, areas=areas
    )


def _start(number: int) -> Area:
    label, icon, action = STARTS[number % len(STARTS)]
    return Area(label, icon, Does.FUNCTION, action.value)


def targets(session: Session) -> dict[str, str]:
    """Return for whom a menu can be, with the words for each: everybody, a rung, a tag."""
    named = {menu_targets.DEFAULT: _("みんな（ほかのメニューがない友だち全員）")}
    for stage in Stage:
        rung = rung_name(LadderName.PYRAMID, stage.value, current_language())
        named[menu_targets.STAGE + stage.value] = _("ステージが「%(name)s」の友だち", name=rung)
    for tag in session.query(Tag).order_by(Tag.name).limit(200):
        named[f"{menu_targets.TAG}{tag.id}"] = _(
            "タグ「%(name)s」の友だち（ステージより優先）", name=tag.name
        )
    return named
