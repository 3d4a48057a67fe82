"""Words for the seven growth stages and the reasons for standing on one, in Japanese and English."""

GROWTH_NAMES = {
    "purchaser": ("購入者", "Purchaser"),
    "customer": ("顧客", "Customer"),
    "enthusiast": ("熱心な顧客", "Keen customer"),
    "follower": ("フォロワー", "Follower"),
    "fan": ("ファン", "Fan"),
    "member": ("会員", "Member"),
    "evangelist": ("信者（伝道者）", "Evangelist"),
}

GROWTH_REASONS = {
    "not_bought": ("まだ購入がありません", "Has not bought yet"),
    "bought_first": ("最初の購入がありました（{at}）", "Made the first purchase ({at})"),
    "settled": (
        "{count}回購入し、くり返し購入する商品が{products}点あります",
        "Bought {count} times; products bought again and again: {products}",
    ),
    "bought_related": (
        "上位版商品や関連商品も購入しています（{count}点）",
        "Also bought upgrades or related products ({count})",
    ),
    "reacts": (
        "メッセージやタップが{count}回あり、最近も反応がありました（{at}）",
        "Wrote or tapped {count} times, and lately too ({at})",
    ),
    "brought_friends": ("お知り合いを{count}人紹介しました", "Brought in others ({count})"),
    "joined_events": ("イベントに{count}回参加しました", "Joined events ({count}×)"),
    "subscribes": (
        "定期購入が途切れずに続いています（{at}から）",
        "Keeps an unbroken subscription (since {at})",
    ),
    "owns_and_preaches": (
        "{products}点の商品を購入し、お知り合いを{count}人紹介しました",
        "Bought {products} different products and brought in others ({count})",
    ),
}
