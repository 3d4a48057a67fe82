"""Words for the customer classes and the purchase status, in Japanese and English."""

CLASS_NAMES = {
    "potential": ("潜在客", "Potential customer"),
    "lead": ("見込客", "Lead"),
    "new": ("新規顧客", "New customer"),
    "loyal": ("ロイヤルカスタマー", "Loyal customer"),
    "lapsed": ("離脱客", "Lapsed customer"),
}

CLASS_REASONS = {
    "on_record": ("お名前だけ登録されています", "On record only"),
    "registered": ("登録があり、まだ購入がありません", "In touch with us, has not bought yet"),
    "bought_once_or_more": ("購入がありました（{count}回）", "Bought ({count}×)"),
    "long_and_often": (
        "{at}から{count}回購入し、長くご愛顧いただいています",
        "Has bought {count} times since {at}",
    ),
    "class_lapsed": (
        "最後の購入（{at}）から購入の周期を大きく過ぎました",
        "Long past the purchase cycle since the last purchase ({at})",
    ),
}

STATUS_NAMES = {
    "active": ("購入の周期内", "Within the cycle"),
    "due": ("購入の時期", "Due"),
    "slipping": ("遅れ気味", "Slipping"),
    "lapsed": ("離脱", "Lapsed"),
}

STATUS_REASONS = {
    "no_cycle": ("まだ購入がありません", "Has not bought yet"),
    "within_cycle": ("次の購入の時期はまだ先です（前回{at}）", "Not expected to buy yet (last bought {at})"),
    "past_due": ("次の購入の時期になりました（前回{at}）", "Expected to buy by now (last bought {at})"),
    "past_slip": (
        "いつもなら購入している時期を過ぎています（前回{at}）",
        "Later than most gaps (last bought {at})",
    ),
    "past_lapse": (
        "前回の購入（{at}）から購入の周期を大きく過ぎました",
        "Long past the purchase cycle since the last purchase ({at})",
    ),
}
