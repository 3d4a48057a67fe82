"""One message of every kind LINE takes, for the validation tests and the phone page."""

from tests.fakes.simulator import Json

PICTURE = "https://example.com/shop.jpg"
BUY: Json = {"type": "postback", "label": "購入する", "data": "buy=1", "displayText": "購入します"}
ASK: Json = {"type": "message", "label": "質問する", "text": "質問があります"}
OPEN: Json = {"type": "uri", "label": "お店を見る", "uri": "https://example.com/shop"}
DATE: Json = {
    "type": "datetimepicker",
    "label": "日を選ぶ",
    "data": "day",
    "mode": "date",
    "initial": "2026-07-01",
}

TEXT: Json = {"type": "text", "text": "こんにちは。\n新商品は https://example.com/new からどうぞ。"}
TEXT_V2: Json = {
    "type": "textV2",
    "text": "{hello} {who}さん、ようこそ",
    "substitution": {
        "hello": {"type": "emoji", "productId": "5ac1bfd5040ab15980c9b435", "emojiId": "001"},
        "who": {"type": "mention", "mentionee": {"type": "all"}},
    },
}
STICKER: Json = {"type": "sticker", "packageId": "446", "stickerId": "1988"}
IMAGE: Json = {"type": "image", "originalContentUrl": PICTURE, "previewImageUrl": PICTURE}
VIDEO: Json = {"type": "video", "originalContentUrl": "https://example.com/a.mp4", "previewImageUrl": PICTURE}
AUDIO: Json = {"type": "audio", "originalContentUrl": "https://example.com/a.m4a", "duration": 65000}
LOCATION: Json = {
    "type": "location", "title": "本店", "address": "東京都港区芝公園4-2-8", "latitude": 35.65, "longitude": 139.74,
}  # fmt: skip
IMAGEMAP: Json = {
    "type": "imagemap",
    "baseUrl": "https://example.com/map",
    "altText": "夏のセール",
    "baseSize": {"width": 1040, "height": 1040},
    "actions": [
        {
            "type": "uri",
            "linkUri": "https://example.com/l",
            "area": {"x": 0, "y": 0, "width": 520, "height": 1040},
        },
        {"type": "message", "text": "右", "area": {"x": 520, "y": 0, "width": 520, "height": 1040}},
    ],
}
BUTTONS: Json = {
    "type": "template",
    "altText": "ご案内",
    "template": {
        "type": "buttons",
        "thumbnailImageUrl": PICTURE,
        "title": "お茶の時間",
        "text": "深蒸し煎茶 100g 1,200円",
        "actions": [BUY, ASK, OPEN, DATE],
    },
}
CONFIRM: Json = {
    "type": "template",
    "altText": "確認",
    "template": {"type": "confirm", "text": "配信を受け取りますか。", "actions": [BUY, ASK]},
}
CAROUSEL: Json = {
    "type": "template",
    "altText": "おすすめ",
    "template": {
        "type": "carousel",
        "columns": [
            {"thumbnailImageUrl": PICTURE, "title": f"商品{n}", "text": "説明です", "actions": [BUY, OPEN]}
            for n in (1, 2, 3)
        ],
    },
}
IMAGE_CAROUSEL: Json = {
    "type": "template",
    "altText": "写真",
    "template": {
        "type": "image_carousel",
        "columns": [{"imageUrl": PICTURE, "action": {**OPEN, "label": "見る"}} for _ in range(3)],
    },
}
COUPON: Json = {"type": "coupon", "couponId": "01JYNW8JMQVFBNWF1APF8Z3FS7"}


