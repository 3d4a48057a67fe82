"""The menu: the places of the console in their sections, and which of them this page belongs to."""

from dataclasses import dataclass

from flask import current_app, request
from flask_babel import gettext as _
from flask_login import current_user

from bot.console.access import ALLOWED_ROLES, CurrentOperator


@dataclass(frozen=True)
class Place:
    """One page of the menu; pages of the blueprints named in `also` belong to it too."""

    endpoint: str
    label: str
    also: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether the page shown belongs to it."""
        return request.endpoint == self.endpoint or request.blueprint in (self._own, *self.also)

    @property
    def _own(self) -> str:
        return self.endpoint.partition(".")[0]


@dataclass(frozen=True)
class Section:
    """An entry of the menu's first line: the places behind it are its second."""

    label: str
    places: tuple[Place, ...]

    @property
    def endpoint(self) -> str:
        """Where a tap on the section leads: its first place."""
        return self.places[0].endpoint

    @property
    def active(self) -> bool:
        """Whether the page shown belongs to one of its places."""
        return any(place.active for place in self.places)


def menu() -> list[Section]:
    """Return what the one who is logged in may open."""
    operator: CurrentOperator = current_user
    till = Place("till.show", _("レジ"))
    if not operator.can_read:
        return [Section(till.label, (till,))] if operator.can_serve else []
    sections = [
        Section(_("ホーム"), (Place("home.show", _("ホーム"), ("first_steps",)),)),
        Section(
            _("友だち"),
            (
                Place("friends.index", _("友だち一覧"), ("taggings", "friend_acts", "merging", "sent")),
                Place("segments.index", _("セグメント"), ("segment_files", "segment_versions")),
                Place("tags.index", _("タグ")),
            ),
        ),
        Section(_("受信箱"), _inbox()),
        Section(_("配信"), _sending()),
        Section(_("商品と購入"), (*_goods(), *([till] if operator.can_serve else []))),
        Section(
            _("レポート"),
            (
                Place("reports.index", _("レポート")),
                Place("targets.index", _("数字の目標")),
                Place("reviews.index", _("ふりかえり")),
            ),
        ),
        Section(_("設定"), _settings()),
    ]
    return [kept for section in sections if (kept := _allowed(section)).places]


def _inbox() -> tuple[Place, ...]:
    return (
        Place("inbox.index", _("トーク"), ("inbox_acts", "saved_replies")),
        Place("questions.index", _("質問"), ("complaints",)),
        Place("parked.index", _("保留中の通知")),
    )


def _sending() -> tuple[Place, ...]:
    return (
        Place(
            "broadcasts.index",
            _("一斉配信"),
            ("watching", "approving", "leaving", "results", "unsent", "stuck", "uncertain"),
        ),
        Place(
            "scenarios.index",
            _("シナリオ"),
            (
                "steps",
                "scenario",
                "scenario_steps",
                "step_moves",
                "scenario_people",
                "scenario_try",
                "scenario_asking",
            ),
        ),
        Place("messages.index", _("メッセージ"), ("message_tools",)),
        Place("pictures.index", _("画像一覧")),
        Place("calendar.show", _("予定表")),
        Place("coupons.index", _("クーポン")),
        Place("rich_menus.index", _("リッチメニュー"), ("rich_menu_publishing",)),
        Place("stopping.show", _("緊急停止")),
    )


def _goods() -> tuple[Place, ...]:
    return (
        Place("products.index", _("商品")),
        Place("imports.index", _("取り込み")),
        Place("sales.index", _("購入の分析")),
        Place("points.show", _("ポイント")),
    )


def _settings() -> tuple[Place, ...]:
    return (
        Place("settings.show", _("お店")),
        Place("connection.show", _("LINE連携")),
        Place("money.show", _("通数と料金")),
        Place("sending_rules.show", _("配信の決まり"), ("sending_policies", "sending_settings")),
        Place("policies.index", _("ステージの基準")),
        Place("staff.index", _("スタッフ")),
        Place("api_keys.index", _("APIキー")),
        Place("audit.index", _("操作の記録")),
        Place("data.show", _("データ"), ("erasing",)),
    )


def _allowed(section: Section) -> Section:
    return Section(section.label, tuple(place for place in section.places if _may_open(place.endpoint)))


def _may_open(endpoint: str) -> bool:
    """Tell whether its view is open to who is logged in."""
    return current_user.role in getattr(current_app.view_functions[endpoint], ALLOWED_ROLES, ())
