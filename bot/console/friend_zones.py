"""The zones a friend may live in: those a list offers, and what each is called."""

from datetime import datetime

from flask_babel import gettext as _

from bot import formats
from bot.i18n import N_, current_language
from segments import zone_names
from segments.shop import Shop

OFFERED = {
    "Asia/Tokyo": N_("日本"),
    "Asia/Seoul": N_("韓国"),
    "Asia/Taipei": N_("台湾"),
    "Asia/Hong_Kong": N_("香港"),
    "Asia/Shanghai": N_("中国"),
    "Asia/Manila": N_("フィリピン"),
    "Asia/Singapore": N_("シンガポール"),
    "Asia/Kuala_Lumpur": N_("マレーシア"),
    "Asia/Bangkok": N_("タイ"),
    "Asia/Ho_Chi_Minh": N_("ベトナム"),
    "Asia/Jakarta": N_("インドネシア（ジャカルタ）"),
    "Asia/Kolkata": N_("インド"),
    "Asia/Dubai": N_("アラブ首長国連邦（ドバイ）"),
    "Australia/Sydney": N_("オーストラリア（シドニー）"),
    "Australia/Perth": N_("オーストラリア（パース）"),
    "Pacific/Auckland": N_("ニュージーランド"),
    "Pacific/Guam": N_("グアム"),
    "Pacific/Honolulu": N_("ハワイ"),
    "America/Los_Angeles": N_("アメリカ西部（ロサンゼルス）"),
    "America/Chicago": N_("アメリカ中部（シカゴ）"),
    "America/New_York": N_("アメリカ東部（ニューヨーク）"),
    "America/Vancouver": N_("カナダ西部（バンクーバー）"),
    "America/Toronto": N_("カナダ東部（トロント）"),
    "America/Sao_Paulo": N_("ブラジル（サンパウロ）"),
    "Europe/London": N_("イギリス"),
    "Europe/Paris": N_("フランス"),
    "Europe/Berlin": N_("ドイツ"),
    "Europe/Rome": N_("イタリア"),
    "UTC": N_("協定世界時"),
}


def options(shop: Shop, *others: str) -> list[tuple[str, str]]:
    """Return the values of a list with what each is called; `others` stand there or were typed, and stay choosable."""
    further = [name for name in dict.fromkeys(others) if name and name not in OFFERED]
    same = _("お店と同じ（%(zone)s）", zone=called(shop.timezone))
    return [("", same), *((name, called(name)) for name in (*further, *OFFERED))]


def called(name: str) -> str:
    """Return what a zone is called; one that does not exist is said not to."""
    if name in OFFERED:
        return f"{_(OFFERED[name])} {name}"
    return name if zone_names.find(name) else _("%(zone)s（このタイムゾーンはありません）", zone=name)


def apart(name: str | None, shop: Shop, now: datetime) -> tuple[str, str] | None:
    """Return what a friend's own zone is called and what its clock shows; None where the friend goes by the shop's.

    Nothing is shown of the clock of a zone that does not exist: the shop's holds then.
    """
    zone = zone_names.find(name) if name else None
    if not name or zone == shop.zone:
        return None
    return called(name), formats.moment(now, zone, current_language()) if zone else ""
