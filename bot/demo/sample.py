"""The sample shop: a tea shop, its goods, its customers and what they bought. All of it is made up."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from segments.models import ProductKind
from segments.orders import NewItem, NewPurchase
from segments.shop import Shop
from segments.shop_values import FreeItem, Words

SHOP = Shop(
    name="みどり茶舗",
    basic_id="@kokyaku-sim",
    free_item=FreeItem(
        title=Words("おいしいお茶の淹れ方ガイド", "A guide to brewing good tea"),
        text=Words(
            "1. 茶葉は一人分でティースプーン2杯（約4g）\n2. お湯は70〜80℃に冷ましてから\n3. 1分待って、最後の一滴まで注ぎきる\n\nこの三つだけで、いつものお茶がぐっとおいしくなります。",
            "1. Two teaspoons of leaf (4 g) for one cup\n2. Let the water cool to 70–80 °C\n3. Wait a minute, then pour to the last drop\n\nThree small things that change your cup.",
        ),
    ),
    how_to_buy=Words(
        "店頭のほか、お電話でもご注文いただけます。営業時間は10時から19時（水曜定休）です。",
        "Visit the shop or order by phone, 10:00–19:00, closed on Wednesdays.",
    ),
    opening_hours=Words("10時〜19時（水曜定休）", "10:00–19:00, closed on Wednesdays"),
    closed_weekdays=(2,),
)

PRODUCTS: tuple[dict[str, Any], ...] = (
    {
        "code": "TRIAL-01",
        "name": "お試し3種セット",
        "name_en": "Trial set of three teas",
        "category": "煎茶",
        "price_yen": 980,
        "kind": ProductKind.TRIAL,
    },
    {
        "code": "SEN-100",
        "name": "煎茶「朝つゆ」100g",
        "name_en": "Sencha Asatsuyu 100 g",
        "category": "煎茶",
        "price_yen": 1_620,
    },
    {
        "code": "HOJ-150",
        "name": "ほうじ茶「炉端」150g",
        "name_en": "Hojicha Robata 150 g",
        "category": "ほうじ茶",
        "price_yen": 1_080,
    },
    {
        "code": "GEN-200",
        "name": "玄米茶「穂波」200g",
        "name_en": "Genmaicha Honami 200 g",
        "category": "玄米茶",
        "price_yen": 1_296,
    },
    {
        "code": "GYO-050",
        "name": "玉露「月影」50g",
        "name_en": "Gyokuro Tsukikage 50 g",
        "category": "玉露",
        "price_yen": 3_780,
        "kind": ProductKind.PREMIUM,
    },
)

NAMES = (
    "田中 さくら", "佐藤 健一", "鈴木 美咲", "高橋 大輔", "伊藤 ゆかり", "渡辺 直樹", "山本 あゆみ", "中村 拓也",
    "小林 恵子", "加藤 翔", "吉田 真由美", "山田 浩", "佐々木 結衣", "山口 誠", "松本 由美", "井上 隆",
    "木村 彩", "林 正雄", "斎藤 千尋", "清水 亮", "山崎 久美子", "森 拓海", "池田 裕子", "橋本 学",
    "Emily Carter", "石川 まなみ", "前田 修", "藤田 里奈", "岡田 剛", "後藤 陽子",
)  # fmt: skip


def history(number: int, friend_id: int, now: datetime) -> Iterator[NewPurchase]:
    """Yield the orders of the `number`-th sample friend within the year before `now`, oldest first.

    A fifth never bought, a fifth bought the trial set alone, the rest come back every 20 to 60 days.
    """
    chance = random.Random(number)  # noqa: S311 — sample data, the same at every start
    if number % 5 == 0:
        return
    first = now - timedelta(days=chance.uniform(20, 300))
    yield _order(friend_id, 0, first, "TRIAL-01", 980)
    if number % 5 == 1:
        return
    rhythm = chance.uniform(20, 60)
    goods = chance.choice([("SEN-100", 1_620), ("HOJ-150", 1_080), ("GEN-200", 1_296), ("GYO-050", 3_780)])
    at, count = first, 1
    while (at := at + timedelta(days=rhythm * chance.uniform(0.75, 1.3))) < now:
        yield _order(friend_id, count, at, *goods)
        count += 1


def _order(friend_id: int, count: int, at: datetime, code: str, yen: int) -> NewPurchase:
    return NewPurchase(
        order_id=f"SAMPLE-{friend_id:04d}-{count:02d}",
        bought_at=at,
        amount_yen=yen,
        items=(NewItem(code, 1, yen),),
        friend_id=friend_id,
    )