def bubble(title: str = "深蒸し煎茶", size: str = "mega") -> Json:
    """A product card with every Flex component."""
    return {
        "type": "bubble",
        "size": size,
        "header": {
            "type": "box", "layout": "vertical", "backgroundColor": "#0B6E4F", "paddingAll": "lg",
            "contents": [{"type": "text", "text": "NEW", "color": "#FFFFFF", "weight": "bold", "size": "sm"}],
        },
        "hero": {"type": "image", "url": PICTURE, "size": "full", "aspectRatio": "20:13", "aspectMode": "cover", "action": OPEN},
        "body": {
            "type": "box", "layout": "vertical", "spacing": "md",
            "contents": [
                {"type": "text", "text": title, "weight": "bold", "size": "xl", "wrap": True},
                {
                    "type": "box", "layout": "baseline", "spacing": "sm",
                    "contents": [
                        {"type": "icon", "url": PICTURE, "size": "sm"},
                        {"type": "text", "text": "4.5", "size": "sm", "color": "#999999", "flex": 0, "margin": "md"},
                    ],
                },
                {"type": "separator", "margin": "lg"},
                {
                    "type": "box", "layout": "horizontal", "contents": [
                        {"type": "text", "text": "価格", "color": "#888888", "size": "sm", "flex": 2},
                        {"type": "text", "text": "1,200円", "align": "end", "weight": "bold", "flex": 5},
                    ],
                },
                {
                    "type": "text", "wrap": True, "size": "sm",
                    "contents": [
                        {"type": "span", "text": "期間限定 ", "color": "#D62828", "weight": "bold"},
                        {"type": "span", "text": "送料無料", "decoration": "underline"},
                    ],
                },
                {
                    "type": "box", "layout": "vertical", "cornerRadius": "md", "paddingAll": "md", "borderWidth": "light",
                    "borderColor": "#CCCCCC",
                    "background": {"type": "linearGradient", "angle": "90deg", "startColor": "#FFF4D6", "endColor": "#FFFFFF"},
                    "contents": [{"type": "text", "text": "友だち限定クーポン", "align": "center", "size": "sm"}],
                    "action": ASK,
                },
                {"type": "filler"},
            ],
        },
        "footer": {
            "type": "box", "layout": "vertical", "spacing": "sm",
            "contents": [
                {"type": "button", "style": "primary", "color": "#0B6E4F", "action": BUY},
                {"type": "button", "style": "secondary", "height": "sm", "action": ASK},
                {"type": "button", "style": "link", "height": "sm", "action": OPEN},
            ],
        },
        "styles": {"footer": {"separator": True}},
    }  # fmt: skip


FLEX: Json = {"type": "flex", "altText": "新商品", "contents": bubble()}
FLEX_CAROUSEL: Json = {
    "type": "flex",
    "altText": "おすすめ3点",
    "contents": {"type": "carousel", "contents": [bubble(f"商品{n}", "kilo") for n in (1, 2, 3)]},
}
WITH_QUICK_REPLIES: Json = {
    **TEXT,
    "text": "ご用件をお選びください",
    "quickReply": {"items": [{"type": "action", "action": action} for action in (ASK, BUY, DATE)]},
}
EVERY_KIND: dict[str, Json] = {
    "text": TEXT, "textV2": TEXT_V2, "sticker": STICKER, "image": IMAGE, "video": VIDEO, "audio": AUDIO,
    "location": LOCATION, "imagemap": IMAGEMAP, "buttons": BUTTONS, "confirm": CONFIRM, "carousel": CAROUSEL,
    "image_carousel": IMAGE_CAROUSEL, "flex": FLEX, "flex_carousel": FLEX_CAROUSEL, "coupon": COUPON,
    "quick_replies": WITH_QUICK_REPLIES,
}  # fmt: skip

RICH_MENU: Json = {
    "size": {"width": 2500, "height": 843},
    "selected": True,
    "name": "基本メニュー",
    "chatBarText": "メニュー",
    "areas": [
        {"bounds": {"x": 0, "y": 0, "width": 1250, "height": 843}, "action": ASK},
        {"bounds": {"x": 1250, "y": 0, "width": 1250, "height": 843}, "action": OPEN},
    ],
}
