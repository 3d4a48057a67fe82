"""The kinds of bubbles that a message is made of, each with its fields."""

from bot.console.bubble_fields import URL_LIMIT, Field, Group, Kind, Slot, Widget
from bot.i18n import N_
from scheduler.line_limits import OTHER_ALT_TEXT, TEXT, TITLE

ALT = Field("alt", N_("通知とトーク一覧に出る文（空欄なら見出し）"), OTHER_ALT_TEXT, spoken=True)

COLOURS = (
    ("#0B6B4F", N_("緑")),
    ("#B3261E", N_("赤")),
    ("#1D4E89", N_("青")),
    ("#9A5B00", N_("橙")),
    ("#333333", N_("黒")),
)

COLOUR = Field("color", N_("色"), widget=Widget.CHOICE, choices=COLOURS)


def _picture(label: str = N_("画像（任意）")) -> Field:
    return Field("image", label, URL_LIMIT, widget=Widget.PICTURE)


def _slots(count: int, least: int = 0) -> tuple[Slot, ...]:
    return tuple(Slot(f"a{place}", N_("ボタン"), place >= least) for place in range(count))


KINDS = (
    Kind("text", N_("文章"), (Field("text", N_("本文"), TEXT, spoken=True, widget=Widget.AREA),)),
    Kind(
        "product",
        N_("商品カード"),
        (
            _picture(),
            Field("title", N_("商品名"), 200, spoken=True),
            Field("price", N_("価格（任意）"), 60, spoken=True),
            Field("text", N_("説明（任意）"), 500, spoken=True, widget=Widget.AREA),
            COLOUR,
            ALT,
        ),
        _slots(2),
    ),
    Kind(
        "coupon",
        N_("クーポンカード"),
        (
            Field("title", N_("クーポンの名前"), 100, spoken=True),
            Field("offer", N_("大きく出す特典（例: 500円引き）"), 40, spoken=True),
            Field("code", N_("コード（任意）"), 40, spoken=True),
            Field("until", N_("期限（任意）"), 100, spoken=True),
            Field("text", N_("使い方（任意）"), 500, spoken=True, widget=Widget.AREA),
            COLOUR,
            ALT,
        ),
        _slots(1),
    ),
    Kind(
        "notice",
        N_("お知らせカード"),
        (
            _picture(),
            Field("title", N_("見出し"), 100, spoken=True),
            Field("text", N_("本文"), 1000, spoken=True, widget=Widget.AREA),
            COLOUR,
            ALT,
        ),
        _slots(2),
    ),
    Kind(
        "receipt",
        N_("明細カード"),
        (
            Field("title", N_("見出し（例: ご購入の明細）"), 100, spoken=True),
            Field("total_label", N_("合計の名前（例: 合計）"), 40, spoken=True),
            Field("total", N_("合計の金額"), 40, spoken=True),
            Field("text", N_("ひとこと（任意）"), 500, spoken=True, widget=Widget.AREA),
            COLOUR,
            ALT,
        ),
        _slots(1),
        Group(
            "lines",
            N_("明細の行"),
            (
                Field("item", N_("品名"), 100, spoken=True),
                Field("amount", N_("金額"), 40, spoken=True),
            ),
            most=15,
        ),
    ),
    Kind(
        "image",
        N_("画像"),
        (_picture(N_("画像")),),
    ),
    Kind(
        "buttons",
        N_("ボタンつき文章"),
        (
            _picture(),
            Field("title", N_("見出し（任意）"), TITLE, spoken=True),
            Field(
                "text",
                N_("本文"),
                160,
                spoken=True,
                widget=Widget.AREA,
                hint=N_("見出しか画像があるときは60文字まで"),
            ),
            ALT,
        ),
        _slots(4, 1),
    ),
    Kind(
        "confirm",
        N_("二択の質問"),
        (Field("text", N_("本文"), 240, spoken=True, widget=Widget.AREA), ALT),
        _slots(2, 2),
    ),
    Kind(
        "carousel",
        N_("横に並ぶカード"),
        (ALT,),
        group=Group(
            "cards",
            N_("カード"),
            (
                _picture(),
                Field("title", N_("見出し（任意）"), TITLE, spoken=True),
                Field(
                    "text",
                    N_("本文"),
                    120,
                    spoken=True,
                    widget=Widget.AREA,
                    hint=N_("見出しか画像があるときは60文字まで"),
                ),
            ),
            _slots(3, 1),
        ),
    ),
    Kind(
        "video",
        N_("動画"),
        (
            Field(
                "video",
                N_("動画"),
                URL_LIMIT,
                widget=Widget.URL,
                hint=N_("https:// で始まる動画のアドレス（MP4）"),
            ),
            _picture(N_("再生前に見せる画像")),
        ),
    ),
    Kind(
        "sticker",
        N_("スタンプ"),
        (
            Field("package", N_("パッケージID"), 20, hint=N_("LINEが公開している一覧の番号")),
            Field("sticker", N_("スタンプID"), 20),
        ),
    ),
    Kind(
        "location",
        N_("地図"),
        (
            Field("title", N_("名前"), 100, spoken=True),
            Field("address", N_("住所"), 100, spoken=True),
            Field("latitude", N_("緯度"), 20, hint=N_("例: 35.681236")),
            Field("longitude", N_("経度"), 20, hint=N_("例: 139.767125")),
        ),
    ),
    Kind("stored", N_("作り込まれたメッセージ（文章だけ直す）")),
    Kind(
        "json",
        N_("JSON（詳しい方向け）"),
        (Field("json", N_("メッセージオブジェクト"), 0, spoken=True, widget=Widget.CODE),),
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
OFFERED = tuple(kind for kind in KINDS if kind.name != "stored")
